"""What stands in the cache, and whether a present setting can still use it: read only, and no link is followed."""

import os
import re
import stat
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from transferpain.core.errors import UserError
from transferpain.core.store import DAY_SECONDS, TEMPORARY, checksum_path
from transferpain.experiments.caches.judge import UNREADABLE, Judged, Judges, State, make_judges

KEY = "[0-9a-f]{16}"
LOCK_FILE = re.compile(rf"\.lock|\.lock-{KEY}(-shards)?|{KEY}\.lock")
LEFTOVER = re.compile(rf"{re.escape(TEMPORARY)}{KEY}(\.\w+)?")
# Folder of the cache -> what its files are called, below the folder.
PATTERNS = {
    "faces": re.compile(rf"([0-9a-f]{{2}})/(?=\1){KEY}\.parquet"),
    "landmarks": re.compile(rf"([0-9a-f]{{2}})/(?=\1){KEY}\.parquet"),
    "features": re.compile(rf"([0-9a-f]{{2}})/(?=\1){KEY}\.npy"),
    "hybrid": re.compile(
        rf"{KEY}/(made\.json|three-models\.json|history\.csv|answers\.parquet|checkpoint[\w.-]*\.npz|model/[\w.-]+)"
    ),
    "hashes": re.compile(rf"([0-9a-f]{{2}})/(?=\1){KEY}"),
    "index": re.compile(rf"[a-z0-9]+-{KEY}\.(parquet|npy)"),
    "edge": re.compile(rf"{KEY}/[\w./-]+"),
    "downloads": re.compile(".+"),
}


@dataclass(frozen=True)
class CachedFile:
    """A file as it was seen: it is removed only if it is still that one."""

    path: Path
    inode: int
    size: int
    changed: int  # nanoseconds since 1970

    @property
    def seconds(self) -> float:
        """When it was changed, seconds since 1970."""
        return self.changed / 1e9


@dataclass(frozen=True)
class Entry:
    """One thing in the cache: what a clip has given, or a fold; with all its files.

    Attributes:
        kind: the folder of the cache that it stands in.
        files: its files, in the order in which they may be removed: an interruption leaves what is recognised again.
        made: what it was made with.
        state: whether a present setting can use it; those of `REMOVED` go when the cache is pruned.
        why: a reason for the state, in words.
    """

    kind: str
    files: tuple[CachedFile, ...]
    made: str
    state: State
    why: str

    @property
    def size(self) -> int:
        """Bytes."""
        return sum(file.size for file in self.files)


def examine_cache(workspace: Path, verify: bool = False) -> list[Entry]:
    """Return everything in the cache of a workspace; nothing where there is none.

    Args:
        workspace: holds `cache/`, and the runs and models whose sources features come from.
        verify: whether to read every byte and compare checksums; else damage shows where a file is cut short.

    Raises:
        UserError: if a file stands in the place of the cache.
    """
    cache = workspace / "cache"
    if cache.exists() and not cache.is_dir():
        raise UserError(
            f"{cache} is not a folder.",
            rule="The cache of a workspace is its folder cache/.",
            received="a file",
            todo="Move it away, or name another place with --workspace.",
        )
    if not cache.is_dir():
        return []
    judges = make_judges(workspace, verify)
    entries: list[Entry] = []
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        for name in sorted(os.listdir(cache)):
            folder = cache / name
            if name in PATTERNS and folder.is_dir() and not folder.is_symlink():
                files = list(walk(folder))
                entries += strange(name, files)
                seen = [file for file, problem in files if not problem]
                entries += threads.map(partial(_entry, name, judges), group(name, folder, seen))
            elif not LOCK_FILE.fullmatch(name):
                entries += strange(name, walk(folder), is_ours=False)
    return entries


