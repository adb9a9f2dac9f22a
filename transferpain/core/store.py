"""Files that are whole or not there: atomic writes, checksums, fingerprints."""

import errno
import hashlib
import json
import os
import secrets
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import IO, Any

from transferpain.core.errors import DamagedFile, UserError
from transferpain.core.foreign import parse_json, reason_of
from transferpain.core.locks import has_no_locks, locks_are_off, no_locks
from transferpain.core.paths import everything_below, inside

CHUNK_BYTES = 1 << 20
TEMPORARY = ".partial-"
DAY_SECONDS = 24 * 3600
# What file systems answer that cannot sync a folder.
NO_FOLDER_SYNC = (errno.EINVAL, errno.ENOTSUP)


def fingerprint(value: object) -> str:
    """Return 16 hexadecimal digits of the SHA-256 of `value` as canonical JSON.

    Raises:
        TypeError: if `value` holds anything but JSON types.
    """
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def file_hash(path: Path) -> str:
    """Return the SHA-256 of a file's bytes as 64 hexadecimal digits."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def remove_folder(root: Path, folder: Path) -> None:
    """Remove a folder below `root` with all that it holds.

    Raises:
        UserError: as `inside`; nothing is removed then.
    """
    shutil.rmtree(inside(root, folder))


def write_atomically(path: Path, write: Callable[[Path], object]) -> None:
    """Let `write` fill a temporary file beside `path`, sync it, rename it to `path`, and sync the folder.

    A crash, a full disk, a power cut or a second process never leaves half a file under the final name, and what is
    written after it is not on the disk before it. The temporary name keeps the suffix of `path`, because some writers
    add their own.
    """
    _write_beside(path, write)
    sync_folder(path.parent)


def _write_beside(path: Path, write: Callable[[Path], object], synced: bool = True) -> None:
    if synced:
        make_folder(path.parent)
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
    temporary = _temporary_name(path.parent, path.suffix)
    try:
        write(temporary)
        if synced:
            sync_file(temporary)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def open_to_write(path: Path, mode: str) -> IO:
    """Open a file that is written in place, as a log is: a link is not followed, and a pipe is not waited for.

    Args:
        mode: as of `open`: `wb`, `a`. Text is UTF-8.

    Raises:
        OSError: if it cannot be opened, or is a link or a pipe.
    """

    def opener(name: str, flags: int) -> int:
        return os.open(name, flags | os.O_NOFOLLOW | os.O_NONBLOCK, 0o666)

    return open(path, mode, encoding=None if "b" in mode else "utf-8", opener=opener)


def make_folder(folder: Path) -> None:
    """Make a folder and those above it where they are missing, and sync where each one's name stands.

    Raises:
        FileExistsError: if a file stands in its place.
    """
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    sync_folder(folder.parent)


def move_folder(folder: Path, target: Path) -> None:
    """Rename a folder to `target` once all in it is on the disk, and see to it that the new name is, too."""
    sync_tree(folder)
    folder.replace(target)
    sync_folder(target.parent)


def sync_tree(folder: Path) -> None:
    """Wait until every file below `folder`, and every folder with the names in it, is on the disk."""
    for path, _, names in os.walk(folder, topdown=False):
        for name in names:
            sync_file(Path(path, name))
        sync_folder(Path(path))


def sync_file(path: Path) -> None:
    """Wait until what a file holds is on the disk."""
    with open(path, "rb") as file:
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Wait until the names in a folder are on the disk; where the file system cannot do that, nothing happens."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in NO_FOLDER_SYNC:
            raise
    finally:
        os.close(handle)


@contextmanager
def temporary_folder(parent: Path) -> Iterator[Path]:
    """Make an empty folder in `parent`, and remove it in the end unless it was renamed, as `move_folder` does."""
    make_folder(parent)
    folder = _temporary_name(parent)
    try:
        folder.mkdir()
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _temporary_name(parent: Path, suffix: str = "") -> Path:
    # Only a name: what makes the file stands inside a `try`, so that no Ctrl-C can fall between the two.
    return parent / f"{TEMPORARY}{secrets.token_hex(8)}{suffix}"


def remove_leftovers(folder: Path) -> None:
    """Remove the temporary files in `folder` that killed processes left: those untouched for a day.

    Younger ones may be another process's, which is about to rename them.
    """
    for path in everything_below(folder):
        if path.name.startswith(TEMPORARY) and not path.is_dir():
            with suppress(FileNotFoundError):
                if time.time() - path.lstat().st_mtime > DAY_SECONDS:
                    path.unlink()


@contextmanager
def using(cache: Path) -> Iterator[None]:
    """Turn a failed file operation (disk full, no permission) into the message that a user can act on."""
    try:
        yield
    except OSError as error:
        raise UserError(
            f"The cache {cache} cannot be read or written.",
            received=error,
            todo="Free disk space or name a cache folder that you may write. What is finished is kept.",
        ) from error


@contextmanager
def one_process(lock: Path, on_wait: Callable[[], object]) -> Iterator[None]:
    """Let one process at a time pass, the others wait; the system opens the lock of a process that was killed.

    Args:
        lock: the file that stands for what is locked; it is made, and stays.
        on_wait: called once if another process has to be waited for; where it raises, nobody waits.

    Raises:
        OSError: if the lock cannot be made.
        UserError: if its file system has no locks.
    """
    lock.parent.mkdir(parents=True, exist_ok=True)
    if locks_are_off():
        yield
        return
    from filelock import FileLock, Timeout

    # The library's own lock for file systems without one outlives a process that is killed on another machine.
    key = FileLock(lock, fallback_to_soft=False)
    try:
        try:
            held = key.acquire(blocking=False)
        except Timeout:
            on_wait()
            held = key.acquire()
    except (OSError, NotImplementedError) as error:
        if has_no_locks(error):
            raise no_locks(lock) from error
        raise
    with held:
        yield


def make_way(path: Path) -> None:
    """Rename a folder that stands where a file belongs, to `<name>.damaged-<number>`; anything else is left alone."""
    if path.is_dir() and not path.is_symlink():
        number = next(number for number in count(1) if not path.with_name(f"{path.name}.damaged-{number}").exists())
        path.rename(path.with_name(f"{path.name}.damaged-{number}"))


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text atomically."""
    write_atomically(path, lambda temporary: temporary.write_text(text, encoding="utf-8"))


