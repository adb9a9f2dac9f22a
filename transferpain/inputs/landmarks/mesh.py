"""MediaPipe's face mesh: a picture goes in, 478 points of each face come out (El-Ghaish), and blendshapes if asked."""

from functools import cache
from typing import NamedTuple

import numpy as np

from transferpain.core.quiet import standard_error_silenced
from transferpain.inputs.faces.mediapipe_tasks import (
    NOTHING,
    FoundFaces,
    close_task,
    look,
    mediapipe_identity,
    open_face_landmarker,
)
from transferpain.inputs.landmarks.blendshapes import BLENDSHAPES, scores_of
from transferpain.inputs.landmarks.geometry import POINTS
from transferpain.inputs.landmarks.settings import LandmarkSettings

# Between two frames, as the mesh is told. It smooths the way of a single face by the time that has passed: after a
# quarter of an hour nothing is left of the frame before, so that a sudden movement is seen where it is.
FRAME_MILLISECONDS = 1_000_000


class Faces(NamedTuple):
    """What was found of every face in a frame.

    `points`: float32 `(faces, 478, 3)`: x and y in pixels, which may lie outside the picture, and z on the scale of x,
    smaller towards the camera. `blendshapes`: float32 `(faces, 52)`, 0 to 1, NaN if the settings do not ask for them.
    """

    points: np.ndarray
    blendshapes: np.ndarray


def mesh_identity() -> str:
    """Return the mesh and its library's version; both belong to the cache key."""
    return mediapipe_identity("face mesh")


class FaceMesh:
    """A mesh that follows faces from frame to frame; `forget_faces` with each video."""

    def __init__(self, settings: LandmarkSettings, faces: int):
        self._settings, self._faces = settings, faces
        self._open()

    def _open(self) -> None:
        settings = self._settings
        self._landmarker = open_face_landmarker(
            not settings.still,
            self._faces,
            settings.detection_confidence,
            settings.tracking_confidence,
            settings.blendshapes,
        )
        self._milliseconds = 0
        self.find(NOTHING)

    def forget(self) -> None:
        """Follow nothing any more, as if it had just been opened."""
        # A mesh that finds nothing follows nothing; to open it anew takes as long as three pictures.
        if not self._settings.still and len(self.find(NOTHING).points):
            close_task(self._landmarker)
            self._open()

    def find(self, image: np.ndarray) -> FoundFaces:
        """Return what MediaPipe says of each face in the next frame."""
        # Its native code warns of what nobody can act on: at the first picture, and now and then later.
        with standard_error_silenced():
            if self._settings.still:
                return look(self._landmarker, image, None)
            self._milliseconds += FRAME_MILLISECONDS
            return look(self._landmarker, image, self._milliseconds)


@cache
def load_mesh(settings: LandmarkSettings, faces: int = 1) -> FaceMesh:
    """Return a mesh, loaded once a process; `forget_faces` with each video.

    Args:
        settings: how sure it must be, and whether it follows faces from frame to frame.
        faces: the most that it follows; with one it looks for no other while it follows that.

    Raises:
        UserError: if the model file cannot be had.
    """
    return FaceMesh(settings, faces)


def forget_faces(mesh: FaceMesh) -> None:
    """Let a mesh forget the faces that it follows: another video begins."""
    mesh.forget()


def find_faces(mesh: FaceMesh, image: np.ndarray) -> Faces:
    """Return what is found of every face in the next frame.

    Args:
        image: uint8 RGB `(height, width, 3)`.
    """
    found = mesh.find(image)
    height, width = image.shape[:2]
    placed = found.points.reshape(-1, POINTS, 3) * np.float32((width, height, width))
    scores = np.full((len(placed), len(BLENDSHAPES)), np.nan, np.float32)
    for number, face in enumerate(found.blendshapes):
        scores[number] = scores_of(face)
    return Faces(placed, scores)


def find_points(mesh: FaceMesh, image: np.ndarray) -> np.ndarray:
    """Return the `points` of `find_faces` alone."""
    return find_faces(mesh, image).points
