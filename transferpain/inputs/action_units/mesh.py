"""MediaPipe's face mesh on single pictures, each looked at for itself."""

from collections.abc import Callable

import numpy as np

from transferpain.core.quiet import standard_error_silenced
from transferpain.inputs.action_units.geometry import POINTS

CONFIDENCE = 0.5  # of a face, MediaPipe's own default


def load_still_mesh() -> Callable[[np.ndarray], np.ndarray]:
    """Return what finds the mesh of the face in a picture, uint8 RGB `(height, width, 3)`.

    It returns float32 `(478, 3)`: x and y in pixels and z on the scale of x; NaN where there is no face.
    """
    with standard_error_silenced():
        import mediapipe

        mesh = mediapipe.solutions.face_mesh.FaceMesh(
            static_image_mode=True, max_num_faces=1, refine_landmarks=True, min_detection_confidence=CONFIDENCE
        )
        # The first picture starts the graph, which is as talkative as loading it.
        mesh.process(np.zeros((64, 64, 3), np.uint8))

    def find(picture: np.ndarray) -> np.ndarray:
        # It comments on the first face in a picture that is not square.
        with standard_error_silenced():
            faces = mesh.process(picture).multi_face_landmarks
        if not faces:
            return np.full((POINTS, 3), np.nan, np.float32)
        height, width = picture.shape[:2]
        points = np.array([(point.x, point.y, point.z) for point in faces[0].landmark], np.float32)
        return points * np.float32((width, height, width))

    return find
