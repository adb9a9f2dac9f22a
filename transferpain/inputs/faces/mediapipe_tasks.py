"""MediaPipe's tasks, opened from the pinned model file (docs/assets.md); all of their library that is used stands here.

The file is an archive of four networks: the detector of faces, the mesh of 478 points, the blendshapes, and the shape
of a head.
"""

import ctypes
import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from typing import TYPE_CHECKING, NamedTuple
from zipfile import ZipFile

import numpy as np

from transferpain.core.assets.registry import asset_bytes, asset_path
from transferpain.core.errors import UserError
from transferpain.core.quiet import module_hidden, standard_error_silenced

if TYPE_CHECKING:
    from mediapipe.tasks.python.components.containers.category import Category
    from mediapipe.tasks.python.vision import FaceDetector, FaceLandmarker

MODEL = "face_landmarker"
DETECTOR_IN_MODEL = "face_detector.tflite"
SYSTEM_LIBRARIES = ("libEGL.so.1", "libGLESv2.so.2")
NOTHING = np.zeros((64, 64, 3), np.uint8)


def mediapipe_identity(part: str) -> str:
    """Return `part` with the library's version; it belongs to the cache key of what the part finds."""
    return f"mediapipe {version('mediapipe')} {part}"


def prepare_mediapipe() -> None:
    """Make sure that what the tasks need is there, before worker processes start.

    Raises:
        UserError: if the model file cannot be had, or a library of the system is missing.
    """
    asset_path(MODEL)
    check_libraries()


def check_libraries(libraries: tuple[str, ...] = SYSTEM_LIBRARIES) -> None:
    """Make sure that the system has the libraries that MediaPipe is linked with; it is not imported.

    Raises:
        UserError: if one is missing.
    """
    if sys.platform == "linux":
        for library in libraries:
            try:
                ctypes.CDLL(library)
            except OSError as error:
                raise _library_missing(error) from error


def open_face_detector(confidence: float) -> "FaceDetector":
    """Open the detector of every face in single pictures.

    Args:
        confidence: the least score of a face, from 0 to 1.

    Raises:
        UserError: if the model file cannot be had, or a library of the system is missing.
    """
    with ZipFile(io.BytesIO(asset_bytes(MODEL))) as archive:
        network = archive.read(DETECTOR_IN_MODEL)
    with starting_mediapipe():
        vision, base_options = _library()
        options = vision.FaceDetectorOptions(
            base_options=base_options(model_asset_buffer=network), min_detection_confidence=confidence
        )
        detector = vision.FaceDetector.create_from_options(options)
        # The first picture starts the graph, which is as talkative as loading it.
        detector.detect(as_image(NOTHING))
    return detector


def open_face_landmarker(
    follows: bool, faces: int, detection_confidence: float, presence_confidence: float, blendshapes: bool = False
) -> "FaceLandmarker":
    """Open the mesh.

    Args:
        follows: whether it follows faces from one frame to the next (`detect_for_video`), or looks at each picture for
            itself (`detect`).
        faces: the most that it finds.
        detection_confidence: the least score of a face that it finds anew, from 0 to 1.
        presence_confidence: of a face that the mesh lies on; below, a followed face is looked for anew.
        blendshapes: whether it also tells how strongly each of the face's 52 blendshapes is there.

    Raises:
        UserError: if the model file cannot be had, or a library of the system is missing.
    """
    model = asset_bytes(MODEL)
    with starting_mediapipe():
        vision, base_options = _library()
        options = vision.FaceLandmarkerOptions(
            base_options=base_options(model_asset_buffer=model),
            running_mode=vision.RunningMode.VIDEO if follows else vision.RunningMode.IMAGE,
            num_faces=faces,
            min_face_detection_confidence=detection_confidence,
            min_face_presence_confidence=presence_confidence,
            output_face_blendshapes=blendshapes,
        )
        return vision.FaceLandmarker.create_from_options(options)


