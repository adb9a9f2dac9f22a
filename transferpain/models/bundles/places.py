"""Where models come from and go to: a folder, a zip, HTTP(S), Hugging Face.

Nothing is half imported: a model is fetched into a temporary folder, verified, checked, and only then renamed.
"""

import re
import tempfile
import urllib.request
from pathlib import Path

from transferpain.core.errors import UserError
from transferpain.core.foreign import border, parse_json, read_plain
from transferpain.core.optional import require
from transferpain.core.progress import note
from transferpain.core.store import move_folder, temporary_folder
from transferpain.core.transfer import keep_authorization, save
from transferpain.models.bundles.archive import unpack_archive, write_archive
from transferpain.models.bundles.bundle import copy_listed, extend_bundle, write_bundle_folder
from transferpain.models.bundles.card import render_card
from transferpain.models.bundles.download import download
from transferpain.models.bundles.manifest import (
    FORMAT,
    LARGEST_MANIFEST,
    MANIFEST,
    load_manifest,
    manifest_hash,
    read_complete,
    read_complete_contents,
    split_digest,
)
from transferpain.models.bundles.terms import check_may_be_shared
from transferpain.models.bundles.training_log import read_log
from transferpain.models.bundles.verify import check_contents

WEB = ("http://", "https://")
HUB = "hf://"
HUB_ADDRESS = re.compile(r"hf://([\w.-]+/[\w.-]+)(?:@(\w[\w./-]*))?")
COMMIT = re.compile(r"[0-9a-f]{40}")
NAME = re.compile(r"[a-z0-9][a-z0-9-]*")


def fetch_model(address: str, folder: Path | None, workspace: Path) -> Path:
    """Bring a shared model here: fetch, verify and check it, and give it its name.

    Args:
        address: a place, with `#sha256=<digest>` where its origin is to be proved.
        folder: where it is to stand; `None` is `weights/<experiment>` of the workspace.
        workspace: interrupted transfers wait in its `cache/downloads/`.

    Returns:
        The model's folder.

    Raises:
        UserError: if it cannot be fetched, is damaged, is another one than the digest says, holds anything that is
            not plain numbers in known layers, or another model stands in its place.
    """
    place, digest = split_digest(address)
    parent = workspace / "weights" if folder is None else folder.parent
    with temporary_folder(parent) as temporary:
        copy_from(place, temporary, workspace / "cache" / "downloads")
        contents = read_complete_contents(temporary, digest)
        check_contents(contents)
        target = folder or parent / checked_name(contents.manifest)
        if not is_there(target, contents.digest):
            move_folder(temporary, target)
    if digest is None and place.startswith((*WEB, HUB)):
        note(f"warning: nothing proves where this model comes from; pin it with {place}#sha256={contents.digest}")
    return target


def copy_from(place: str, folder: Path, downloads: Path) -> None:
    """Copy the files of a bundle into an empty folder, as they come: nothing is verified yet."""
    if place.startswith(HUB):
        copy_from_hub(place, folder)
    elif place.startswith(WEB):
        path = download(place, downloads)
        try:
            unpack_archive(path, folder)
        finally:
            path.unlink()
    elif Path(place).is_dir():
        copy_files(Path(place), folder)
    elif Path(place).is_file():
        unpack_archive(Path(place), folder)
    else:
        raise unknown_place(place)


def copy_files(source: Path, folder: Path) -> None:
    """Copy a bundle's files, and nothing but them."""
    copy_listed(source, folder, read_complete(source))
    (folder / MANIFEST).write_bytes(read_plain(source / MANIFEST, LARGEST_MANIFEST))


def copy_from_hub(place: str, folder: Path) -> None:
    """Copy a bundle from a commit of a Hugging Face repository, file by file as its manifest lists them.

    The hub's own client writes whatever arrives, however much it is: of each file no more is read than its manifest
    states, within the bounds of a bundle.
    """
    repository, revision = hub_address(place)
    if not COMMIT.fullmatch(revision or ""):
        raise UserError(
            "The revision of a Hugging Face model is not pinned.",
            rule="Branches and tags move, so it is written hf://owner/name@<commit, 40 hexadecimal digits>.",
            received=place,
            todo="Take the commit from the model's page, Files and versions, History.",
        )
    hub = import_hub()
    try:
        _save_from_hub(hub, (repository, revision, MANIFEST), folder, LARGEST_MANIFEST)
        for name, facts in load_manifest(folder)["files"].items():
            _save_from_hub(hub, (repository, revision, name), folder, facts["size"])
    except UserError:
        raise
    except Exception as error:  # the client raises exceptions of several libraries, which differ between versions
        raise UserError(
            "The model could not be fetched from Hugging Face.",
            rule=place,
            received=error,
            todo="Check the address, the network, and `hf auth login` for a private model; then try again.",
        ) from error


def _save_from_hub(hub, file: tuple[str, str, str], folder: Path, most: int) -> None:
    repository, revision, name = file
    token = hub.get_token()
    request = urllib.request.Request(hub.hf_hub_url(repo_id=repository, filename=name, revision=revision))
    keep_authorization(request, token and f"Bearer {token}")
    (folder / name).parent.mkdir(exist_ok=True)
    try:
        save(request, folder / name, most)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from error


