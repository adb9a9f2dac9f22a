"""The clips of a folder that has no index yet: what is a video, a folder of pictures or a single picture."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from transferpain.core.errors import UserError
from transferpain.core.spelling import has_control, quoted
from transferpain.data.datasets.dataset import FEATURES_SUFFIX, TABLE_SUFFIX, VIDEO_SUFFIXES
from transferpain.data.datasets.unit_tables import holds_action_units
from transferpain.data.media.paths import is_picture, list_pictures
from transferpain.data.media.walk import describe_folder, walk_files

DEEPEST = 32  # levels of folders
FILES_OF_FEATURES = "files of features"
TABLES = "tables"
KINDS = ("videos", "folders of pictures", "single pictures", FILES_OF_FEATURES, TABLES)


@dataclass(frozen=True)
class FoundClips:
    """What stands in a folder.

    Attributes:
        media: paths relative to the folder, written with `/`, in natural order.
        counts: of each of `KINDS`.
        passed_over: files that are part of no clip.
    """

    media: tuple[str, ...]
    counts: dict[str, int]
    passed_over: tuple[str, ...]


def find_clips(folder: Path) -> FoundClips:
    """Find the clips of a folder, at any depth.

    Pictures of one folder are one clip where their names differ in a number only (`frame_0001.jpg`), else a clip each;
    those beside a video (thumbnails) are none. Files of own features are clips where there is nothing else, and tables
    (of action units) where there are not even those.

    Raises:
        UserError: if there is no clip, the folder cannot be read, or a name cannot stand in a table.
    """
    clips: list[tuple[str, str]] = []
    passed_over: list[Path] = []
    files_of: dict[Path, list[Path]] = {}
    for path in walk_files(folder, DEEPEST):  # a folder's files come in parts, with its subfolders between them
        files_of.setdefault(path.parent, []).append(path)
    for place, files in files_of.items():
        videos = [path for path in files if path.suffix.strip().lower() in VIDEO_SUFFIXES]
        pictures = [path for path in files if is_picture(path.name)] if not videos else []
        clips += [("videos", _relative(path, folder)) for path in videos]
        if place != folder and _are_frames(place, pictures):
            clips.append(("folders of pictures", _relative(place, folder)))
        else:
            clips += [("single pictures", _relative(path, folder)) for path in pictures]
        passed_over += [path for path in files if path not in videos and path not in pictures]
    for kind, suffix in ((FILES_OF_FEATURES, FEATURES_SUFFIX), (TABLES, TABLE_SUFFIX)):
        if not clips:
            own = [
                path for path in passed_over if path.suffix == suffix and (kind != TABLES or holds_action_units(path))
            ]
            clips = [(kind, _relative(path, folder)) for path in own]
            passed_over = [path for path in passed_over if path not in own]
    if not clips:
        raise UserError(
            f"There is no clip in {folder}.",
            rule="A clip is a video, a folder of pictures whose names differ in a number, a picture, a .npy of own "
            "features, or a table of action units.",
            received=describe_folder(folder),
            todo="Name the folder that the clips stand in.",
        )
    media = tuple(dict.fromkeys(path for _, path in clips))
    _check_names(media)
    counts = {kind: sum(one == kind for one, _ in clips) for kind in KINDS}
    return FoundClips(media, counts, tuple(_relative(path, folder) for path in passed_over))


def _are_frames(folder: Path, pictures: list[Path]) -> bool:
    """Tell whether the pictures of a folder are the frames of one clip, by their names."""
    if len(pictures) < 2 or any(path.suffix.strip().lower() == ".gif" for path in pictures):
        return False
    stems = {os.path.splitext(path.name.strip())[0].strip() for path in pictures}
    fronts = {stem.rstrip("0123456789") for stem in stems}
    return len(fronts) == 1 and not stems & fronts and len(list_pictures(folder)) == len(pictures)


def _relative(path: Path, folder: Path) -> str:
    return path.relative_to(folder).as_posix()


def _check_names(media: Iterable[str]) -> None:
    """Refuse names that a table would give back changed."""
    hidden = [path for path in media if has_control(path)]
    if hidden:
        raise UserError(
            "A name holds a character that cannot be seen.",
            rule="Names of files and folders have letters, digits, signs and blanks; no ends of lines and no tabs.",
            received=quoted(hidden[0]),
            todo="Rename it.",
        )
    wrong = [path for path in media if path != path.strip()]
    if wrong:
        raise UserError(
            "A name begins or ends with a blank.",
            rule="Cells of a table are read without outer blanks.",
            received=quoted(wrong[0]),
            todo="Rename it.",
        )