def walk(top: Path) -> Iterator[tuple[CachedFile, str]]:
    """Yield each file at or below a path, and why it is not looked at: empty, or what it is besides a plain file."""
    try:
        seen = top.lstat()
        names = sorted(os.listdir(top)) if stat.S_ISDIR(seen.st_mode) else []
    except FileNotFoundError:
        return
    except OSError as error:
        yield CachedFile(top, 0, 0, 0), error.strerror or str(error)
        return
    if stat.S_ISDIR(seen.st_mode):
        for name in names:
            yield from walk(top / name)
        return
    problem = "" if stat.S_ISREG(seen.st_mode) else "a link, which is not followed"
    if not (stat.S_ISREG(seen.st_mode) or stat.S_ISLNK(seen.st_mode)):
        problem = "no plain file"
    yield CachedFile(top, seen.st_ino, seen.st_size, seen.st_mtime_ns), problem


def strange(name: str, files: list[tuple[CachedFile, str]] | Iterator, is_ours: bool = True) -> Iterator[Entry]:
    """Yield an entry for each file that cannot be looked at, or, where the folder is not the toolkit's, for each."""
    for file, problem in files:
        if problem:
            state: State = "foreign" if "file" in problem or "link" in problem else "unreadable"
            yield Entry(name, (file,), "", state, problem)
        elif not is_ours:
            yield Entry(name, (file,), "", "foreign", "not a name of this toolkit")


@dataclass(frozen=True)
class Group:
    """Files of one entry that are still to be judged: `main` is the file, or the folder, that has a key."""

    main: Path
    files: tuple[CachedFile, ...]
    state: State | None = None
    why: str = ""


def group(name: str, folder: Path, files: list[CachedFile]) -> Iterator[Group]:
    """Put together what belongs together in a folder of the cache: a file and its checksum, the models of a fold."""
    pattern, paths = PATTERNS[name], {file.path: file for file in files}
    folds: dict[Path, list[CachedFile]] = {}
    for path, file in paths.items():
        below = path.relative_to(folder)
        target = _checked(path)
        if LOCK_FILE.fullmatch(path.name) and len(below.parts) == 1:
            continue
        if name != "downloads" and any(LEFTOVER.fullmatch(part) for part in below.parts):
            old = time.time() - file.seconds > DAY_SECONDS
            why = "a killed process left it" if old else "perhaps it is being written"
            yield Group(path, (file,), "leftover" if old else "kept", why)
        elif target in paths and _is_named(pattern, target, folder):
            continue  # with the file that it belongs to
        elif target is not None and _is_named(pattern, target, folder):
            yield Group(path, (file,), "leftover", "a checksum without its file")
        elif not _is_named(pattern, path, folder):
            yield Group(path, (file,), "foreign", "not a name of this toolkit")
        elif name == "hybrid":
            folds.setdefault(folder / below.parts[0], []).append(file)
        else:
            sidecar = paths.get(checksum_path(path))
            yield Group(path, (file, sidecar) if sidecar else (file,))
    for fold, own in folds.items():
        answers = fold / "answers.parquet"
        sidecar = paths.get(checksum_path(answers)) if answers in paths else None
        # Without its answers a fold counts as not fitted; `made.json` says to the last whose it was.
        own.sort(key=lambda file: (file.path.name == "made.json", file.path.name != "answers.parquet", file.path))
        yield Group(fold, (*own[:1], *([sidecar] if sidecar else []), *own[1:]))


def _checked(path: Path) -> Path | None:
    return path.with_suffix("") if path.suffix == ".sha256" else None


def _is_named(pattern: re.Pattern, path: Path, folder: Path) -> bool:
    return pattern.fullmatch(path.relative_to(folder).as_posix()) is not None


def _entry(name: str, judges: Judges, found: Group) -> Entry:
    if found.state is not None:
        return Entry(name, found.files, "", found.state, found.why)
    judge: Callable[[Path], Judged] = judges[name]
    try:
        judged = judge(found.main)
    except FileNotFoundError:
        judged = Judged("", "kept", "it went away meanwhile")
    except PermissionError as error:
        judged = Judged("", "unreadable", error.strerror)
    except UNREADABLE:
        judged = Judged("", "kept", "what it says of itself cannot be read")
    return Entry(name, found.files, judged.made, judged.state, judged.why)
