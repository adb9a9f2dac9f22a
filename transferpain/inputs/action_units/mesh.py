"""MediaPipe's face mesh and blendshapes of single pictures, each looked at for itself."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from transferpain.inputs.action_units.geometry import POINTS
from transferpain.inputs.landmarks.blendshapes import BLENDSHAPES
from transferpain.inputs.landmarks.mesh import find_faces, load_mesh
from transferpain.inputs.landmarks.settings import WithBlendshapes

CONFIDENCE = 0.5  # of a face, MediaPipe's own default
# What action units are guessed, fitted and checked with.
STILL = WithBlendshapes(detection_confidence=CONFIDENCE, tracking_confidence=CONFIDENCE, still=True)


class Mesh(NamedTuple):
    """What action units are guessed from, of one face or of several; NaN where no face was found.

    `points`: `(..., 478, 3)`, x and y in pixels and z on the scale of x. `blendshapes`: `(..., 52)`, 0 to 1, in the
    order of `BLENDSHAPES`.
    """

    points: np.ndarray
    blendshapes: np.ndarray


NO_MESH = Mesh(np.full((POINTS, 3), np.nan, np.float32), np.full(len(BLENDSHAPES), np.nan, np.float32))


def stack_meshes(meshes: Sequence[Mesh]) -> Mesh:
    """Put those of single faces together: `points` `(faces, 478, 3)`, `blendshapes` `(faces, 52)`."""
    return Mesh(*(np.stack(parts) for parts in zip(*meshes, strict=True)))


def load_still_mesh() -> Callable[[np.ndarray], Mesh]:
    """Return what finds the mesh of the face in a picture, uint8 RGB `(height, width, 3)`; float32, of one face."""
    mesh = load_mesh(STILL)

    def find(picture: np.ndarray) -> Mesh:
        faces = find_faces(mesh, picture)
        return Mesh(faces.points[0], faces.blendshapes[0]) if len(faces.points) else NO_MESH

    return find
