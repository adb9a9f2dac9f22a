"""A bundle: a folder with a model, everything needed to use it, and a manifest that vouches for each file.

    model.keras       the network, core Keras layers, no optimiser state
    preprocess.json   from a face crop to the network's input; `{}` for a head on features
    labels.json       names of the outputs
    manifest.json     SHA-256 and size of each file, versions, `synthetic`, lineage

Keras is imported only where a model is written or read: manifests are read on every start.
"""

import hashlib
import json
import platform
import shutil
import tempfile
import zipfile
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from transferpain.errors import UserError
from transferpain.store import file_hash, read_json, write_json

if TYPE_CHECKING:
    import keras

FORMAT = 1
MANIFEST = "manifest.json"
FILES = ("model.keras", "preprocess.json", "labels.json")
VERSIONED = ("keras", "tensorflow", "numpy")
ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Bundle:
    """A verified bundle, read into memory.

    Attributes:
        model: uncompiled, float32.
        preprocessing: the content of `preprocess.json`.
        labels: names of the outputs.
        manifest: the content of `manifest.json`.
    """

    model: "keras.Model"
    preprocessing: dict
    labels: tuple[str, ...]
    manifest: dict


def save_bundle(folder: Path, model: "keras.Model", preprocessing: dict, labels: tuple[str, ...], facts: dict) -> str:
    """Write a bundle; `folder` appears under its name when it is complete, and replaces an older one.

    The same model and facts give the same bytes, whenever they are saved.

    Args:
        model: float32; its optimiser is left out.
        preprocessing: JSON types, e.g. `Preprocessing.model_dump()`; `{}` for a head on features.
        labels: names of the outputs, as many as the model has.
        facts: what else the manifest states, JSON types; `synthetic` (bool) must be among them, the parent's
            manifest hash belongs there.

    Returns:
        The manifest's hash, which names the bundle in the lineage of its children.

    Raises:
        ValueError: if `facts` does not say whether the model is synthetic, or labels and outputs differ.
    """
    if not isinstance(facts.get("synthetic"), bool):
        raise ValueError("the facts of a bundle must say `synthetic`: True or False")
    if model.output_shape[-1] != len(labels):
        raise ValueError(f"the model has {model.output_shape[-1]} outputs, but there are {len(labels)} labels")
    folder.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".partial-"))
    try:
        _save_model(temporary / "model.keras", model)
        write_json(temporary / "preprocess.json", preprocessing)
        write_json(temporary / "labels.json", list(labels))
        manifest = facts | {
            "format": FORMAT,
            "files": {name: _facts_of_file(temporary / name) for name in FILES},
            "weights_hash": weights_hash(model),
            "versions": {"python": platform.python_version()} | {name: version(name) for name in VERSIONED},
        }
        write_json(temporary / MANIFEST, manifest)
        temporary.chmod(0o755)
        _replace_folder(folder, temporary)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return manifest_hash(folder)


def manifest_hash(folder: Path) -> str:
    """Return the SHA-256 of a bundle's manifest, which names the bundle and everything in it."""
    return file_hash(folder / MANIFEST)


def read_manifest(folder: Path) -> dict:
    """Read a bundle's manifest and verify size and SHA-256 of every file that it lists.

    Raises:
        UserError: if there is no manifest, or a file is missing or differs.
    """
    try:
        manifest = read_json(folder / MANIFEST)
        files = manifest["files"]
        complete = set(FILES) <= set(files) and isinstance(manifest["synthetic"], bool)
    except (OSError, json.JSONDecodeError, UnicodeDecodeError, KeyError, TypeError) as error:
        raise _not_a_bundle(folder, error) from error
    if not complete:
        raise _not_a_bundle(folder, "an incomplete manifest")
    for name, facts in files.items():
        if Path(name).name != name:
            raise _not_a_bundle(folder, f"a file name that leaves the folder: {name}")
        file = folder / name
        received = _facts_of_file(file) if file.is_file() else "no such file"
        if received != facts:
            raise UserError(
                f"The bundle {folder} is damaged: {name} is not the file that was saved.",
                rule=f"Its manifest states {facts}.",
                received=received,
                todo="Get the bundle again, or train the model again.",
            )
    return manifest


def read_bundle(folder: Path) -> Bundle:
    """Verify and read a bundle.

    Raises:
        UserError: as `read_manifest`; or if Keras refuses the model.
    """
    import keras

    manifest = read_manifest(folder)
    try:
        model = keras.models.load_model(folder / "model.keras", compile=False, safe_mode=True)
    except (ValueError, TypeError, KeyError, OSError) as error:
        raise UserError(
            f"Keras cannot load {folder / 'model.keras'}.",
            rule="A model consists of core Keras layers.",
            received=str(error).splitlines()[0],
            todo="Check where the bundle comes from.",
        ) from error
    labels = tuple(json.loads((folder / "labels.json").read_text(encoding="utf-8")))
    return Bundle(model, read_json(folder / "preprocess.json"), labels, manifest)


def weights_hash(model: "keras.Model") -> str:
    """Return the SHA-256 over layer, name, shape and float32 bytes of all weights, in the order of the layers.

    It names the weights, not the file, which changes with the version of Keras.
    """
    digest = hashlib.sha256()
    for layer in model.layers:
        for variable, values in zip(layer.weights, layer.get_weights(), strict=True):
            digest.update(f"{layer.name}/{variable.name}{values.shape}".encode())
            digest.update(np.ascontiguousarray(values, dtype="<f4").tobytes())
    return digest.hexdigest()


def _save_model(path: Path, model: "keras.Model") -> None:
    """Save the bare network: a model over the same layers knows no optimiser; times are taken out of the archive."""
    import keras

    keras.Model(model.input, model.output, name=model.name).save(path)
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in sorted(archive.namelist())}
    metadata = json.loads(members["metadata.json"])
    members["metadata.json"] = json.dumps({"keras_version": metadata["keras_version"]}).encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name, ZIP_EPOCH), content)


def _facts_of_file(path: Path) -> dict:
    return {"sha256": file_hash(path), "size": path.stat().st_size}


def _replace_folder(folder: Path, new: Path) -> None:
    """Move `new` to `folder`; an older folder goes only when the new one is complete."""
    if not folder.exists():
        new.replace(folder)
        return
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".replaced-") as attic:
        folder.replace(Path(attic) / folder.name)
        new.replace(folder)


def _not_a_bundle(folder: Path, received: object) -> UserError:
    return UserError(
        f"{folder} is not a bundle.",
        rule=f"A bundle is a folder with {MANIFEST}, {', '.join(FILES)}.",
        received=received,
        todo="Name the folder that `transferpain` wrote: runs/<name>-<hash>/folds/<fold>/model or weights/<name>.",
    )
