"""Folds and wrinkles of the skin, which deepen with the action units; painted once a person, laid on in every frame.

Each is a relief of its own: a soft dark fold beside a lighter ridge. Lengths are as in plates.py.
"""

from typing import NamedTuple

import cv2
import numpy as np

from transferpain.core.seeds import derive_seed
from transferpain.data.synthetic.plates import ORIGIN, UNIT, hair_front, plate_shape, stroke
from transferpain.data.synthetic.subjects import SubjectLook

FLAT = 128  # what neither darkens nor lightens
FOLD, RIDGE = 118.0, 56.0  # how dark a fold is and how light its ridge, in grey levels at full depth on light skin
SHALLOWEST = 0.04  # what cannot be seen is not drawn
MARGIN = 5  # pixels round the lines, for the blur


class Crease(NamedTuple):
    """One group of lines: `rows` and `columns` of the plate, and its relief, uint8 with its channels, `FLAT` where
    nothing is."""

    rows: slice
    columns: slice
    relief: np.ndarray


def paint_creases(look: SubjectLook) -> dict[str, tuple[Crease, ...]]:
    """Paint all of a person's creases, by the names of `depths`; each person's run a little differently."""
    generator = np.random.default_rng(derive_seed(look.seed, "creases"))
    brow, nose, mouth = -0.36 * look.brow_height, 0.62 * look.nose_length, 1.04 * look.mouth_height
    chin = 1.71 * look.face_length
    wing, width = 0.26 * look.nose_width, 0.46 * look.mouth_width

    def mirrored(*lines) -> tuple[list, list]:
        return tuple([[(side * x, y) for x, y in line] for line in lines] for side in (-1, 1))

    groups = {
        "furrow": ([[(-0.075, brow - 0.08), (-0.085, brow + 0.14)], [(0.08, brow - 0.06), (0.07, brow + 0.15)]],),
        "nose": (
            [[(-0.13, 0.02), (-0.05, 0.11)], [(0.13, 0.02), (0.05, 0.11)], [(-0.09, -0.06), (0, -0.03), (0.09, -0.06)],
             [(-0.16, 0.15), (-0.07, 0.22)], [(0.16, 0.15), (0.07, 0.22)], [(-0.08, 0.04), (0, 0.07), (0.08, 0.04)]],
        ),
        "lids": mirrored([(0.26, 0.17), (0.5, 0.225), (0.74, 0.15)], [(0.3, 0.24), (0.5, 0.3), (0.7, 0.25)]),
        "feet": mirrored(*[[(0.79, 0.02 + 0.4 * tilt), (0.97, 0.02 + 1.7 * tilt)]
                           for tilt in (-0.1, -0.03, 0.05, 0.12)]),
        "nasolabial": mirrored([(wing, nose - 0.13), (0.9 * width, nose + 0.15), (1.08 * width, mouth - 0.02)]),
        "forehead": ([[(-0.5, height + 0.03), (0, height), (0.5, height + 0.03)] for height in (-0.68, -0.8, -0.92)],),
        "strain": (
            [[(x, y), (x + 0.03, y + 0.035)] for x, y in
             generator.uniform((-0.2, chin - 0.3), (0.17, chin - 0.1), (16, 2)).tolist()],
            [[(x, brow + 0.1), (0.9 * x, brow + 0.2)] for x in (-0.13, -0.045, 0.0, 0.05, 0.125)],
            [[(x, mouth - 0.2), (0.95 * x, mouth - 0.11)] for x in np.linspace(-0.26, 0.26, 9).tolist()],
        ),
    }  # fmt: skip
    shapes = {"nasolabial": (3, 1.2), "strain": (1, 0.5), "feet": (1, 0.7)}
    return {
        name: tuple(_paint(look, lines, generator, *shapes.get(name, (2, 0.9))) for lines in parts)
        for name, parts in groups.items()
    }


def _paint(look: SubjectLook, lines: list, generator: np.random.Generator, thickness: int, blur: float) -> Crease:
    drawn = np.zeros(plate_shape(), np.uint8)
    for line in lines:
        points = np.array(line) + generator.normal(0, 0.008, (len(line), 2))
        bent = np.stack([np.interp(np.linspace(0, 1, 9), np.linspace(0, 1, len(points)), axis) for axis in points.T], 1)
        bent[1:-1, 1] += generator.normal(0, 0.004, 7)
        stroke(drawn, bent, float(generator.uniform(170, 255)), thickness)
    left, top, width, height = cv2.boundingRect(drawn)
    rows = slice(max(0, top - MARGIN), top + height + MARGIN)
    columns = slice(max(0, left - MARGIN), left + width + MARGIN)
    fold = cv2.GaussianBlur(drawn[rows, columns].astype(np.float32) / 255, (0, 0), blur)
    # Light falls from above: the lower bank of a fold is lighter, and on the outer side.
    outward = 1 if (columns.start + columns.stop) / 2 > ORIGIN[0] * UNIT else -1
    ridge = cv2.GaussianBlur(np.roll(fold, (2, outward), (0, 1)), (0, 0), blur)
    bare = 1 - hair_front(look)[rows, columns] / np.float32(255)
    depth = (bare * (RIDGE * ridge - FOLD * fold))[..., None] * np.array((*look.skin, 0), np.float32) / 220
    return Crease(rows, columns, np.clip(FLAT + depth, 0, 255).round().astype(np.uint8))


def depths(look: SubjectLook, acts: dict[str, float]) -> dict[str, float]:
    """Return how deep each crease is, 0 .. about 1: what age has left, and what the action units fold."""
    age, own = look.wrinkles, look.creasing
    frown, squint = acts["AU4"] / 5, max(acts["AU6"], 0.8 * acts["AU7"]) / 5
    sniff, raised, smile = acts["AU9"] / 5, acts["AU10"] / 5, acts["AU12"] / 5
    return {
        "furrow": 0.15 * age + own * 0.9 * frown,
        "nose": own * (0.9 * sniff + 0.15 * frown),
        "lids": 0.1 + 0.25 * age + own * 0.6 * squint,
        "feet": 0.15 * age + own * (0.55 * acts["AU6"] / 5 + 0.15 * squint),
        "nasolabial": 0.12 + 0.3 * age + own * 0.65 * max(raised, 0.8 * smile, 0.6 * sniff),
        "forehead": 0.2 * age + own * 0.6 * acts["AU1"] / 5,
        "strain": own * 1.2 * acts["strain"],
    }


def lay_creases(face: np.ndarray, creases: dict[str, tuple[Crease, ...]], look: SubjectLook, acts: dict) -> None:
    """Fold the skin of a plate, uint8 (height, width, 4), in place."""
    for name, depth in depths(look, acts).items():
        if depth < SHALLOWEST:
            continue
        for rows, columns, relief in creases[name]:
            window = face[rows, columns]
            cv2.addWeighted(window, 1, relief, depth, -FLAT * depth, dst=window)
