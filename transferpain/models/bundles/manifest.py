"""The manifest of a bundle: what each file is, where the model comes from, and on whose data it was trained.

`manifest.json` is `facts` (JSON types) and
    format     the layout of bundles, 3; 2, in which a network read scaled pictures, is read as well (`bundle.py`)
    files      file -> SHA-256 and size, of every other file in the folder
    checksum   SHA-256 of all the rest of the manifest, so that damage to the manifest itself shows
The SHA-256 of the file `manifest.json` is the bundle's digest: it names the bundle and everything in it.

What is used of a bundle is read from the disk once, checked, and used from memory (`Contents`): whoever may write to
the folder cannot swap a file between the check and its use.

No Keras here: manifests are read on every start.
"""

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from transferpain.core.errors import UserError
from transferpain.core.faults import meaning
from transferpain.core.foreign import parse_json, read_plain, reason_of
from transferpain.core.store import file_hash, write_json
from transferpain.models.bundles.terms import Terms

FORMAT = 3
SCALED_OUTSIDE = 2  # the former layout: the network of such a bundle reads scaled pictures
MANIFEST = "manifest.json"
WITHOUT_MANIFEST = f"a folder without {MANIFEST}"
NETWORK = "model.keras"
HEAD = "parts/head.skops"
TREES = "parts/head.json"
HEADS = (HEAD, TREES)  # answer in the place of a network
REQUIRED = (NETWORK, "preprocess.json", "labels.json")
# What a finished run adds, where a network answers (`needed`); every one of them is needed before a model is passed on.
COMPLETE = (*REQUIRED, "probe.npz", "experiment.yaml", "metrics.json", "README.md")
# How the model came to be, see training_log.py.
OPTIONAL = ("training.json", "recipes.json")
# Models of scikit-learn, see sklearn_part.py.
PART_PATTERN = r"parts/[a-z0-9][a-z0-9-]*\.skops"
DIGEST_PATTERN = r"^[0-9a-f]{64}$"
# Far above any model here (our choice).
LARGEST_BYTES = 2 << 30  # all files together
LARGEST_BESIDE = 64 << 20  # any of them but the network and the parts
LARGEST_MANIFEST = 1 << 20
MOST_FILES = 64

Digest = Annotated[str, Field(pattern=DIGEST_PATTERN)]


class FileFacts(BaseModel):
    """SHA-256 and size in bytes of a file."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    sha256: Digest
    size: int = Field(ge=0)


class Manifest(BaseModel):
    """What a manifest must be like; it may state more.

    Attributes:
        answers: the file whose answer is the model's; with a head, there is no network.
        synthetic: whether synthetic faces took part in the training, here or in a parent.
        synthetic_faces: what they are called, where any of them are not drawn by us.
        weights_hash: names the weights, see `bundle.weights_hash`; of a head without one the SHA-256 of its file.
        embedding_size: features that the model's layer `embedding` gives of an image, D; `None` if it has no such
            layer, or was saved when every backbone gave equally many.
        versions: package -> version that wrote the bundle.
        parents: digests of the bundles that it descends from, the nearest first.
        terms: of each dataset that it or a parent was trained on; `None` if unknown.
        permission: who allowed a restricted model to be passed on; empty if nobody did.
        original: the digest before a permission was recorded, or before it was shipped.
    """

    model_config = ConfigDict(frozen=True, extra="allow", strict=True)

    format: Literal[SCALED_OUTSIDE, FORMAT]
    checksum: Digest
    files: dict[str, FileFacts]
    answers: Literal["model.keras", "parts/head.skops", "parts/head.json"] = NETWORK
    synthetic: bool
    synthetic_faces: list[str] = []
    weights_hash: Digest
    embedding_size: int | None = Field(None, ge=1)
    versions: dict[str, str]
    experiment: str = ""
    parents: list[Digest] = []
    terms: list[Terms] | None = None
    permission: str = ""
    original: Digest | None = None


def write_manifest(folder: Path, facts: dict) -> str:
    """Write the manifest of the files in `folder` and return its digest.

    Args:
        facts: JSON types; the same facts and files give the same bytes.
    """
    files = {name: facts_of_file(folder / name) for name in files_in(folder) if name != MANIFEST}
    manifest = facts | {"format": FORMAT, "files": files}
    write_json(folder / MANIFEST, manifest | {"checksum": checksum(manifest)})
    return manifest_hash(folder)


def manifest_hash(folder: Path) -> str:
    """Return a bundle's digest: the SHA-256 of its manifest."""
    return file_hash(folder / MANIFEST)


