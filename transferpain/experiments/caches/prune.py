"""Remove from the cache what no present setting can use, and nothing else."""

import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from transferpain.core.errors import UserError
from transferpain.core.locks import FOLDER_LOCK, alone
from transferpain.core.paths import inside
from transferpain.experiments.caches.entries import CachedFile, Entry
from transferpain.experiments.caches.judge import REMOVED

# What a former file was made with may be told by the faces that it came from: those go last.
LAST = ("landmarks", "faces")


@dataclass(frozen=True)
class Pruned:
    """What became of the files that were to go.

    Attributes:
        files: how many were removed.
        size: their bytes.
        left: why others were not, in words that name the file.
    """

    files: int
    size: int
    left: tuple[str, ...]


def removable(entries: Iterable[Entry]) -> list[Entry]:
    """Return what no present setting can use, in the order in which it is removed."""
    chosen = [entry for entry in entries if entry.state in REMOVED]
    return sorted(chosen, key=lambda entry: LAST.index(entry.kind) + 1 if entry.kind in LAST else 0)


def prune(workspace: Path, entries: Iterable[Entry]) -> Pruned:
    """Remove entries of the cache; a file that is another one by now, or stands behind a link, is left.

    Interrupted anywhere, it has removed nothing that can be used, and the next call finds what is left.

    Args:
        workspace: holds `cache/` and `runs/`.
        entries: what `removable` returned.

    Raises:
        UserError: if a process uses the cache.
        OSError: if the cache may not be written to.
    """
    cache = workspace / "cache"
    files, size, left = 0, 0, []
    try:
        with alone(locks(workspace)):
            for entry in entries:
                for file in entry.files:
                    if problem := remove(cache, file):
                        left.append(f"{file.path}: {problem}")
                        break  # what comes after it may be needed to recognise it again
                    files, size = files + 1, size + file.size
                else:
                    remove_empty_folders(cache, entry)
    except BlockingIOError as error:
        raise UserError(
            f"A process uses the cache {cache}.",
            rule="It is pruned while nobody computes into it or reads from it.",
            received=f"{error.filename} is held",
            todo="Wait until it has ended, and give the same command again. Nothing was removed.",
        ) from error
    return Pruned(files, size, tuple(left))


def locks(workspace: Path) -> list[Path]:
    """Return the files that processes hold which use the cache, those of version 2.0 and before among them."""
    cache = workspace / "cache"
    former = [*workspace.glob("runs/*/.lock"), *cache.glob("features/.lock-*"), *cache.glob("hybrid/*.lock")]
    return [cache / FOLDER_LOCK, *sorted(former)]


def remove(cache: Path, file: CachedFile) -> str:
    """Remove a file if it is still the one that was seen; return why not, or nothing."""
    try:
        if inside(cache, file.path).resolve() != cache.resolve() / file.path.relative_to(cache):
            return "a link leads there"
        seen = file.path.lstat()
        now = CachedFile(file.path, seen.st_ino, seen.st_size, seen.st_mtime_ns)
        if now != file or not stat.S_ISREG(seen.st_mode):
            return "it has changed meanwhile"
        file.path.unlink()
    except FileNotFoundError:
        return ""
    except UserError:
        return "a link leads there"
    except OSError as error:
        return error.strerror or str(error)
    return ""


def remove_empty_folders(cache: Path, entry: Entry) -> None:
    """Remove the folders of a fold that is gone; those of single files stay, as another process may be filling them."""
    if entry.kind == "hybrid":
        for folder in sorted({file.path.parent for file in entry.files}, reverse=True):
            if folder != cache / entry.kind and folder.is_dir() and not os.listdir(folder):
                folder.rmdir()