def as_image(picture: np.ndarray):
    """Wrap a picture, uint8 RGB `(height, width, 3)`, as the tasks take it."""
    import mediapipe

    return mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=np.ascontiguousarray(picture))


class FoundFaces(NamedTuple):
    """What a mesh found in a picture.

    `points`: float32 `(faces, points, 3)`, x and y as shares of the picture's width and height, z on the scale of x.
    `blendshapes`: of each face; empty if the mesh was opened without.
    """

    points: np.ndarray
    blendshapes: list[list["Category"]]


def look(landmarker: "FaceLandmarker", picture: np.ndarray, milliseconds: int | None) -> FoundFaces:
    """Let a mesh look at a picture.

    The task's own method makes a Python object of each point, which takes a sixth as long as the mesh itself; here
    they are copied from what its native code returns.

    Args:
        landmarker: as `open_face_landmarker` returns it.
        picture: uint8 RGB `(height, width, 3)`.
        milliseconds: the time of the picture, later than that of the one before; `None` if the mesh looks at each
            picture for itself.
    """
    from mediapipe.tasks.python.components.containers.category import Category
    from mediapipe.tasks.python.vision.face_landmarker import MpFaceLandmarkerResultC

    image, found = as_image(picture), MpFaceLandmarkerResultC()
    time = () if milliseconds is None else (milliseconds,)
    native = landmarker._lib
    detect = native.MpFaceLandmarkerDetectImage if milliseconds is None else native.MpFaceLandmarkerDetectForVideo
    detect(landmarker._handle, image._image_ptr, None, *time, ctypes.byref(found))
    try:
        points = [_points(found.face_landmarks[number]) for number in range(found.face_landmarks_count)]
        blendshapes = [
            [Category.from_ctypes(face.categories[number]) for number in range(face.categories_count)]
            for face in (found.face_blendshapes[number] for number in range(found.face_blendshapes_count))
        ]
    finally:
        native.MpFaceLandmarkerCloseResult(ctypes.byref(found))
    return FoundFaces(np.array(points, np.float32), blendshapes)


def _points(face: ctypes.Structure) -> np.ndarray:
    # Of each point's structure the coordinates come first.
    content = ctypes.string_at(face.landmarks, face.landmarks_count * ctypes.sizeof(face.landmarks.contents))
    return np.frombuffer(content, np.float32).reshape(face.landmarks_count, -1)[:, :3]


def close_task(task: "FaceDetector | FaceLandmarker") -> None:
    """Close a task that is used no more."""
    with standard_error_silenced():
        task.close()


def _library():
    from mediapipe.tasks.python import BaseOptions, vision

    # A task closes itself when it is deleted. At the end of the process it fails in that, with a traceback, because
    # what it needs is gone by then; the end frees it as well, and before it `close_task` does.
    for task_type in (vision.FaceDetector, vision.FaceLandmarker):
        task_type.__del__ = _nothing_to_do
    return vision, BaseOptions


def _nothing_to_do(task: object) -> None:
    """Be what a task does when it is deleted."""


@contextmanager
def starting_mediapipe() -> Iterator[None]:
    """Import mediapipe and open a task in here: both are talkative, and slow with TensorFlow.

    MediaPipe needs TensorFlow for its documentation only, and takes seconds to import it.

    Raises:
        UserError: if a library of the system is missing that MediaPipe is linked with.
    """
    try:
        with standard_error_silenced(), module_hidden("tensorflow"):
            yield
    except OSError as error:
        raise _library_missing(error) from error


def _library_missing(error: OSError) -> UserError:
    return UserError(
        "MediaPipe does not start.",
        rule=f"It is linked with {' and '.join(SYSTEM_LIBRARIES)}, on machines without a screen as well.",
        received=error,
        todo="Install them (Debian and Ubuntu: apt install libegl1 libgles2), or choose the detector dlib.",
    )