def write_memory(path: Path, text: str) -> None:
    """Write UTF-8 text that nobody misses: whole for other processes, but a power cut may leave it empty or cut short.

    Who reads it must tell that from the whole.
    """
    _write_beside(path, lambda temporary: temporary.write_text(text, encoding="utf-8"), synced=False)


def write_json(path: Path, value: object) -> None:
    """Write `value` atomically as indented JSON with sorted keys."""
    write_text(path, json_text(value))


def json_text(value: object) -> str:
    """Return `value` as indented JSON with sorted keys."""
    return json.dumps(value, indent=2, sort_keys=True) + "\n"


def read_json(path: Path) -> Any:
    """Read a JSON file within the limits of `parse_json`.

    Raises:
        DamagedFile: if it is no such JSON.
        OSError: if it cannot be opened.
    """
    try:
        return parse_json(path.read_bytes())
    except ValueError as error:
        raise DamagedFile(
            f"The file {path} is damaged.",
            rule="It holds JSON.",
            received=reason_of(error),
            todo="Have it written anew.",
        ) from error


def checksum_path(path: Path) -> Path:
    """Return where the checksum of a cached file stands: `<name>.sha256` beside it."""
    return path.with_name(path.name + ".sha256")


def write_checked(path: Path, write: Callable[[Path], object], made: dict | None = None, synced: bool = True) -> None:
    """Write a cache file atomically, then its checksum; without the checksum it does not count.

    Args:
        made: JSON types, what the file was made with: kept in a second line beside the checksum, see `read_made`.
        synced: whether both are on the disk in the end; if not, `sync_checked` sees to that. A power cut before it may
            cost the file, but nobody takes what is left for whole, because the checksum tells.
    """
    _write_beside(path, write, synced)
    line = "" if made is None else json.dumps(made, sort_keys=True) + "\n"
    text = f"{_checksum(path)}\n{line}"
    _write_beside(checksum_path(path), lambda temporary: temporary.write_text(text, encoding="utf-8"), synced)
    if synced:  # the folder once, for both
        sync_folder(path.parent)


def _checksum(path: Path) -> str:
    """Return a SHA-256 over a cache file's key, its name and its folder's, and its bytes: it fits no other place."""
    return hashlib.sha256(f"{path.parent.name}/{path.name} {file_hash(path)}".encode()).hexdigest()


@contextmanager
def reading_checked(path: Path) -> Iterator[None]:
    """Read a cached file; one that is damaged, although its checksum fits, no longer counts and is computed again.

    Raises:
        DamagedFile: in place of whatever a reader raises.
        OSError: if the system cannot read the file.
    """
    try:
        yield
    except Exception as error:
        if isinstance(error, UserError) or getattr(error, "errno", None):
            raise
        with suppress(OSError):  # of a cache that may only be read
            checksum_path(path).unlink()
        raise DamagedFile(
            f"The cached file {path} is damaged.",
            rule="It holds what this version computed and wrote there.",
            received=reason_of(error),
            todo="Give the same command again: the file is then computed anew.",
        ) from error


def sync_checked(path: Path, root: Path) -> None:
    """Wait until a cache file, its checksum, and their names in each folder up to `root`, are on the disk."""
    sync_file(path)
    sync_file(checksum_path(path))
    for folder in path.parents:
        sync_folder(folder)
        if folder == root:
            break


def is_intact(path: Path) -> bool:
    """Tell whether a cached file and its checksum are there and agree, and stand where they were written."""
    sidecar = checksum_path(path)
    if not (path.is_file() and sidecar.is_file()):
        return False
    return _lines(sidecar)[0] == _checksum(path)


def read_made(path: Path) -> dict:
    """Return what a cached file was made with, as `write_checked` was told; empty if that was nothing, or is damaged.

    Raises:
        OSError: if the checksum's file cannot be read.
    """
    try:
        made = parse_json(_lines(checksum_path(path))[1] or "{}")
    except ValueError:
        return {}
    return made if isinstance(made, dict) else {}


def _lines(sidecar: Path) -> tuple[str, str]:
    checksum, _, made = sidecar.read_text(encoding="utf-8", errors="replace").partition("\n")
    return checksum.strip(), made.strip()