def files_in(folder: Path) -> list[str]:
    """Return what stands in a bundle's folder, sorted: `model.keras`, `parts/scaler.skops`, and links and folders.

    No folder but `parts` is looked into: it is none of a bundle's, and may hold anything.
    """
    parts = folder / "parts"
    paths = [path for path in folder.iterdir() if path != parts or not parts.is_dir() or parts.is_symlink()]
    paths += parts.iterdir() if parts.is_dir() and not parts.is_symlink() else ()
    return sorted(path.relative_to(folder).as_posix() for path in paths)


def may_hold(name: str) -> bool:
    """Tell whether a bundle may hold a file of this name beside its manifest."""
    return name in (*COMPLETE, *OPTIONAL, TREES) or re.fullmatch(PART_PATTERN, name) is not None


def answers_by(manifest: dict) -> str:
    """Return the file whose answer is the model's: `NETWORK`, or one of `HEADS`."""
    return manifest.get("answers", NETWORK)


def needed(manifest: dict, names: tuple[str, ...]) -> list[str]:
    """Return which files a bundle must have: `REQUIRED` or `COMPLETE`, with what answers in the network's place."""
    return [answers_by(manifest) if name == NETWORK else name for name in names]


def facts_of(manifest: dict) -> dict:
    """Return what a manifest states beyond the files in the folder."""
    return {key: value for key, value in manifest.items() if key not in ("format", "files", "checksum")}


def load_manifest(folder: Path) -> dict:
    """Read a bundle's manifest, without a look at the files that it lists.

    Raises:
        UserError: if there is none, or it is damaged or incomplete.
    """
    return load_stated(folder)[0]


def load_stated(folder: Path) -> tuple[dict, str]:
    """Return a bundle's manifest and digest, of one reading; as `load_manifest`."""
    try:
        content = read_plain(folder / MANIFEST, LARGEST_MANIFEST)
        manifest = parse_json(content)
    except FileNotFoundError as error:
        raise not_a_bundle(folder, WITHOUT_MANIFEST) from error
    except (OSError, ValueError) as error:
        raise not_a_bundle(folder, reason_of(error)) from error
    if not isinstance(manifest, dict):
        raise not_a_bundle(folder, f"a manifest that is a {type(manifest).__name__}")
    try:
        stated = Manifest.model_validate(manifest)
    except ValidationError as error:
        fault = error.errors()[0]
        key = ".".join(map(str, fault["loc"]))
        raise not_a_bundle(folder, f"a manifest whose `{key}` is wrong: {meaning(fault)}") from error
    if stated.checksum != checksum(manifest):
        raise UserError(
            f"The bundle {folder} is damaged: {MANIFEST} is not the file that was saved.",
            rule="Its `checksum` is the SHA-256 of everything else in it.",
            received=f"checksum {stated.checksum}, contents {checksum(manifest)}",
            todo="Get the bundle again, or train the model again.",
        )
    answering = {name for name in (NETWORK, TREES) if name in stated.files}
    two_answers = bool(answering - {stated.answers})
    if two_answers or not set(needed(manifest, REQUIRED)) <= set(stated.files) or not all(map(may_hold, stated.files)):
        raise not_a_bundle(folder, f"a manifest of {', '.join(stated.files)}")
    size = sum(facts.size for facts in stated.files.values())
    if len(stated.files) > MOST_FILES or size > LARGEST_BYTES:
        raise not_a_bundle(
            folder, f"{len(stated.files)} files of {size} bytes; at most {MOST_FILES} files and {LARGEST_BYTES} bytes"
        )
    for name, facts in stated.files.items():
        if name != NETWORK and not re.fullmatch(PART_PATTERN, name) and facts.size > LARGEST_BESIDE:
            raise not_a_bundle(folder, f"{name} of {facts.size} bytes; it has at most {LARGEST_BESIDE}")
    return manifest, hashlib.sha256(content).hexdigest()


@dataclass(frozen=True, repr=False)
class Contents:
    """A bundle as it was read once: every file is what its manifest states.

    Attributes:
        folder: where it stood.
        manifest: the content of `manifest.json`.
        digest: the SHA-256 of that file.
        files: name -> bytes, of every other file.
    """

    folder: Path
    manifest: dict
    digest: str
    files: dict[str, bytes]


def read_manifest(folder: Path) -> dict:
    """Read a bundle's manifest and verify size and SHA-256 of every file in the folder.

    Raises:
        UserError: as `load_manifest`; or if a file is missing, differs, or does not belong to the bundle.
    """
    return read_contents(folder).manifest


def read_contents(folder: Path, wanted: str | None = None) -> Contents:
    """Read a bundle into memory, and verify size and SHA-256 of every file in the folder.

    Args:
        wanted: the digest that it must have; `None` takes any.

    Raises:
        UserError: as `read_manifest` and `check_digest`.
    """
    manifest, digest = load_stated(folder)
    refuse_another(folder, digest, wanted)
    files = {name: read_listed(folder, manifest, name) for name in manifest["files"]}
    unknown = [name for name in files_in(folder) if name not in (*manifest["files"], MANIFEST)]
    if unknown:
        raise UserError(
            f"The bundle {folder} is refused: it holds a file that its manifest does not list.",
            rule="Nothing that the manifest does not vouch for may travel with a model.",
            received=", ".join(unknown),
            todo="Remove it, or get the bundle again.",
        )
    return Contents(folder, manifest, digest, files)


