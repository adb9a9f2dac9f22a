"""What a model says of photographs and videos: each face that is found is a row of a table, or why there is none."""

import math
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import numpy as np
import pandas as pd

from transferpain.core.errors import UserError
from transferpain.core.privacy import hide_names
from transferpain.core.progress import note, progress_bar
from transferpain.core.quiet import silence_opencv
from transferpain.data.datasets.dataset import VIDEO_SUFFIXES
from transferpain.data.media.animations import picture_count
from transferpain.data.media.medium import Frame, UnreadableMedium, check_file
from transferpain.data.media.paths import is_picture
from transferpain.data.media.pictures import decode_picture
from transferpain.data.media.reader import open_moving
from transferpain.data.media.walk import describe_endings, describe_folder, walk_files
from transferpain.inputs.faces.crop import crop_face
from transferpain.inputs.faces.detectors import Detection, Finder, load_finder, prepare_detector
from transferpain.models.sources.face_settings import FaceSettings

BATCH = 32  # faces that are answered together
SHOWN_PROBLEMS = 3
DEEPEST = 32  # levels of folders
NO_FACE = "no face was found"
OTHER_FACE = "the reference is of one person: of each frame the largest face alone is answered"
UNDECODED = "the frame cannot be decoded"
BOX = Detection._fields


@dataclass(frozen=True)
class Answering:
    """What answers to faces.

    Attributes:
        classes: the names of its classes.
        faces: how a face is found and cut out, as in its training.
        answer: takes faces, uint8 RGB `(n, size, size, 3)`, returns probabilities, float32 `(n, classes)`.
        synthetic: whether drawn faces took part in its training.
        one_person: whether it compares faces with one person's own, so that only the largest of a frame is answered.
    """

    classes: tuple[str, ...]
    faces: FaceSettings
    answer: Callable[[np.ndarray], np.ndarray]
    synthetic: bool
    one_person: bool = False


def predict_places(places: Sequence[Path], model: Answering) -> pd.DataFrame:
    """Find the faces in photographs and videos, and ask a model about each.

    Every face is a row, the largest of a frame first; a frame without one is a row without an answer, and so is a file
    that cannot be read, beside others that can. A file that is named several times is answered once.

    Args:
        places: pictures, videos, and folders, of which all pictures and videos below are taken.
        model: what answers.

    Returns:
        A table with the columns file, frame (its number in the file, from 0), seconds (NaN where it has no time),
        faces (how many the frame shows), face (1: the largest), left, top, right, bottom (pixels), score (the
        detector's), answer (a class), `p_<class>` of each class, problem (empty, or why there is no answer) and
        synthetic.

    Raises:
        UserError: if a place is not there, a folder holds neither pictures nor videos, or not one file can be read.
    """
    named: dict[str, Path] = {}
    for file in (file for place in places for file in find_media(place)):
        named.setdefault(os.path.abspath(file), file)
    files = list(named.values())
    prepare_detector(model.faces.detector)
    silence_opencv()
    find = load_finder(model.faces.detector)
    tables, unread = [], []
    with progress_bar("faces answered", None, "frames") as advance:
        for file in files:
            try:
                tables.append(_predict_file(file, find, model, advance))
            except (UnreadableMedium, OSError) as error:
                reason = str(error) if isinstance(error, UnreadableMedium) else error.strerror or str(error)
                unread.append(f"{hide_names(file)}: {reason}")
                tables.append([_row(file, problem=reason)])
    if len(unread) == len(files):
        more = f"; and {len(files) - SHOWN_PROBLEMS} more" if len(files) > SHOWN_PROBLEMS else ""
        raise UserError(
            "There is nothing that can be read.",
            rule="A photograph or a video is a file that decodes, and its name says which of them it is.",
            received="; ".join(unread[:SHOWN_PROBLEMS]) + more,
            todo="Name pictures (.jpg, .png ...), videos (.mp4 ...), or a folder of them.",
        )
    rows = [row for table in tables for row in table]
    table = pd.DataFrame(rows, columns=columns_of(model.classes)).assign(synthetic=model.synthetic)
    return table.astype(dict.fromkeys(("frame", "faces", "face"), "Int64"))


