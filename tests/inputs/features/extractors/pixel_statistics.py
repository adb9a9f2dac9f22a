"""An extractor that is no network: mean and spread of each colour and of the brightness's slopes."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ClassVar, Literal

import numpy as np

from transferpain.inputs.features.extractors.extractor import ExtractorKind


@dataclass(frozen=True)
class PixelStatistics:
    """It counts how often it is opened."""

    opened: list[str] = field(default_factory=list)
    key: ClassVar[tuple[str, ...]] = ("pixel statistics 1",)
    width: ClassVar[int] = 10
    reads: ClassVar[Literal["face"]] = "face"

    def open(self, dtype: str) -> Callable[[np.ndarray], np.ndarray]:
        self.opened.append(dtype)
        return statistics


def statistics(images: np.ndarray) -> np.ndarray:
    pixels = images.astype(np.float32) / 255
    down, right = np.gradient(pixels.mean(axis=-1), axis=(1, 2))
    planes = np.concatenate([pixels, down[..., None], right[..., None]], axis=-1)
    return np.concatenate([planes.mean(axis=(1, 2)), planes.std(axis=(1, 2))], axis=-1)


PIXEL_STATISTICS = ExtractorKind(name="pixel-statistics", make=lambda source, settings: PixelStatistics(), rate=1000.0)
