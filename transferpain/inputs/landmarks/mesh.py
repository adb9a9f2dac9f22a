"""MediaPipe's face mesh: a picture goes in, 478 points of each face come out (El-Ghaish)."""

from functools import cache
from importlib.metadata import version
from typing import TYPE_CHECKING

import numpy as np

from transferpain.core.quiet import standard_error_silenced
from transferpain.inputs.faces.detectors import starting_mediapipe
from transferpain.inputs.landmarks.geometry import POINTS
from transferpain.inputs.landmarks.settings import LandmarkSettings

if TYPE_CHECKING:
    from mediapipe.python.solutions.face_mesh import FaceMesh

NOTHING = np.zeros((64, 64, 3), np.uint8)


def mesh_identity() -> str:
    """Return the mesh and its library's version; both belong to the cache key."""
    return f"mediapipe {version('mediapipe')} face mesh"


@cache
def load_mesh(settings: LandmarkSettings, faces: int = 1) -> "FaceMesh":
    """Return a mesh that follows faces from frame to frame, loaded once a process; `forget_faces` with each video.

    Args:
        faces: the most that it follows; with one it looks for no other while it follows that.
    """
    with starting_mediapipe():
        import mediapipe

        mesh = mediapipe.solutions.face_mesh.FaceMesh(
            static_image_mode=settings.still,
            max_num_faces=faces,
            refine_landmarks=True,
            min_detection_confidence=settings.detection_confidence,
            min_tracking_confidence=settings.tracking_confidence,
        )
        mesh.process(NOTHING)
    return mesh


def forget_faces(mesh: "FaceMesh") -> None:
    """Let a mesh forget the faces that it follows: another video begins."""
    with standard_error_silenced():
        mesh.reset()
        # It opens in threads of its own, and speaks until the first picture is through.
        mesh.process(NOTHING)


def find_points(mesh: "FaceMesh", image: np.ndarray) -> np.ndarray:
    """Return the points of every face in the next frame.

    Args:
        image: uint8 RGB `(height, width, 3)`.

    Returns:
        float32 `(faces, 478, 3)`: x and y in pixels, which may lie outside the picture, and z on the scale of x,
        smaller towards the camera.
    """
    # Its native code warns at each first face, of what nobody can act on.
    with standard_error_silenced():
        found = mesh.process(image).multi_face_landmarks or []
    points = [[(point.x, point.y, point.z) for point in face.landmark] for face in found]
    height, width = image.shape[:2]
    return np.array(points, np.float32).reshape(-1, POINTS, 3) * np.float32((width, height, width))