def columns_of(classes: Sequence[str]) -> list[str]:
    """Return the columns of a table of answers, without `synthetic`."""
    probabilities = [f"p_{name}" for name in classes]
    return ["file", "frame", "seconds", "faces", "face", *BOX, "answer", *probabilities, "problem"]


def find_media(place: Path) -> list[Path]:
    """Return the pictures and videos that a place stands for, in natural order of their names.

    Of a folder, at any depth; how many of its files are neither by their names, and of which endings, is told.

    Raises:
        UserError: if it is not there, or a folder that holds none.
    """
    if not place.is_dir():
        if not place.exists():
            raise UserError(
                "There is no such picture or video.",
                rule="What is to be answered is a picture, a video, or a folder of them.",
                received=hide_names(place),
                todo="Check the path.",
            )
        return [place]
    files = list(walk_files(place, DEEPEST))
    found = [file for file in files if _is_media(file)]
    if not found:
        raise UserError(
            f"The folder {hide_names(place)} holds no picture and no video.",
            rule="Files are taken by the ends of their names, such as .jpg, .png and .mp4.",
            received=describe_folder(place),
            todo="Name another folder, or the files themselves.",
        )
    if other := [file for file in files if not _is_media(file)]:
        note(
            f"{hide_names(place)}: {len(other)} of {len(files)} files are passed over, for they are neither pictures "
            f"nor videos by the ends of their names: {describe_endings(other)}"
        )
    return found


def _is_media(file: Path) -> bool:
    return is_picture(file.name) or file.suffix.strip().lower() in VIDEO_SUFFIXES


def read_frames(file: Path) -> Iterator[Frame]:
    """Return the frames of a video, or the one of a picture. Raises `UnreadableMedium` and `OSError` as the reader."""
    check_file(file)
    if not is_picture(file.name) or picture_count(file) > 1:
        return open_moving(file)[1]
    image = decode_picture(file)
    if image is None:
        raise UnreadableMedium(
            "it is no picture that can be decoded: cut short, or of another kind than its name says, such as a video"
        )
    return iter([Frame(0, math.nan, image)])


def _predict_file(file: Path, find: Finder, model: Answering, advance: Callable) -> list[dict]:
    """Return the rows of one file."""
    rows: list[dict] = []
    waiting: list[tuple[dict, np.ndarray]] = []

    def answer() -> None:
        given = model.answer(np.stack([face for _, face in waiting]))
        for (row, _), probabilities in zip(waiting, given, strict=True):
            row["answer"] = model.classes[int(probabilities.argmax())]
            row |= {f"p_{name}": float(share) for name, share in zip(model.classes, probabilities, strict=True)}
        waiting.clear()

    for frame in read_frames(file):
        shown = [] if frame.image is None else find(frame.image)
        place = {"frame": frame.number, "seconds": frame.seconds, "faces": len(shown)}
        for number, face in zip(count(1), sorted(shown, key=lambda one: -one.area)):
            row = _row(file, **place, face=number, **face._asdict())
            rows.append(row)
            if model.one_person and number > 1:
                row["problem"] = OTHER_FACE
                continue
            crop = crop_face(frame.image, face[:4], model.faces.resolved_margin, model.faces.size)
            waiting.append((row, crop))
            if len(waiting) == BATCH:
                answer()
        if not shown:
            rows.append(_row(file, **place, problem=UNDECODED if frame.image is None else NO_FACE))
        advance()
    if waiting:
        answer()
    return rows


def _row(file: Path, **known) -> dict:
    nothing = {"frame": pd.NA, "faces": pd.NA, "face": pd.NA, "answer": "", "problem": ""}
    return {"file": hide_names(file), **nothing, **known}
