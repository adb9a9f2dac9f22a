"""A bundle: a folder with a model, everything needed to use it, and a manifest that vouches for each file.

    model.keras       the network, core Keras layers, no optimiser state: one that reads pictures takes RGB pixels 0 to
                      255 (see scaling.py); or what sklearn_bundle.py writes in its place
    preprocess.json   how a face is cut out of a picture, and how the network scales its pixels
    labels.json       names of the outputs
    probe.npz         inputs and what the network answered, see probe.py
    experiment.yaml   the experiment that trained it, with every default filled in
    metrics.json      the scores of its run, and the hash of the predictions that they are derived from
    training.json     how it was trained, epoch by epoch; recipes.json: what else was tried (see training_log.py)
    parts/*.skops     models of scikit-learn (see sklearn_part.py)
    parts/head.json   trees of XGBoost, in the place of a network (see xgboost_part.py)
    README.md         the model card
    manifest.json     see manifest.py

The first three are written with every fold, recipes.json when a model is shipped, parts where a method has any, the
rest when the run is finished. A bundle of the former layout, whose network reads scaled pictures, gets the layer when
it is read, and when it is rewritten. Keras is imported only where a model is written or read.
"""

import hashlib
import io
import json
import platform
import re
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from transferpain.core.errors import UserError
from transferpain.core.foreign import border, parse_json
from transferpain.core.store import move_folder, sync_folder, sync_tree, temporary_folder, write_json
from transferpain.models.bundles.guard import Refused, check_config, check_model
from transferpain.models.bundles.manifest import (
    NETWORK,
    SCALED_OUTSIDE,
    Contents,
    answers_by,
    facts_of,
    facts_of_file,
    manifest_hash,
    not_a_bundle,
    opened,
    read_contents,
    read_listed,
    write_manifest,
)
from transferpain.models.bundles.scaling import (
    CONFIG,
    change_config,
    check_scaling,
    stored,
    with_scaling,
    without_scaling,
)

if TYPE_CHECKING:
    import keras

VERSIONED = ("transferpain", "keras", "tensorflow", "numpy")
HALF_LETTER = re.compile("[\ud800-\udfff]")  # no answer can hold it, and no terminal shows it
GET_AGAIN = "Get the bundle again."


@dataclass(frozen=True)
class Bundle:
    """A verified bundle, read into memory.

    Attributes:
        model: a Keras model, uncompiled, float32, which takes pictures as RGB pixels 0 to 255; or what
            `sklearn_bundle.read_head` reads.
        preprocessing: the content of `preprocess.json`.
        labels: names of the outputs.
        manifest: the content of `manifest.json`.
        digest: the SHA-256 of that file.
    """

    model: Any
    preprocessing: dict
    labels: tuple[str, ...]
    manifest: dict
    digest: str


def save_bundle(folder: Path, model: "keras.Model", preprocessing: dict, labels: tuple[str, ...], facts: dict) -> str:
    """Write a bundle; `folder` appears under its name when it is complete, and replaces an older one.

    The same model and facts give the same bytes, whenever and in whichever process they are saved.

    Args:
        model: float32; its optimiser is left out. One that reads pictures takes them scaled, as it was trained; the
            layer that scales them is put before it.
        preprocessing: JSON types, e.g. `Preprocessing.model_dump()`; `{}` where nothing is known of pictures.
        labels: names of the outputs, as many as the model has.
        facts: what else the manifest states, JSON types; `synthetic` (bool) must be among them, the parents'
            digests belong there.

    Returns:
        The bundle's digest, which names it in the lineage of its children.

    Raises:
        ValueError: if `facts` does not say whether the model is synthetic, labels and outputs differ, or the model
            holds anything that `guard` would refuse.
    """
    check_facts(facts)
    if model.output_shape[-1] != len(labels):
        raise ValueError(f"the model has {model.output_shape[-1]} outputs, but there are {len(labels)} labels")
    stated = {"weights_hash": weights_hash(model)} | _embedding_fact(model)
    versions = {"python": platform.python_version()} | {name: version(name) for name in VERSIONED}

    def write(temporary: Path) -> None:
        _save_model(temporary / NETWORK, model, preprocessing.get("scaling"))
        write_json(temporary / "preprocess.json", preprocessing)
        write_json(temporary / "labels.json", list(labels))
        write_manifest(temporary, facts | stated | {"versions": versions})

    return write_bundle_folder(folder, write)


def check_facts(facts: dict) -> None:
    """Raise `ValueError` if the facts of a bundle do not say whether the model is synthetic."""
    if not isinstance(facts.get("synthetic"), bool):
        raise ValueError("the facts of a bundle must say `synthetic`: True or False")


