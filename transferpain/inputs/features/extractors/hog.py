"""Histograms of oriented gradients: which way edges run, cell by cell (Dalal and Triggs, 2005)."""

from collections.abc import Iterator
from itertools import product
from typing import Literal

import numpy as np
from pydantic import Field, model_validator

from transferpain.inputs.features.extractors.extractor import ExtractorKind, ExtractorSettings
from transferpain.inputs.features.extractors.grey import Texture


class HogSettings(ExtractorSettings):
    """Histograms of oriented gradients of the whole face, in blocks of cells.

    Attributes:
        pixels: side that a face is resized to, so that its size does not change how many features there are.
        cell: side of a cell in pixels, of which there are a whole number.
        block: side of a block in cells; blocks overlap, and each is normalised (`L2-Hys`).
        orientations: directions of edges that are told apart, in half a turn.
    """

    kind: Literal["hog"] = "hog"
    pixels: int = Field(64, ge=8, le=256, strict=True)
    cell: int = Field(8, ge=4, le=128, strict=True)
    block: int = Field(2, ge=1, le=8, strict=True)
    orientations: int = Field(9, ge=2, le=36, strict=True)

    @model_validator(mode="after")
    def _fit(self) -> "HogSettings":
        if self.pixels % self.cell or self.cells < self.block:
            raise ValueError(
                f"cell: a face has a whole number of cells, and as many as a block at least, received "
                f"{self.pixels} pixels, cells of {self.cell}, blocks of {self.block}"
            )
        return self

    @property
    def cells(self) -> int:
        """Cells in a row, and in a column."""
        return self.pixels // self.cell

    @property
    def smallest_face(self) -> int:
        """A cell has a pixel of its own."""
        return max(2, self.cells)


class Hog(Texture):
    """Shares of the orientations by block, cell of the block, and orientation; 0 where there is no edge at all."""

    settings: HogSettings

    @property
    def names(self) -> tuple[str, ...]:
        blocks, cells = range(1, self.settings.cells - self.settings.block + 2), range(1, self.settings.block + 1)
        return tuple(
            f"orientation {orientation} of {self.settings.orientations}, cell {row}-{column} of block {down}-{right}"
            for down, right, row, column in product(blocks, blocks, cells, cells)
            for orientation in range(1, self.settings.orientations + 1)
        )

    def describe(self, picture: np.ndarray) -> Iterator[np.ndarray]:
        from skimage.feature import hog
        from skimage.transform import resize

        side = (self.settings.pixels,) * 2
        smaller = picture.shape > side
        yield hog(
            picture / 255 if picture.shape == side else resize(picture / 255, side, anti_aliasing=smaller),
            orientations=self.settings.orientations,
            pixels_per_cell=(self.settings.cell,) * 2,
            cells_per_block=(self.settings.block,) * 2,
            block_norm="L2-Hys",
        )


HOG = ExtractorKind(name="hog", make=lambda source, settings: Hog(settings), rate=250.0, Settings=HogSettings)
