"""What happens to a face before a network reads it; it travels with the weights."""

from typing import Literal, get_args

import numpy as np
from pydantic import BaseModel, ConfigDict

from transferpain.core.errors import UserError
from transferpain.models.sources.face_settings import Detector, FaceSettings, Margin, Side

# Blue, green, red: the means of the images that the original VGG16 was trained on.
CAFFE_MEAN = np.array((103.939, 116.779, 123.68), dtype=np.float32)

# Red, green, blue, of pixels from 0 to 1: mean and deviation of ImageNet's images.
TORCH_MEAN = np.array((0.485, 0.456, 0.406), dtype=np.float32)
TORCH_DEVIATION = np.array((0.229, 0.224, 0.225), dtype=np.float32)

NO_DETECTOR = "none"  # the pictures of FER+ are faces already
# FER+ pictures are about a fifth wider than MediaPipe's box of the face in them (our choice, measured on them).
MARGIN_OF_IMAGES = 0.2


class Preprocessing(BaseModel):
    """From a face crop to the network's input.

    `scaling`: `unit` divides by 255; `symmetric` maps to -1..1; `caffe` orders the channels blue, green, red and
    subtracts ImageNet's means (VGG16's own); `torch` divides by 255, subtracts ImageNet's means and divides by its
    deviations. `margin` of `None` is the detector's default.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    size: Side = 224
    color: Literal["rgb"] = "rgb"
    scaling: Literal["unit", "symmetric", "caffe", "torch"] = "unit"
    detector: Literal[*get_args(Detector), NO_DETECTOR] = "mediapipe"
    margin: Margin | None = None

    @property
    def faces(self) -> FaceSettings:
        """How a face is cut out of a picture for this network; where its pictures were faces already, like them."""
        if self.detector == NO_DETECTOR:
            return FaceSettings(detector="mediapipe", margin=MARGIN_OF_IMAGES, size=self.size)
        return FaceSettings(detector=self.detector, margin=self.margin, size=self.size)

    @property
    def canonical(self) -> str:
        """One string that names every choice; hashed into the keys of features."""
        margin = "default" if self.margin is None else repr(self.margin)
        return f"detect({self.detector},margin={margin})|resize({self.size})|{self.color}|scale({self.scaling})"


def stated_preprocessing(values: dict, folder: object) -> Preprocessing:
    """Return what the `preprocess.json` of a bundle states.

    Args:
        values: its content.
        folder: the bundle, for the message.

    Raises:
        UserError: if it does not say how a picture is prepared.
    """
    try:
        return Preprocessing(**values)
    except Exception as error:  # as `foreign.border` says of readers
        raise UserError(
            f"{folder} does not say how its pictures are prepared.",
            rule="Its preprocess.json states size, color, scaling, detector and margin.",
            received=error,
            todo="Get the bundle again.",
        ) from error


def scale_pixels(images, scaling: str):
    """Scale RGB pixels `(..., 3)` in 0..255 (a float32 array or tensor) as `scaling` says; see `Preprocessing`."""
    if scaling == "unit":
        return images / 255.0
    if scaling == "symmetric":
        return images / 127.5 - 1.0
    if scaling == "caffe":
        return images[..., ::-1] - CAFFE_MEAN
    if scaling == "torch":
        return (images / 255.0 - TORCH_MEAN) / TORCH_DEVIATION
    raise ValueError(f"unknown scaling: {scaling}")