def send_model(model: str, address: str, permission: str) -> str:
    """Pass a model on; returns the address under which it can be fetched.

    Args:
        model: its folder, with `#sha256=<digest>` where it must be a certain one.
        address: a folder, a `.zip` file, or `hf://owner/name`.
        permission: who permitted it, where the terms of its data ask for that; recorded in the manifest of the copy.

    Raises:
        UserError: if the model is not whole, must not be passed on, or the place cannot be written to.
    """
    place, digest = split_digest(model)
    folder = Path(place)
    contents = read_complete_contents(folder, digest)
    check_contents(contents)
    check_may_be_shared(contents.manifest, permission)
    if address.startswith(WEB):
        raise UserError(
            "A model cannot be sent to a web address.",
            rule="HTTP(S) is for fetching; models are sent to a folder, a .zip file, or hf://owner/name.",
            received=address,
            todo="Write a .zip file and put it on your server.",
        )
    if "#" in address:
        raise UserError("A place to send to has no digest.", received=address, todo="Leave out what follows the #.")
    with tempfile.TemporaryDirectory(prefix="transferpain-") as scratch:
        if permission:
            folder = with_permission(folder, Path(scratch) / "model", permission)
        digest = manifest_hash(folder)
        if address.startswith(HUB):
            address = send_to_hub(folder, address)
        elif address.endswith(".zip"):
            write_archive(folder, Path(address))
        elif not is_there(Path(address), digest):
            write_bundle_folder(Path(address), lambda temporary: copy_files(folder, temporary))
    return f"{address}#sha256={digest}"


def send_to_hub(folder: Path, address: str) -> str:
    """Upload a bundle as one commit, into a private repository if it is new; returns the pinned address."""
    repository, revision = hub_address(address)
    if revision is not None:
        raise UserError(
            "A revision cannot be sent to.",
            rule="Sending makes a new commit, whose address is printed.",
            received=address,
            todo=f"Use hf://{repository}.",
        )
    client = import_hub().HfApi()
    try:
        client.create_repo(repo_id=repository, private=True, exist_ok=True)
        names = [*load_manifest(folder)["files"], MANIFEST]
        commit = client.upload_folder(
            repo_id=repository, folder_path=str(folder), allow_patterns=names, commit_message="transferpain models push"
        )
    except Exception as error:  # as in copy_from_hub
        raise UserError(
            "The model could not be sent to Hugging Face.",
            rule=address,
            received=error,
            todo="Check the address, the network, and `hf auth login`.",
        ) from error
    return f"{HUB}{repository}@{commit.oid}"


def with_permission(source: Path, folder: Path, permission: str) -> Path:
    """Copy a bundle to `folder` with the permission in its manifest and on its card; returns `folder`."""
    contents = read_complete_contents(source)
    facts = {"permission": permission, "original": contents.digest}
    with border(
        f"No card can be written for {source}.",
        rule="Manifest, metrics.json, labels.json and preprocess.json say what stands on it.",
        todo="Get the bundle again.",
    ):
        parts = (parse_json(contents.files[name]) for name in ("metrics.json", "labels.json", "preprocess.json"))
        card = render_card(contents.manifest | facts | {"format": FORMAT}, *parts, read_log(contents))
    extend_bundle(source, folder, {"README.md": card.encode()}, facts)
    return folder


def hub_address(place: str) -> tuple[str, str | None]:
    """Split `hf://owner/name@revision` into `owner/name` and the revision, `None` if there is none."""
    found = HUB_ADDRESS.fullmatch(place)
    if found is None:
        raise UserError(
            "A Hugging Face address could not be read.", rule="It is written hf://owner/name@revision.", received=place
        )
    return found[1], found[2]


def import_hub():
    """Return the module `huggingface_hub`, which only these addresses need."""
    require("huggingface", "Or fetch a .zip file from elsewhere.")
    import huggingface_hub

    return huggingface_hub


def is_there(folder: Path, digest: str) -> bool:
    """Tell whether a folder holds the bundle already.

    Raises:
        UserError: if it holds anything else.
    """
    if not folder.exists():
        return False
    if (folder / MANIFEST).is_file() and manifest_hash(folder) == digest:
        read_complete(folder)
        return True
    raise UserError(
        f"{folder} is there already, and is not this model.",
        rule="Nothing is overwritten.",
        todo="Name another folder, or move this one away.",
    )


def checked_name(manifest: dict) -> str:
    """Return the experiment's name as that of a folder."""
    name = manifest.get("experiment", "")
    if NAME.fullmatch(name):
        return name
    raise UserError(
        "The model has no name that could be a folder's.",
        rule="Lower-case letters, digits and hyphens.",
        received=name,
        todo="Give it one: --out weights/NAME.",
    )


def unknown_place(place: str) -> UserError:
    """Return the error for a place that is none of those known."""
    return UserError(
        "There is no model at this place.",
        rule="A place is a folder, a .zip file, https://... or hf://owner/name@revision.",
        received=place,
        todo="Check the path.",
    )
