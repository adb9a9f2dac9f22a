"""A bundle as one zip file: the same bytes each time it is written, and nothing unexpected when it is unpacked."""

import shutil
import stat
import struct
import zipfile
import zlib
from pathlib import Path

from transferpain.core.errors import UserError
from transferpain.core.store import write_atomically
from transferpain.models.bundles.manifest import COMPLETE, MANIFEST, OPTIONAL, files_in, may_hold

EPOCH = (1980, 1, 1, 0, 0, 0)
PLAIN_FILE = (stat.S_IFREG | 0o644) << 16
# Far above any model here (our choice): 2 GB, and a hundred times what was received; weights hardly compress.
LARGEST_BYTES = 2 << 30
LARGEST_EXPANSION = 100
# What zipfile raises for a file that was tampered with; an OSError, such as a full disk, is no fault of the file.
DAMAGED = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, RuntimeError, OverflowError, ValueError)


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
        UserError: if it is no zip; holds anything but the plain files of a bundle, each once, by their names; or
            expands to more than any model would.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            check_members(archive, path)
            for member in archive.infolist():
                file = folder / member.filename
                file.parent.mkdir(exist_ok=True)
                with archive.open(member) as source, open(file, "xb") as target:
                    shutil.copyfileobj(source, target)
    except DAMAGED as error:
        raise refused(path, error) from error


def check_members(archive: zipfile.ZipFile, path: Path) -> None:
    """Refuse an archive before anything of it is written. Raises `UserError` as `unpack_archive`."""
    members = archive.infolist()
    names = [member.filename for member in members]
    for member in members:
        kind = stat.S_IFMT(member.external_attr >> 16)
        if kind not in (0, stat.S_IFREG):
            raise refused(path, f"{member.filename}, which is a link or a folder, not a plain file")
        if member.filename != MANIFEST and not may_hold(member.filename):
            raise refused(path, f"a file {member.filename}")
        if names.count(member.filename) > 1:
            raise refused(path, f"{member.filename} twice")
    size, received = sum(member.file_size for member in members), path.stat().st_size
    if size > LARGEST_BYTES or size > LARGEST_EXPANSION * received:
        raise refused(path, f"{received} bytes that expand to {size}")


def refused(path: Path, received: object) -> UserError:
    """Return the error for an archive that is not unpacked."""
    return UserError(
        f"The archive {path.name} is refused, and nothing of it was kept.",
        rule=f"It may hold {', '.join(sorted((MANIFEST, *COMPLETE, *OPTIONAL)))} and parts/<name>.skops, "
        f"by these names, and expand {LARGEST_EXPANSION}-fold.",
        received=received,
        todo="Ask for a file that `transferpain models export` wrote.",
    )
