"""What textures have in common: grey pictures of faces, their regions, and a key that covers settings and library."""

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from transferpain.core.errors import UserError
from transferpain.inputs.features.extractors.extractor import ExtractorSettings

# Parts in a thousand of red, green and blue that brightness has (ITU-R BT.601, as in JPEG).
LUMA = (299, 587, 114)
WHOLE = "face"


class RegionSettings(ExtractorSettings):
    """Settings of textures that are taken in regions of a face: in all of it, and in the parts of a grid.

    Attributes:
        rows: bands of the grid, from the forehead down.
        columns: parts of each band. A grid of 1x1 leaves the whole face alone.
    """

    rows: int = Field(3, ge=1, le=8, strict=True)
    columns: int = Field(2, ge=1, le=8, strict=True)

    def regions(self, picture: np.ndarray) -> dict[str, np.ndarray]:
        """Return name -> part of a picture `(height, width)`: the whole first, then the grid row by row."""
        found = {WHOLE: picture}
        if self.rows * self.columns > 1:
            for row, band in enumerate(np.array_split(picture, self.rows), start=1):
                for column, part in enumerate(np.array_split(band, self.columns, axis=1), start=1):
                    found[f"row {row} column {column}"] = part
        return found

    @property
    def region_names(self) -> tuple[str, ...]:
        """Names of the regions, in the order of `regions`."""
        return tuple(self.regions(np.empty((self.rows, self.columns))))


@dataclass(frozen=True)
class Texture(ABC):
    """An extractor that describes the grey picture of a face, without a network.

    Attributes:
        settings: those of its kind.
    """

    settings: Any
    reads: ClassVar[Literal["face"]] = "face"
    version: ClassVar[int] = 1  # of our part in what it computes

    @property
    def key(self) -> tuple[str, ...]:
        """The extractor with its version, the library with its version, and all settings."""
        settings = json.dumps(self.settings.model_dump(mode="json"), sort_keys=True)
        return f"{self.settings.kind} {self.version}", f"scikit-image {version('scikit-image')}", settings

    @property
    @abstractmethod
    def names(self) -> tuple[str, ...]:
        """What each feature is, in their order."""

    @property
    def width(self) -> int:
        """Features of a face."""
        return len(self.names)

    @abstractmethod
    def describe(self, picture: np.ndarray) -> Iterator[np.ndarray]:
        """Yield the features of a grey picture, uint8 `(height, width)`, piece by piece."""

    def open(self, dtype: str) -> Callable[[np.ndarray], np.ndarray]:
        """Return the function that computes them, in float64 whatever is asked for."""

        def compute(images: np.ndarray) -> np.ndarray:
            pictures = grey_pictures(images, self.settings.kind, self.settings.smallest_face)
            rows = [np.concatenate([piece.ravel() for piece in self.describe(one)]) for one in pictures]
            return np.array(rows, np.float32).reshape(len(pictures), self.width)

        return compute


def grey_pictures(images: np.ndarray, name: str, smallest: int) -> np.ndarray:
    """Return the brightness of faces, uint8 `(n, height, width)`.

    Args:
        images: uint8 RGB `(n, height, width, 3)`.
        name: of the extractor, for messages.
        smallest: the least height and width that it can describe.

    Raises:
        UserError: if they are anything else, or smaller.
    """
    if images.dtype != np.uint8 or images.ndim != 4 or images.shape[3] != 3 or min(images.shape[1:3]) < smallest:
        raise UserError(
            f"`{name}` cannot describe these pictures.",
            rule=f"It takes uint8 RGB (n, height, width, 3), of at least {smallest}x{smallest} pixels.",
            received=f"{images.dtype} of the shape {images.shape}",
            todo="Set faces.size, or images.size of pictures that are faces already, to at least that; or have "
            "fewer regions and shorter distances.",
        )
    weighted = images.astype(np.uint32) @ np.array(LUMA, np.uint32)
    return ((weighted + 500) // 1000).astype(np.uint8)
