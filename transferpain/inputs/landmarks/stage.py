"""The stage that turns videos and pictures into landmarks: decode, follow the face mesh, place, keep."""

from functools import partial
from pathlib import Path

import pandas as pd

from transferpain.inputs.faces.measure import Measurement, measure_clips
from transferpain.inputs.faces.mediapipe_tasks import prepare_mediapipe
from transferpain.inputs.landmarks.cache import landmark_key, landmarks_path
from transferpain.inputs.landmarks.mesh import mesh_identity
from transferpain.inputs.landmarks.settings import LandmarkSettings


def compute_landmarks(
    clips: pd.DataFrame, data_root: Path, settings: LandmarkSettings, cache: Path, jobs: int | None = None
) -> pd.DataFrame:
    """Find the face mesh in every frame of every clip; what the cache holds is not computed again.

    It runs on the original frames, not on the crops of the faces stage, because it follows a face from one frame to
    the next.

    Args:
        clips, data_root, cache, jobs: as `measure_clips` takes them.
        settings: how sure the mesh must be.

    Returns:
        The table of `measure_clips`, in which `landmarks` is the path of the cache file, see `read_landmarks`.

    Raises:
        UserError: if the cache cannot be written, or the mesh does not start.
    """

    def key(content: str, mesh: str, span: tuple[int, int | None] | None) -> str:
        return landmark_key(content, mesh, settings, span)

    def prepare():
        prepare_mediapipe()
        from transferpain.inputs.landmarks.clip import compute_clip

        return partial(compute_clip, settings=settings, cache=cache)

    landmarks = Measurement("landmarks", mesh_identity(), key, landmarks_path, prepare)
    return measure_clips(clips, data_root, landmarks, cache, jobs)
