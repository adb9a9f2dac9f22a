"""MediaPipe's face mesh on single pictures, each looked at for itself."""

from collections.abc import Callable

import numpy as np

from transferpain.inputs.action_units.geometry import POINTS
from transferpain.inputs.landmarks.mesh import find_points, load_mesh
from transferpain.inputs.landmarks.settings import LandmarkSettings

CONFIDENCE = 0.5  # of a face, MediaPipe's own default
# What the proxies are fitted and checked with.
STILL = LandmarkSettings(detection_confidence=CONFIDENCE, tracking_confidence=CONFIDENCE, still=True)


def load_still_mesh() -> Callable[[np.ndarray], np.ndarray]:
    """Return what finds the mesh of the face in a picture, uint8 RGB `(height, width, 3)`.

    It returns float32 `(478, 3)`: x and y in pixels and z on the scale of x; NaN where there is no face.
    """
    mesh = load_mesh(STILL)

    def find(picture: np.ndarray) -> np.ndarray:
        faces = find_points(mesh, picture)
        return faces[0] if len(faces) else np.full((POINTS, 3), np.nan, np.float32)

    return find