def extend_bundle(source: Path, folder: Path, files: dict[str, bytes], facts: dict) -> str:
    """Copy a verified bundle to `folder` with more in it; `source` stays as it is.

    What is written is of this layout, whichever `source` is of; then the digest that it had is its `original`.

    Args:
        files: name -> content of what is added or replaced.
        facts: what the manifest states in addition, JSON types.

    Returns:
        The digest of the new bundle.

    Raises:
        UserError: as `read_contents`, `pixel_network` and `copy_listed`.
    """
    contents = read_contents(source)
    manifest, upgraded = contents.manifest, contents.manifest["format"] == SCALED_OUTSIDE
    former = {"original": contents.digest} if upgraded else {}

    def write(temporary: Path) -> None:
        copy_listed(source, temporary, manifest)
        if upgraded and NETWORK in contents.files:
            (temporary / NETWORK).write_bytes(pixel_network(contents, read_settings(contents)[0]))
        for name, content in files.items():
            (temporary / name).parent.mkdir(exist_ok=True)
            (temporary / name).write_bytes(content)
        write_manifest(temporary, facts_of(manifest) | former | facts)

    return write_bundle_folder(folder, write)


def copy_listed(source: Path, folder: Path, manifest: dict) -> None:
    """Copy the files that a manifest lists, and nothing but them.

    Raises:
        UserError: if a file, or its copy, is not what the manifest states.
    """
    for name, facts in manifest["files"].items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(read_listed(source, manifest, name))
        if (received := facts_of_file(folder / name)) != facts:
            raise UserError(
                f"The copy of {source / name} is damaged.",
                rule=f"The manifest states {facts}.",
                received=received,
                todo="Check the disk, then give the command again.",
            )


def write_bundle_folder(folder: Path, write: Callable[[Path], object]) -> str:
    """Let `write` fill a temporary folder and rename it to `folder`; return the bundle's digest.

    An older folder goes only when the new one is complete and on the disk; a failure leaves nothing behind.
    """
    with temporary_folder(folder.parent) as temporary:
        write(temporary)
        _replace_folder(folder, temporary)
    return manifest_hash(folder)


def read_bundle(place: Path | Contents, scaled: bool = False) -> Bundle:
    """Verify and read a bundle; its network is built of the bytes that were checked.

    Args:
        place: its folder, or what was read of it.
        scaled: whether the network is wanted as it was trained, on scaled pictures: to train it further, or to make
            features by it.

    Raises:
        UserError: as `read_contents`, `check_model` and `read_settings`; or if no network is in it, Keras cannot load
            the model, or the parts of the bundle do not fit each other.
    """
    contents = opened(place)
    folder, manifest = contents.folder, contents.manifest
    if answers_by(manifest) != NETWORK:
        raise UserError(
            f"{folder} holds no network.",
            rule="Pictures are read, and features made, by a Keras model.",
            received=f"a head without one, {answers_by(manifest)}",
            todo="Name the model of a run that trained a network.",
        )
    preprocessing, labels = read_settings(contents)
    check_fits(check_model(contents.files[NETWORK], folder / NETWORK), preprocessing, folder)
    content = pixel_network(contents, preprocessing)
    if scaled:
        content = change_config(content, without_scaling)
    # The public reader takes a path, behind which another file may stand by now.
    from keras.src.saving.saving_lib import load_model

    with border(
        f"Keras cannot load {folder / NETWORK}.",
        rule="A model consists of core Keras layers.",
        todo="Check where the bundle comes from.",
    ):
        model = load_model(io.BytesIO(content), compile=False, safe_mode=True)
        outputs, received = model.output_shape[-1], weights_hash(model)
    if len(labels) != outputs:
        raise not_a_bundle(folder, f"labels {list(labels)} for {outputs} outputs")
    # Features are cached under this hash: a false one would pass other weights' features off as this model's.
    if received != manifest["weights_hash"]:
        raise not_a_bundle(folder, "a manifest whose weights_hash is not that of the weights")
    check_weights(model, folder)
    return Bundle(model, preprocessing, labels, manifest, contents.digest)


def pixel_network(contents: Contents, preprocessing: dict) -> bytes:
    """Return the `model.keras` of a bundle whose network was checked: if it reads pictures, it takes pixels.

    Args:
        preprocessing: the content of its `preprocess.json`.

    Raises:
        UserError: if the network does not begin with the scaling that is stated; in the former layout, if it begins
            with any.
    """
    content, scaling = contents.files[NETWORK], preprocessing.get("scaling")
    if scaling is None:
        return content
    with border(
        f"The network in {contents.folder} takes other pictures than are stated.",
        rule="It takes RGB pixels 0 to 255, and scales them as its preprocess.json says.",
        todo=GET_AGAIN,
    ):
        if contents.manifest["format"] == SCALED_OUTSIDE:
            return change_config(content, lambda config: with_scaling(config, scaling))
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            check_scaling(json.loads(archive.read(CONFIG)), scaling)
    return content


