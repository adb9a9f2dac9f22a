"""The faces of one clip, computed in a worker process, or in this one."""

import math
import multiprocessing
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np

from transferpain.core.errors import UserError
from transferpain.core.quiet import silence_opencv
from transferpain.core.store import using
from transferpain.data.media.medium import Frame, UnreadableMedium
from transferpain.data.media.reader import open_medium
from transferpain.data.media.times import is_variable, medium_rate
from transferpain.inputs.faces.cache import ClipTask, FaceFacts, write_faces
from transferpain.inputs.faces.crop import crop_face
from transferpain.inputs.faces.detectors import Detection, Finder, detector_identity, load_finder
from transferpain.inputs.faces.follow import PersonFollower
from transferpain.inputs.faces.jpeg import encode_jpeg
from transferpain.models.sources.face_settings import FaceSettings

NO_FACE = {"found": False, **dict.fromkeys(Detection._fields, math.nan), "jpeg": None}


def compute_clip(task: ClipTask, settings: FaceSettings, cache: Path) -> tuple[int, str]:
    """Compute the faces of one clip; as `measure_clip`."""

    def measure(frames: Iterator[Frame]) -> list[dict]:
        find, person = load_finder(settings.detector), PersonFollower()
        rows = [_face_row(frame, find, person, settings) for frame in frames]
        return [row if number >= person.since else row | NO_FACE for number, row in enumerate(rows)]

    return measure_clip(task, measure, detector_identity(settings.detector), write_faces, cache)


def measure_clip(
    task: ClipTask,
    measure: Callable[[Iterator[Frame]], list[dict]],
    detector: str,
    write: Callable[[Path, FaceFacts, list[dict]], object],
    cache: Path,
) -> tuple[int, str]:
    """Measure one clip and keep what was measured.

    Args:
        task: the clip, and the file to write.
        measure: takes the frames, returns one dict per frame, in which `found` says whether the person's face is
            there, and `faces` how many are.
        detector: what measures, and its version.
        write: takes the file, what is true of the whole clip, and the dicts, with `seconds` added.
        cache: the cache folder, for messages.

    Returns:
        The number of frames, and a problem, empty if there is none.

    Raises:
        RuntimeError: if `measure` fails; it names the clip.
        UserError: if the cache cannot be written, or what measures does not start.
    """
    if multiprocessing.parent_process() is not None:
        cv2.setNumThreads(1)  # there is one worker per core already
    silence_opencv()
    seconds: list[float] = []
    undecoded = 0

    def counted(frames: Iterator[Frame]) -> Iterator[Frame]:
        nonlocal undecoded
        for frame in frames:
            seconds.append(frame.seconds)
            undecoded += frame.image is None
            yield frame

    try:
        stated, frames = open_medium(task.medium)
    except UnreadableMedium as error:
        return 0, str(error)
    try:
        rows = measure(counted(frames))
    except UserError:
        raise
    except Exception as error:
        raise RuntimeError(f"{detector} failed on clip {task.clip}: {error!r}") from error
    rows = [row | {"seconds": time} for row, time in zip(rows, seconds, strict=True)]
    times = np.array(seconds)
    rate = medium_rate(stated, times)
    facts = FaceFacts(
        key=task.key,
        fps=rate,
        num_frames=len(rows),
        found=sum(row["found"] for row in rows),
        detector=detector,
        variable=rate > 0 and is_variable(rate, times),
        undecoded=undecoded,
        several=sum(row["faces"] > 1 for row in rows),
    )
    with using(cache):
        write(task.path, facts, rows)
    return len(rows), ""


def _face_row(frame: Frame, find: Finder, person: PersonFollower, settings: FaceSettings) -> dict:
    faces = [] if frame.image is None else find(frame.image)
    chosen = person.choose(np.array([face[:4] for face in faces]), frame.seconds)
    if chosen is None:
        return {**NO_FACE, "faces": len(faces)}
    detection = faces[chosen]
    face = crop_face(frame.image, detection[:4], settings.resolved_margin, settings.size)
    return {"found": True, **detection._asdict(), "faces": len(faces), "jpeg": encode_jpeg(face)}
