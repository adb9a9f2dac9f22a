"""Face detectors: a picture goes in, the boxes of all faces come out, or that of the largest.

Every loader imports its library itself, so that only the chosen one has to start.
"""

import http.client
import math
import urllib.request
from collections.abc import Callable
from functools import cache, partial
from importlib.metadata import version
from pathlib import Path
from threading import Lock
from typing import NamedTuple

import numpy as np

from transferpain.core.assets.registry import asset_bytes, asset_path
from transferpain.core.errors import UserError
from transferpain.core.quiet import standard_error_silenced
from transferpain.core.store import write_atomically
from transferpain.core.transfer import save
from transferpain.inputs.faces.mediapipe_tasks import as_image, open_face_detector, prepare_mediapipe
from transferpain.models.sources.face_settings import check_installed

DISTRIBUTIONS = {
    "mediapipe": "mediapipe",
    "dlib": "dlib-bin",
    "face_alignment": "face-alignment",
    "yunet": "opencv-python",
}
MEDIAPIPE_CONFIDENCE = 0.5
YUNET_CONFIDENCE = 0.7  # our choice; docs/detectors.md says what other ones find
LARGEST_WEIGHTS = 512 << 20  # bytes of a file of weights; the larger of face_alignment's has a fifth (our choice)


class Detection(NamedTuple):
    """The box of a face in pixels, and the detector's own score."""

    left: float
    top: float
    right: float
    bottom: float
    score: float

    @property
    def area(self) -> float:
        """Width times height."""
        return (self.right - self.left) * (self.bottom - self.top)


# A picture, uint8 RGB (height, width, 3) -> the largest face in it, or None.
Detector = Callable[[np.ndarray], Detection | None]
# The same -> all faces that are found in it.
Finder = Callable[[np.ndarray], list[Detection]]


def detector_identity(name: str) -> str:
    """Return the detector's name and its library's version; both belong to the cache key.

    Of yunet only one file of weights is taken, so that OpenCV's version says all.

    Raises:
        UserError: if its packages are not installed.
    """
    check_installed(name)
    return f"{name} {version(DISTRIBUTIONS[name])}"


@cache
def load_detector(name: str) -> Detector:
    """Return a detector, loaded once a process.

    Args:
        name: `mediapipe`, `dlib`, `face_alignment` or `yunet`.

    Raises:
        UserError: if its packages are not installed.
    """
    find = load_finder(name)
    return lambda image: _largest(find(image))


@cache
def load_finder(name: str) -> Finder:
    """Return what finds all faces, by the detector of a name, as `load_detector` takes it; loaded once a process."""
    check_installed(name)
    loaders = {
        "mediapipe": load_face_finder,
        "dlib": _load_dlib,
        "face_alignment": _load_face_alignment,
        "yunet": _load_yunet,
    }
    find = loaders[name]()
    return lambda image: [detection for detection in find(image) if lies_in(detection, image)]


def lies_in(detection: Detection, image: np.ndarray) -> bool:
    """Tell whether a box has numbers and a part of a picture: of a picture of a few pixels yunet may answer anything.

    Args:
        image: `(height, width, 3)`.
    """
    height, width = image.shape[:2]
    box = (detection.left, detection.top, detection.right, detection.bottom)
    overlaps = detection.left < min(width, detection.right) and detection.top < min(height, detection.bottom)
    return all(map(math.isfinite, box)) and overlaps and detection.right > 0 and detection.bottom > 0


def prepare_detector(name: str) -> None:
    """Make sure that what a detector needs on disk is there, before worker processes start.

    Raises:
        UserError: if its packages or a library of the system are not installed, or weights are missing and cannot be
            downloaded.
    """
    check_installed(name)
    if name == "face_alignment":
        _fetch_face_alignment_weights()
    elif name == "mediapipe":
        prepare_mediapipe()
    elif name == "yunet":
        asset_path("yunet")


def _largest(detections: list[Detection]) -> Detection | None:
    return max(detections, key=lambda detection: detection.area, default=None)


