"""How much of an explanation falls on brows, eyes, nose and mouth: polygons of mesh points."""

import cv2
import numpy as np

# Each region is the union of the convex hulls of these points of the face mesh. Where two overlap, the first has it.
REGIONS: dict[str, tuple[tuple[int, ...], ...]] = {
    # About each eye one ring outside the lids: cheeks that are raised fold there.
    "eye": (
        (247, 30, 29, 27, 28, 56, 190, 130, 25, 110, 24, 23, 22, 26, 112, 243),
        (467, 260, 259, 257, 258, 286, 414, 359, 255, 339, 254, 253, 252, 256, 341, 463),
    ),
    # Both brows, and between them where they are drawn together.
    "brow": (
        (46, 53, 52, 65, 55, 70, 63, 105, 66, 107),
        (276, 283, 282, 295, 285, 300, 293, 334, 296, 336),
        (107, 9, 336, 285, 8, 55),
    ),
    "mouth": ((61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291, 146, 91, 181, 84, 17, 314, 405, 321, 375),),
    "nose": ((6, 122, 351, 129, 358, 48, 278, 64, 294, 98, 327, 2),),
}


def region_masks(points: np.ndarray, size: int) -> dict[str, np.ndarray]:
    """Return which pixels of a square picture belong to which region; none belongs to two.

    Args:
        points: `(478, 2)` or `(478, 3)`, the mesh in pixels of the picture.
        size: side of the picture.

    Returns:
        bool `(size, size)` for each name in `REGIONS`.
    """
    free = np.ones((size, size), bool)
    masks = {}
    for name, polygons in REGIONS.items():
        canvas = np.zeros((size, size), np.uint8)
        for polygon in polygons:
            corners = np.rint(points[list(polygon), :2]).astype(np.int32)
            cv2.fillConvexPoly(canvas, cv2.convexHull(corners), 1)
        masks[name] = canvas.astype(bool) & free
        free &= ~masks[name]
    return masks


def region_shares(cam: np.ndarray, masks: dict[str, np.ndarray]) -> dict[str, float]:
    """Return which share of a map falls on each region, and `elsewhere`; they add up to 1.

    Args:
        cam: float `(size, size)`, not negative.
        masks: of `region_masks`, of the same size.

    Returns:
        Shares; NaN for a map that is 0 all over. A map without preference gives each region its share of the area.
    """
    total = float(cam.sum(dtype=np.float64))
    shares = {name: float(cam[mask].sum(dtype=np.float64)) / total if total else np.nan for name, mask in masks.items()}
    return shares | {"elsewhere": 1 - sum(shares.values())}
