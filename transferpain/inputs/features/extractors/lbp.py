"""Uniform local binary patterns: how a pixel's neighbours lie about it in brightness (Ojala et al., 2002)."""

from collections.abc import Iterator
from typing import Literal

import numpy as np
from pydantic import Field

from transferpain.inputs.features.extractors.extractor import ExtractorKind
from transferpain.inputs.features.extractors.grey import RegionSettings, Texture


class LbpSettings(RegionSettings):
    """Uniform local binary patterns that do not change with rotation, counted in the face and its regions.

    Attributes:
        points: neighbours that a pixel is compared with, on a circle.
        radius: of the circle, in pixels.
    """

    kind: Literal["lbp"] = "lbp"
    points: int = Field(8, ge=4, le=24, strict=True)
    radius: int = Field(1, ge=1, le=16, strict=True)

    @property
    def smallest_face(self) -> int:
        """Every region has a pixel whose circle lies within the picture."""
        return max(self.rows, self.columns) + 2 * self.radius


class Lbp(Texture):
    """Shares of the patterns in each region; they add up to 1. At the edge, where circles leave the picture, none is.

    A pixel's pattern is how many neighbours are as bright or brighter, where these lie side by side; the last is all
    other patterns.
    """

    settings: LbpSettings

    @property
    def names(self) -> tuple[str, ...]:
        patterns = [f"{brighter} of {self.settings.points} as bright" for brighter in range(self.settings.points + 1)]
        return tuple(
            f"{pattern}, {region}" for region in self.settings.region_names for pattern in [*patterns, "not uniform"]
        )

    def describe(self, picture: np.ndarray) -> Iterator[np.ndarray]:
        from skimage.feature import local_binary_pattern

        points, edge = self.settings.points, self.settings.radius
        patterns = local_binary_pattern(picture, points, edge, "uniform")[edge:-edge, edge:-edge].astype(np.int64)
        for region in self.settings.regions(patterns).values():
            yield np.bincount(region.ravel(), minlength=points + 2) / region.size


LBP = ExtractorKind(name="lbp", make=lambda source, settings: Lbp(settings), rate=150.0, Settings=LbpSettings)
