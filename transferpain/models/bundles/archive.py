"""A bundle as one zip file: the same bytes each time it is written, and nothing unexpected when it is unpacked."""

import shutil
import stat
import zipfile
from pathlib import Path
from typing import BinaryIO

from transferpain.core.errors import UserError
from transferpain.core.foreign import reason_of
from transferpain.core.store import write_atomically
from transferpain.models.bundles.containers import check_list_of_members
from transferpain.models.bundles.manifest import (
    COMPLETE,
    LARGEST_BYTES,
    MANIFEST,
    MOST_FILES,
    OPTIONAL,
    TREES,
    files_in,
    may_hold,
)
from transferpain.models.bundles.sizes import Refused

EPOCH = (1980, 1, 1, 0, 0, 0)
PLAIN_FILE = (stat.S_IFREG | 0o644) << 16
# Far above any model here (our choice): a hundred times what was received; weights hardly compress.
LARGEST_EXPANSION = 100
PACKED_BY = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
CHUNK_BYTES = 1 << 20


def write_archive(folder: Path, path: Path) -> None:
    """Write a bundle's folder as a zip without compression, times or owners: the same folder gives the same bytes."""

    def write(temporary: Path) -> None:
        with zipfile.ZipFile(temporary, "w", zipfile.ZIP_STORED) as archive:
            for name in files_in(folder):
                member = zipfile.ZipInfo(name, EPOCH)
                member.external_attr = PLAIN_FILE
                member.file_size = (folder / name).stat().st_size
                with open(folder / name, "rb") as source, archive.open(member, "w") as target:
                    shutil.copyfileobj(source, target)

    write_atomically(path, write)


def unpack_archive(path: Path, folder: Path) -> None:
    """Unpack a bundle's zip into an empty folder.

    Raises:
        UserError: if it is no zip; has no manifest; holds anything but the plain files of a bundle, each once, by their
            names; or expands to more than any model would.
    """
    with open(path, "rb") as content:
        try:
            check_list_of_members(content)
            archive = zipfile.ZipFile(content)
            check_members(archive.infolist(), path.stat().st_size)
        except Exception as error:  # as `foreign.border` says of readers
            raise refused(path, reason_of(error)) from error
        for member in archive.infolist():
            file = folder / member.filename
            file.parent.mkdir(exist_ok=True)
            with open(file, "xb") as target:
                unpack_member(archive, member, target, path)
        if not (folder / MANIFEST).is_file():
            raise refused(path, f"no {MANIFEST}")


def unpack_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, target: BinaryIO, path: Path) -> None:
    """Write what a member holds. A fault of the file raises `UserError`, a full disk what the system says."""
    try:
        source = archive.open(member)
    except Exception as error:
        raise refused(path, reason_of(error)) from error
    while True:
        try:
            chunk = source.read(CHUNK_BYTES)
        except Exception as error:
            raise refused(path, f"{member.filename}: {reason_of(error)}") from error
        if not chunk:
            return
        target.write(chunk)


def check_members(members: list[zipfile.ZipInfo], received: int) -> None:
    """Raise `Refused` at the first reason, before anything of an archive of so many bytes is written."""
    if len(members) > MOST_FILES:
        raise Refused(f"{len(members)} files")
    seen = set()
    for member in members:
        name, kind = member.filename, stat.S_IFMT(member.external_attr >> 16)
        if kind not in (0, stat.S_IFREG):
            raise Refused(f"{name}, which is a link or a folder, not a plain file")
        if name != MANIFEST and not may_hold(name):
            raise Refused(f"a file {name}")
        if name in seen:
            raise Refused(f"{name} twice")
        if member.compress_type not in PACKED_BY:
            raise Refused(f"{name}, packed by method {member.compress_type}")
        seen.add(name)
    size = sum(member.file_size for member in members)
    if size > LARGEST_BYTES or size > LARGEST_EXPANSION * received:
        raise Refused(f"{received} bytes that expand to {size}")


def refused(path: Path, received: object) -> UserError:
    """Return the error for an archive that is not unpacked."""
    return UserError(
        f"The archive {path.name} is refused, and nothing of it was kept.",
        rule=f"It may hold {', '.join(sorted((MANIFEST, *COMPLETE, *OPTIONAL, TREES)))} and parts/<name>.skops, "
        f"by these names, {MOST_FILES} at most, stored or deflated, and expand {LARGEST_EXPANSION}-fold.",
        received=received,
        todo="Ask for a file that `transferpain models export` wrote.",
    )
