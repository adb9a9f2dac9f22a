"""Where a clip's media stands: folders of pictures, and folders whose names must not be shown."""

import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path

from transferpain.core.privacy import HIDDEN_NAME, hide_name
from transferpain.data.media import walk
from transferpain.data.media.fronts import is_front, names_by_front

PICTURE_SUFFIXES = {
    *(".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp", ".gif"),
    *(".ppm", ".pgm", ".pbm", ".pnm", ".jp2", ".avif"),
}


@dataclass(frozen=True)
class Picture:
    """One picture of a clip: the frame's number, its file, and the file's size."""

    frame: int
    path: Path
    bytes: int


def resolve_media(data_root: Path, media: str) -> Path:
    """Return the file or folder that `media` of an index stands for.

    A subject's folder that goes on with a person's name (MIntPAIN) stands in the index as `Sub01`. The result is for
    opening only: no message, log or file may show it.

    Returns:
        The path on disk; `data_root / media` where there is none, so that opening it fails with a harmless name.
    """
    path = data_root / media
    parts = Path(media).parts
    hidden = [place for place, part in enumerate(parts) if HIDDEN_NAME.fullmatch(part)]
    if os.path.exists(path) or not hidden:
        return path
    parent = data_root.joinpath(*parts[: hidden[0]])
    if parent.is_dir():
        for entry in walk.list_folder(parent):
            candidate = entry.joinpath(*parts[hidden[0] + 1 :])
            if hide_name(entry.name) == parts[hidden[0]] and candidate.exists():
                return candidate
    return path


def list_pictures(path: Path) -> list[Picture]:
    """List the pictures of a clip of kind "images", in the order of time.

    Pictures that are all named after their folder and a number of their own (`ll042t1aaaff/ll042t1aaaff001.png`), or
    all alike but for the number at the end (`frame_0005.jpg`), have that number. Else they are counted from 1, in
    natural order of their names. None is left out. Pictures that are told by how their names begin are counted so, too.

    Args:
        path: from `resolve_media`: a folder, a single picture, or how the names of some pictures of a folder begin, and
            a star (see `fronts`).

    Raises:
        UserError: if the folder cannot be read.
    """
    if path.is_file():
        return [Picture(1, path, path.stat().st_size)]
    if is_front(path):
        names = sorted(filter(is_picture, names_by_front(path)), key=walk.natural_key)
        sizes = {name: size for name in names if (size := _size(path.parent, name)) is not None}
        return [Picture(frame, path.parent / name, size) for frame, (name, size) in enumerate(sizes.items(), start=1)]
    entries = picture_entries(path)
    files = numbered_pictures(path, entries) or _numbered_alike(entries) or dict(enumerate(entries, start=1))
    return [Picture(frame, Path(file.path), file.stat().st_size) for frame, file in files.items()]


def _size(folder: Path, name: str) -> int | None:
    """Return the size of a file, by a single look at the disk; `None` if it is no plain file, or leads nowhere."""
    try:
        status = os.stat(os.path.join(folder, name))
    except FileNotFoundError:
        return None
    return status.st_size if stat.S_ISREG(status.st_mode) else None


def picture_entries(folder: Path) -> list[os.DirEntry]:
    """Return the pictures in a folder, in natural order of their names. Raises `UserError` as `list_pictures`."""
    return [entry for entry in walk.visible_entries(folder) if is_picture(entry.name) and entry.is_file()]


def numbered_pictures(folder: Path, entries: list[os.DirEntry]) -> dict[int, os.DirEntry]:
    """Return the pictures by ascending number if all are named after their folder and each has its own; else none."""
    name = re.escape(folder.name.strip())
    return _by_number(entries, re.compile(rf"{name}([0-9]{{1,15}})", re.IGNORECASE))


def _numbered_alike(entries: list[os.DirEntry]) -> dict[int, os.DirEntry]:
    """Return the pictures by the number at the end of their names if these differ in nothing else; else none."""
    stems = [_stem(entry) for entry in entries]
    fronts = {stem.rstrip("0123456789") for stem in stems}
    if len(entries) < 2 or len(fronts) > 1:
        return {}
    return _by_number(entries, re.compile(rf"{re.escape(fronts.pop())}([0-9]{{1,15}})"))


def _by_number(entries: list[os.DirEntry], pattern: re.Pattern) -> dict[int, os.DirEntry]:
    matches = [pattern.fullmatch(_stem(entry)) for entry in entries]
    if not all(matches):
        return {}
    found = {int(match[1]): entry for match, entry in zip(matches, entries, strict=True)}
    return {number: found[number] for number in sorted(found)} if len(found) == len(entries) else {}


def _stem(entry: os.DirEntry) -> str:
    return os.path.splitext(entry.name.strip())[0].strip()


def is_picture(name: str) -> bool:
    """Tell by its name whether a file is a picture."""
    return os.path.splitext(name.strip())[1].lower() in PICTURE_SUFFIXES
