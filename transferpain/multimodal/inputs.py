"""From a clip's landmarks to what the fused network reads."""

import numpy as np

from transferpain.features.windows import fill_missing, resample
from transferpain.multimodal.settings import FusionSettings


def landmark_input(points: np.ndarray, settings: FusionSettings) -> np.ndarray | None:
    """Return the landmarks of a clip as the landmark branch reads them.

    Along time, T frames are spread evenly over the clip, and a frame without a face has the landmarks of the face
    before it, or of the first one after it. Along points, it is the frame with a face that is nearest to the clip's
    middle. All this is our choice, not the paper's.

    Args:
        points: float32 `(frames, 478, 3)`, placed, NaN in frames without a face; see `read_landmarks`.
        settings: which of them are read.

    Returns:
        float32 `settings.landmark_shape` without NaN; `None` for a clip without a face.
    """
    found = np.flatnonzero(~np.isnan(points[:, 0, 0]))
    if not len(found):
        return None
    chosen = points[:, : settings.points, : settings.coordinates]
    if settings.axis == "points":
        middle = (len(points) - 1) / 2
        return np.ascontiguousarray(chosen[found[np.abs(found - middle).argmin()]], np.float32)
    filled, _ = fill_missing(chosen.reshape(len(chosen), -1), "hold_last")
    return resample(filled, settings.frames).astype(np.float32)
