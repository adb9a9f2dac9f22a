"""The stage that turns videos and pictures into faces: decode, detect, crop, resize, keep."""

from functools import partial
from pathlib import Path

import pandas as pd

from transferpain.inputs.faces.cache import face_key, faces_path
from transferpain.inputs.faces.detectors import detector_identity, prepare_detector
from transferpain.inputs.faces.measure import Measurement, measure_clips
from transferpain.models.sources.face_settings import FaceSettings


def compute_faces(
    clips: pd.DataFrame, data_root: Path, settings: FaceSettings, cache: Path, jobs: int | None = None
) -> pd.DataFrame:
    """Find the face in every frame of every clip; what the cache holds is not computed again.

    Args:
        clips, data_root, cache, jobs: as `measure_clips` takes them.
        settings: detector, margin and size.

    Returns:
        The table of `measure_clips`, in which `faces` is the path of the cache file.

    Raises:
        UserError: if the cache cannot be written, or weights of the detector are missing.
    """

    return measure_clips(clips, data_root, faces_measurement(settings, cache), cache, jobs)


def faces_measurement(settings: FaceSettings, cache: Path) -> Measurement:
    """Return what finding faces is to `measure_clips`.

    Raises:
        UserError: if the detector is not installed.
    """

    def key(content: str, identity: str, span: tuple[int, int | None] | None) -> str:
        return face_key(content, identity, settings.resolved_margin, settings.size, span)

    def prepare():
        from transferpain.inputs.faces.clip import compute_clip

        prepare_detector(settings.detector)
        return partial(compute_clip, settings=settings, cache=cache)

    return Measurement("faces", detector_identity(settings.detector), key, faces_path, prepare)