@cache
def load_face_finder() -> Finder:
    """Return what finds every face in a picture, uint8 RGB (height, width, 3), by MediaPipe; loaded once a process.

    Threads may share it.

    Raises:
        UserError: if the model file cannot be had.
    """
    detector = open_face_detector(MEDIAPIPE_CONFIDENCE)
    one_at_a_time = Lock()

    def find(image: np.ndarray) -> list[Detection]:
        # Its native code warns now and then, of what nobody can act on.
        with one_at_a_time, standard_error_silenced():
            found = detector.detect(as_image(image)).detections
        boxes = [(face.bounding_box, face.categories[0].score) for face in found]
        return [
            Detection(box.origin_x, box.origin_y, box.origin_x + box.width, box.origin_y + box.height, score)
            for box, score in boxes
        ]

    return find


def _load_dlib() -> Finder:
    import dlib

    model = dlib.get_frontal_face_detector()

    def find(image: np.ndarray) -> list[Detection]:
        # Upsampling finds faces under 80 pixels and takes four times as long: only where it is needed.
        for upsampling in (0, 1):
            boxes, scores, _ = model.run(image, upsampling, 0.0)
            if boxes:
                break
        return [
            Detection(box.left(), box.top(), box.right() + 1, box.bottom() + 1, score)
            for box, score in zip(boxes, scores, strict=True)
        ]

    return find


def _load_yunet() -> Finder:
    import cv2

    network, nothing = np.frombuffer(asset_bytes("yunet"), np.uint8), np.empty(0, np.uint8)
    model = cv2.FaceDetectorYN.create("onnx", network, nothing, (0, 0), score_threshold=YUNET_CONFIDENCE)

    def find(image: np.ndarray) -> list[Detection]:
        height, width = image.shape[:2]
        model.setInputSize((width, height))
        _, faces = model.detect(cv2.cvtColor(np.ascontiguousarray(image), cv2.COLOR_RGB2BGR))
        rows = [] if faces is None else faces.tolist()
        return [Detection(x, y, x + wide, y + high, score) for x, y, wide, high, *_, score in rows]

    return find


def _load_face_alignment() -> Finder:
    import face_alignment
    import torch

    # One process per core already.
    torch.set_num_threads(1)
    model = face_alignment.FaceAlignment(
        face_alignment.LandmarksType.TWO_D,
        device="cuda" if torch.cuda.is_available() else "cpu",
        flip_input=False,
        compile=False,
    )

    def find(image: np.ndarray) -> list[Detection]:
        found = [Detection(*box) for box in model.face_detector.detect_from_image(image.copy())]
        if not found:
            return []
        shapes = model.get_landmarks_from_image(image, detected_faces=[np.array(face) for face in found])
        corners = [(*points.min(axis=0).tolist(), *points.max(axis=0).tolist()) for points in shapes]
        return [Detection(*box, float(face.score)) for box, face in zip(corners, found, strict=True)]

    return find


def face_alignment_weights() -> dict[Path, str]:
    """Return the files that face_alignment loads, each with the address it is downloaded from."""
    import face_alignment.api
    import face_alignment.detection.sfd.sfd_detector as sfd
    import torch

    urls = (sfd.models_urls["s3fd"], face_alignment.api.models_urls["2DFAN-4"])
    folder = Path(torch.hub.get_dir()) / "checkpoints"
    return {folder / url.rsplit("/", 1)[1]: url for url in urls}


def _fetch_face_alignment_weights() -> None:
    weights = face_alignment_weights()
    missing = {path: url for path, url in weights.items() if not path.is_file()}
    try:
        for path, url in missing.items():
            request = urllib.request.Request(url)
            write_atomically(path, partial(save, request, most=LARGEST_WEIGHTS))
    except (http.client.HTTPException, OSError, ValueError) as error:
        names = " and ".join(path.name for path in weights)
        raise UserError(
            "The weights of the detector face_alignment are missing and could not be downloaded.",
            rule=f"It loads {names} from the folder {next(iter(weights)).parent}",
            received=error,
            todo="Download " + " and ".join(missing.values()) + " into that folder, "
            "or choose the detector mediapipe, which needs no download.",
        ) from error
