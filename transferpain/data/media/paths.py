"""Where a clip's media stands: folders of pictures, and folders whose names must not be shown."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

from transferpain.core.privacy import HIDDEN_NAME, hide_name
from transferpain.data.media import walk

PICTURE_SUFFIXES = {".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp", ".gif"}


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
    if path.exists() or not hidden:
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

    Pictures named after their folder and a number (`ll042t1aaaff/ll042t1aaaff001.png`) have that number, and others in
    the folder do not count. Else they are counted from 1, in natural order of their names. The i-th picture is the
    i-th row of the clip in an index's `frames`.

    Args:
        path: a folder from `resolve_media`, or a single picture.

    Raises:
        UserError: if the folder cannot be read.
    """
    if path.is_file():
        return [Picture(1, path, path.stat().st_size)]
    files = numbered_pictures(path)
    if not files:
        entries = [entry for entry in walk.visible_entries(path) if is_picture(entry.name) and entry.is_file()]
        files = dict(enumerate(entries, start=1))
    return [Picture(frame, Path(file.path), file.stat().st_size) for frame, file in files.items()]


def numbered_pictures(folder: Path) -> dict[int, os.DirEntry]:
    """Return the pictures that are named after their folder and a number, by ascending number."""
    name = re.escape(folder.name.strip())
    return walk.numbered(folder, rf"{name}([0-9]+)\s*({'|'.join(map(re.escape, sorted(PICTURE_SUFFIXES)))})")


def is_picture(name: str) -> bool:
    """Tell by its name whether a file is a picture."""
    return os.path.splitext(name.strip())[1].lower() in PICTURE_SUFFIXES