def check_fits(shapes: list[tuple[int | None, ...]], preprocessing: dict, folder: Path) -> None:
    """Refuse a bundle whose pictures are prepared for another network.

    Args:
        shapes: of the network's inputs, without rows: of pictures `(side, side, 3)`, or `(frames, side, side, 3)`.
        preprocessing: the content of its `preprocess.json`.
    """
    side = preprocessing.get("size")
    wrong = [shape for shape in shapes if side is not None and len(shape) >= 3 and shape[-3:] != (side, side, 3)]
    if wrong:
        raise not_a_bundle(folder, f"pictures of size {side!s:.20} for a network that reads {wrong[0]}")


def check_weights(model: "keras.Model", folder: Path) -> None:
    """Refuse a network that cannot answer: its weights are no numbers, as those of a training that diverged.

    Raises:
        UserError: if a weight is NaN or infinite.
    """
    for layer in model.layers:
        if not all(np.isfinite(values).all() for values in layer.get_weights()):
            raise UserError(
                f"The model in {folder} cannot answer.",
                rule="Its weights are finite numbers.",
                received=f"NaN or infinite weights in the layer {layer.name}",
                todo="Train it again, with a lower training.learning_rate.",
            )


def read_settings(contents: Contents) -> tuple[dict, tuple[str, ...]]:
    """Return the content of `preprocess.json`, and the names in `labels.json`.

    Raises:
        UserError: if they are not a mapping, and a list of different names.
    """
    read = {}
    for name in ("labels.json", "preprocess.json"):
        with border(
            f"{contents.folder} is not a bundle: {name} cannot be read.", rule="It is a JSON text.", todo=GET_AGAIN
        ):
            read[name] = parse_json(contents.files[name])
    labels, preprocessing = read.values()
    named = isinstance(labels, list) and all(isinstance(one, str) and not HALF_LETTER.search(one) for one in labels)
    if not named or len(set(labels)) != len(labels) or not isinstance(preprocessing, dict):
        raise not_a_bundle(contents.folder, f"labels {labels!s:.100}, preprocessing {preprocessing!s:.100}")
    return preprocessing, tuple(labels)


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


def _embedding_fact(model: "keras.Model") -> dict[str, int]:
    """Return the manifest's `embedding_size` of a model that has a layer `embedding`."""
    sizes = [layer.output.shape[-1] for layer in model.layers if layer.name == "embedding"]
    return {"embedding_size": sizes[0]} if sizes else {}


def _save_model(path: Path, model: "keras.Model", scaling: str | None) -> None:
    """Save the bare network, for pixels if a scaling is given: a model over the same layers knows no optimiser.

    The time of saving, and numbers that differ from process to process, are taken out of the archive.
    """
    import keras

    keras.Model(model.input, model.output, name=model.name).save(path)
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in sorted(archive.namelist())}
    config = _number_shared_objects(json.loads(members[CONFIG]), {})
    try:
        check_config(config)
        if scaling is not None:
            config = with_scaling(config, scaling)
    except Refused as reason:
        raise ValueError(f"no bundle can hold {reason}; extend the lists in models/bundles/guard.py") from reason
    members[CONFIG] = json.dumps(config).encode()
    metadata = json.loads(members["metadata.json"])
    members["metadata.json"] = json.dumps({"keras_version": metadata["keras_version"]}).encode()
    path.write_bytes(stored(members))


def _number_shared_objects(part, numbers: dict[int, int]):
    """Replace the memory addresses by which Keras tells shared objects apart by 0, 1, ... in their order."""
    if isinstance(part, list):
        return [_number_shared_objects(element, numbers) for element in part]
    if not isinstance(part, dict):
        return part
    return {
        key: numbers.setdefault(value, len(numbers))
        if key == "shared_object_id"
        else _number_shared_objects(value, numbers)
        for key, value in part.items()
    }


def _replace_folder(folder: Path, new: Path) -> None:
    """Move `new` to `folder`; an older folder goes only when the new one is complete and on the disk."""
    if not folder.exists():
        move_folder(new, folder)
        return
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".replaced-") as attic:
        sync_tree(new)
        folder.replace(Path(attic) / folder.name)
        new.replace(folder)
        sync_folder(folder.parent)