def opened(place: Path | Contents) -> Contents:
    """Return what stands in a bundle: of its folder, or as it was read before. Raises as `read_contents`."""
    return place if isinstance(place, Contents) else read_contents(place)


def read_listed(folder: Path, manifest: dict, name: str) -> bytes:
    """Read one file of a bundle.

    Raises:
        UserError: if it is missing, is no plain file, or is not what the manifest states.
    """
    facts = manifest["files"][name]
    if (folder / name).is_symlink():
        raise UserError(
            f"The bundle {folder} is refused: {name} is a link.",
            rule="A bundle consists of plain files.",
            todo="Get the bundle again.",
        )
    try:
        content = read_plain(folder / name, facts["size"])
        received = {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}
    except FileNotFoundError:
        received = "no such file"
    except (OSError, ValueError) as error:
        received = reason_of(error)
    if received != facts:
        raise UserError(
            f"The bundle {folder} is damaged: {name} is not the file that was saved.",
            rule=f"Its manifest states {facts}.",
            received=received,
            todo="Get the bundle again, or train the model again.",
        )
    return content


def read_complete(folder: Path) -> dict:
    """Read and verify the manifest of a model that can be passed on: with card, scores and probe.

    Raises:
        UserError: as `read_manifest`; or if a file is missing that such a model has.
    """
    return read_complete_contents(folder).manifest


def read_complete_contents(folder: Path, digest: str | None = None) -> Contents:
    """Read a model that can be passed on into memory; as `read_complete` and `read_contents`."""
    contents = read_contents(folder, digest)
    wanted = needed(contents.manifest, COMPLETE)
    missing = [name for name in wanted if name not in contents.files]
    if missing:
        raise UserError(
            f"{folder} is not complete.",
            rule=f"A model that is passed on has {', '.join(wanted)}.",
            received=f"without {', '.join(missing)}",
            todo="Name the model of a finished run: runs/<name>-<hash>/model.",
        )
    return contents


def check_digest(folder: Path, wanted: str | None) -> str:
    """Return a bundle's digest; refuse another one than `wanted`.

    Hashes inside a bundle prove that it is whole, not where it comes from: a pinned digest does.

    Raises:
        UserError: if `wanted` is given and differs.
    """
    digest = manifest_hash(folder)
    refuse_another(folder, digest, wanted)
    return digest


def refuse_another(folder: Path, digest: str, wanted: str | None) -> None:
    """Raise `UserError` if a digest is wanted and another one was received."""
    if wanted is not None and digest != wanted:
        raise UserError(
            f"{folder} is another bundle than the one that is asked for.",
            rule=f"Its manifest must have the SHA-256 {wanted}.",
            received=digest,
            todo="Get the right bundle, or correct the digest if you trust this one.",
        )


def split_digest(address: str) -> tuple[str, str | None]:
    """Split `place#sha256=<digest>` into place and digest; the digest is `None` where none is pinned.

    Raises:
        UserError: if what follows the `#` is not `sha256=` and 64 hexadecimal digits.
    """
    place, mark, pin = address.partition("#")
    if not mark:
        return place, None
    digest = pin.removeprefix("sha256=")
    if not pin.startswith("sha256=") or not re.match(DIGEST_PATTERN, digest):
        raise UserError(
            "The digest of a model could not be read.",
            rule="It is written <place>#sha256=<64 hexadecimal digits, the SHA-256 of manifest.json>.",
            received=address,
            todo="`transferpain models verify FOLDER` shows the digest of a model.",
        )
    return place, digest


def facts_of_file(path: Path) -> dict:
    """Return SHA-256 and size of a file as the manifest holds them."""
    return {"sha256": file_hash(path), "size": path.stat().st_size}


def checksum(manifest: dict) -> str:
    """Return the SHA-256 of a manifest without its `checksum`, as canonical JSON."""
    rest = {key: value for key, value in manifest.items() if key != "checksum"}
    return hashlib.sha256(json.dumps(rest, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def not_a_bundle(folder: Path, received: object) -> UserError:
    """Return the error for a folder that no manifest makes a bundle."""
    return UserError(
        f"{folder} is not a bundle.",
        rule=f"A bundle is a folder with {MANIFEST}, {', '.join(REQUIRED)}, as this version writes them.",
        received=received,
        todo="Name the folder of a model: runs/<name>-<hash>/model or weights/<name>.",
    )
