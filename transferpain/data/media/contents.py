"""Hashes of what media hold: each is read once, and remembered while its file is the one that was read."""

import hashlib
import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from pathlib import Path

import pandas as pd

from transferpain.core.file_state import file_state, has_settled
from transferpain.core.progress import progress_bar
from transferpain.core.store import file_hash
from transferpain.data.media.medium import UnreadableMedium, picture_files
from transferpain.data.media.memory import memory_of, recall, remember
from transferpain.data.media.paths import resolve_media

PICTURES = ("images", "image_span")
# What takes about a second to read, and is worth a bar.
LONG_BYTES = 1e9
SIZE = 1  # its place in a state


def media_hash(path: Path, cache: Path) -> str:
    """Return the SHA-256 of a media file, remembered by its place, inode, size and times of change.

    The memory is a file whose name is a hash, so that it shows no name of a subject.

    Raises:
        OSError: if the file cannot be read.
        UserError: if the memory cannot be read.
    """
    memory = memory_of(cache, [str(path.resolve()), file_state(path)])
    known = recall(memory, cache)
    if not known:
        before = file_state(path)
        known = file_hash(path)
        if _has_settled([path]) and file_state(path) == before:
            remember(memory, known)
    return known


def pictures_hash(paths: list[Path], cache: Path) -> str:
    """Return a SHA-256 over the bytes of pictures in their order, whatever their names.

    It is remembered as `media_hash` is, unless a picture cannot be read, because nothing tells when that ends.

    Args:
        paths: the pictures, at least one, of one folder.
        cache: the cache folder.

    Raises:
        OSError: if a picture is not there.
        UserError: if the memory cannot be read.
    """
    before = [[path.name, file_state(path)] for path in paths]
    memory = memory_of(cache, [str(paths[0].parent.resolve()), *before])
    known = recall(memory, cache)
    if not known:
        contents = [_content_or_nothing(path) for path in paths]
        known = hashlib.sha256("\n".join(contents).encode()).hexdigest()
        if all(contents) and _has_settled(paths) and [[path.name, file_state(path)] for path in paths] == before:
            remember(memory, known)
    return known


def contents_hash(clips: pd.DataFrame, data_root: Path, cache: Path) -> str:
    """Return a SHA-256 over the bytes of the media of clips, clip by clip.

    It is remembered for all of them together, so that nothing is read where no file has changed. A medium that cannot
    be read counts as such.

    Args:
        clips: rows of an index, with clip, media and kind.
        data_root: the folder that `media` is relative to.
        cache: the cache folder.

    Raises:
        UserError: if the memory cannot be read.
    """
    kinds = dict(zip(clips["media"], clips["kind"].isin(PICTURES), strict=True))
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        found = list(threads.map(lambda one: _files(resolve_media(data_root, one[0]), one[1]), kinds.items()))
    files = dict(zip(kinds, found, strict=True))
    states = {media: [[path.name, state] for path, state in files[media]] for media in kinds}
    named = [[clip, media] for clip, media in zip(clips["clip"], clips["media"], strict=True)]
    memory = memory_of(cache, [str(data_root.resolve()), named, states])
    known = recall(memory, cache)
    if known:
        return known
    contents = _read(files, kinds, cache)
    known = hashlib.sha256(repr([[clip, contents[media]] for clip, media in named]).encode()).hexdigest()
    if all(contents.values()) and _has_settled(path for own in files.values() for path, _ in own):
        remember(memory, known)
    return known


def _files(path: Path, holds_pictures: bool) -> list[tuple[Path, list[int]]]:
    """Return the files of a medium with their states; none if it is not there or cannot be looked into."""
    try:
        paths = picture_files(path) if holds_pictures else [path]
        return [(one, file_state(one)) for one in paths]
    except (OSError, UnreadableMedium):
        return []


def _read(files: dict[str, list], kinds: dict[str, bool], cache: Path) -> dict[str, str]:
    """Return medium -> hash of its content, "" where it cannot be read."""

    def read(media: str) -> str:
        paths = [path for path, _ in files[media]]
        try:
            if not paths:
                return ""
            return pictures_hash(paths, cache) if kinds[media] else media_hash(paths[0], cache)
        except OSError:
            return ""

    size = sum(state[SIZE] for own in files.values() for _, state in own)
    shown = progress_bar("contents", len(files), "media") if size > LONG_BYTES else nullcontext(lambda amount: None)
    with shown as advance, ThreadPoolExecutor(os.cpu_count()) as threads:
        contents = {}
        for media, content in zip(files, threads.map(read, files), strict=True):
            contents[media] = content
            advance(1)
    return contents


def _has_settled(paths: Iterable[Path]) -> bool:
    """Tell whether files changed so long ago that another change would show in their times."""
    try:
        return has_settled([file_state(path) for path in paths])
    except OSError:
        return False


def _content_or_nothing(path: Path) -> str:
    try:
        return file_hash(path)
    except OSError:
        return ""
