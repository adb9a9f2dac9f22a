"""Grey-level co-occurrence: how often one grey level stands beside another (Haralick et al., 1973)."""

from collections.abc import Iterator, Sequence
from typing import Annotated, Literal

import numpy as np
from pydantic import Field, field_validator

from transferpain.inputs.features.extractors.extractor import ExtractorKind
from transferpain.inputs.features.extractors.grey import RegionSettings, Texture

PROPERTIES = ("contrast", "correlation", "energy", "homogeneity", "dissimilarity")
# Haralick's directions in degrees, in which up is positive -> scikit-image's angle, in which down is; and how much
# longer a step of it must be, so that it goes as many rows and columns as the distance says.
DIRECTIONS = {
    0: (0.0, 1.0),
    45: (3 * np.pi / 4, np.sqrt(2)),
    90: (np.pi / 2, 1.0),
    135: (np.pi / 4, np.sqrt(2)),
}


class GlcmSettings(RegionSettings):
    """Grey-level co-occurrence matrices: five properties, by distance and direction, of the face and its regions.

    Attributes:
        levels: grey levels that the 256 are reduced to, in equal steps of 0 to 255; the same for every face.
        distances: pixels between neighbours, in the larger of rows and columns (Haralick's).
    """

    kind: Literal["glcm"] = "glcm"
    levels: int = Field(32, ge=2, le=256, strict=True)
    distances: tuple[Annotated[int, Field(strict=True, ge=1, le=64)], ...] = Field((1, 2, 4), min_length=1)

    @field_validator("distances")
    @classmethod
    def _each_once(cls, distances: tuple[int, ...]) -> tuple[int, ...]:
        if len(set(distances)) != len(distances):
            raise ValueError(f"each distance once, received {list(distances)}")
        return distances

    @property
    def smallest_face(self) -> int:
        """Every region has a pair of neighbours in every direction."""
        return max(self.rows, self.columns) * (max(self.distances) + 1)


class Glcm(Texture):
    """Properties of co-occurrence matrices, by region, property, distance and direction.

    Correlation of a region without any contrast is 1, as scikit-image defines it: neighbours tell each other wholly.
    """

    settings: GlcmSettings

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(
            f"{name}, distance {distance}, {degrees} degrees, {region}"
            for region in self.settings.region_names
            for name in PROPERTIES
            for distance in self.settings.distances
            for degrees in DIRECTIONS
        )

    def describe(self, picture: np.ndarray) -> Iterator[np.ndarray]:
        from skimage.feature import graycoprops

        reduced = (picture.astype(np.uint16) * self.settings.levels // 256).astype(np.uint8)
        for region in self.settings.regions(reduced).values():
            counts = count_neighbours(region, self.settings.levels, self.settings.distances)
            yield from (graycoprops(counts, name) for name in PROPERTIES)


def count_neighbours(picture: np.ndarray, levels: int, distances: Sequence[int]) -> np.ndarray:
    """Count which grey levels are neighbours, each pair in both orders (Haralick's matrices).

    Args:
        picture: uint8 `(height, width)`, below `levels`.

    Returns:
        uint32 `(levels, levels, distances, 4)`, the directions as in `DIRECTIONS`.
    """
    from skimage.feature import graycomatrix

    return np.concatenate(
        [
            graycomatrix(picture, [step * distance for distance in distances], [angle], levels, symmetric=True)
            for angle, step in DIRECTIONS.values()
        ],
        axis=3,
    )


GLCM = ExtractorKind(name="glcm", make=lambda source, settings: Glcm(settings), rate=50.0, Settings=GlcmSettings)
