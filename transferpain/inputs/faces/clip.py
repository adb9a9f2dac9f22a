"""The faces of one clip, computed in a worker process, or in this one."""

import math
import multiprocessing
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np

from transferpain.core.errors import UserError
from transferpain.core.quiet import silence_opencv
from transferpain.data.media.medium import Medium, UnreadableMedium
from transferpain.data.media.pictures import open_pictures
from transferpain.data.media.video import open_video
from transferpain.inputs.faces.cache import ClipTask, FaceFacts, using, write_faces
from transferpain.inputs.faces.crop import crop_face
from transferpain.inputs.faces.detectors import Detection, Detector, detector_identity, load_detector
from transferpain.inputs.faces.jpeg import encode_jpeg
from transferpain.models.sources.face_settings import FaceSettings


def compute_clip(task: ClipTask, settings: FaceSettings, cache: Path) -> tuple[int, str]:
    """Compute the faces of one clip; as `measure_clip`."""

    def measure(frames: Iterator[np.ndarray | None]) -> list[dict]:
        detect = load_detector(settings.detector)
        return [_face_row(frame, detect, settings) for frame in frames]

    return measure_clip(task, measure, detector_identity(settings.detector), write_faces, cache)


def measure_clip(
    task: ClipTask,
    measure: Callable[[Iterator[np.ndarray | None]], list[dict]],
    detector: str,
    write: Callable[[Path, FaceFacts, list[dict]], object],
    cache: Path,
) -> tuple[int, str]:
    """Measure one clip and keep what was measured.

    Args:
        task: the clip, and the file to write.
        measure: takes the frames, uint8 RGB `(height, width, 3)` or `None` for one that cannot be decoded; returns one
            dict per frame, in which `found` says whether there is a face.
        detector: what measures, and its version.
        write: takes the file, what is true of the whole clip, and the dicts.
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
    try:
        fps, frames = _open(task.medium)
    except UnreadableMedium as error:
        return 0, str(error)
    try:
        rows = measure(frames)
    except UserError:
        raise
    except Exception as error:
        raise RuntimeError(f"{detector} failed on clip {task.clip}: {error!r}") from error
    found = sum(row["found"] for row in rows)
    with using(cache):
        write(task.path, FaceFacts(task.key, fps, len(rows), found, detector), rows)
    return len(rows), ""


def _open(medium: Medium) -> tuple[float, Iterator[np.ndarray | None]]:
    if medium.pictures:
        return math.nan, open_pictures(medium.path, medium.span)
    return open_video(medium.path, medium.span)


def _face_row(frame: np.ndarray | None, detect: Detector, settings: FaceSettings) -> dict:
    detection = None if frame is None else detect(frame)
    if detection is None:
        return {"found": False, **dict.fromkeys(Detection._fields, math.nan), "jpeg": None}
    face = crop_face(frame, detection[:4], settings.resolved_margin, settings.size)
    return {"found": True, **detection._asdict(), "jpeg": encode_jpeg(face)}
