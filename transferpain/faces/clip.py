"""The faces of one clip, computed in a worker process."""

import math
import os
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from transferpain.faces.cache import ClipTask, FaceFacts, using, write_faces
from transferpain.faces.crop import crop_face, encode_jpeg
from transferpain.faces.detectors import Detection, Detector, detector_identity, load_detector
from transferpain.faces.medium import Medium, UnreadableMedium
from transferpain.faces.pictures import open_pictures
from transferpain.faces.settings import FaceSettings
from transferpain.faces.video import open_video


def compute_clip(task: ClipTask, settings: FaceSettings, cache: Path) -> tuple[int, str]:
    """Compute the faces of one clip in a worker process.

    Returns:
        The number of frames, and a problem, empty if there is none.

    Raises:
        RuntimeError: if the detector fails; it names the clip.
        UserError: if the cache cannot be written.
    """
    # There is a worker a core already; and what is wrong with a video is told by its problem text.
    cv2.setNumThreads(1)
    cv2.setLogLevel(0)
    os.environ["OPENCV_FFMPEG_LOGLEVEL"] = "-8"
    try:
        fps, frames = _open(task.medium)
    except UnreadableMedium as error:
        return 0, str(error)
    try:
        detect = load_detector(settings.detector)
        rows = [_face_row(frame, detect, settings) for frame in frames]
    except Exception as error:
        raise RuntimeError(f"{settings.detector} failed on clip {task.clip}: {error!r}") from error
    facts = FaceFacts(
        key=task.key,
        fps=fps,
        num_frames=len(rows),
        found=sum(row["found"] for row in rows),
        detector=detector_identity(settings.detector),
    )
    with using(cache):
        write_faces(task.path, facts, rows)
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
