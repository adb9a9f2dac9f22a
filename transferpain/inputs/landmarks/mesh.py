"""MediaPipe's face mesh: a picture goes in, 478 points of each face come out (El-Ghaish)."""

from functools import cache

import numpy as np

from transferpain.core.quiet import standard_error_silenced
from transferpain.inputs.faces.mediapipe_tasks import (
    NOTHING,
    as_image,
    close_task,
    mediapipe_identity,
    open_face_landmarker,
)
from transferpain.inputs.landmarks.geometry import POINTS
from transferpain.inputs.landmarks.settings import LandmarkSettings

FRAME_MILLISECONDS = 33  # between two frames, as the mesh is told; it smooths what it follows by the time


def mesh_identity() -> str:
    """Return the mesh and its library's version; both belong to the cache key."""
    return mediapipe_identity("face mesh")


class FaceMesh:
    """A mesh that follows faces from frame to frame; `forget_faces` with each video."""

    def __init__(self, settings: LandmarkSettings, faces: int):
        self._settings, self._faces = settings, faces
        self._landmarker = self._milliseconds = None

    def open(self) -> None:
        """Start anew, following nothing."""
        if self._landmarker is not None:
            close_task(self._landmarker)
        settings = self._settings
        self._landmarker = open_face_landmarker(
            not settings.still, self._faces, settings.detection_confidence, settings.tracking_confidence
        )
        self._milliseconds = 0
        self.find(NOTHING)

    def find(self, image: np.ndarray) -> list:
        """Return MediaPipe's landmarks of each face in the next frame."""
        picture = as_image(image)
        # Its native code warns of what nobody can act on: at the first picture, and now and then later.
        with standard_error_silenced():
            if self._settings.still:
                return self._landmarker.detect(picture).face_landmarks
            self._milliseconds += FRAME_MILLISECONDS
            return self._landmarker.detect_for_video(picture, self._milliseconds).face_landmarks


@cache
def load_mesh(settings: LandmarkSettings, faces: int = 1) -> FaceMesh:
    """Return a mesh, loaded once a process; `forget_faces` with each video.

    Args:
        settings: how sure it must be, and whether it follows faces from frame to frame.
        faces: the most that it follows; with one it looks for no other while it follows that.

    Raises:
        UserError: if the model file cannot be had.
    """
    mesh = FaceMesh(settings, faces)
    mesh.open()
    return mesh


def forget_faces(mesh: FaceMesh) -> None:
    """Let a mesh forget the faces that it follows: another video begins."""
    mesh.open()


def find_points(mesh: FaceMesh, image: np.ndarray) -> np.ndarray:
    """Return the points of every face in the next frame.

    Args:
        image: uint8 RGB `(height, width, 3)`.

    Returns:
        float32 `(faces, 478, 3)`: x and y in pixels, which may lie outside the picture, and z on the scale of x,
        smaller towards the camera.
    """
    points = [[(point.x, point.y, point.z) for point in face] for face in mesh.find(image)]
    height, width = image.shape[:2]
    return np.array(points, np.float32).reshape(-1, POINTS, 3) * np.float32((width, height, width))
