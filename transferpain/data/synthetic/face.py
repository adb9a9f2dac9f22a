"""Draws a face from action units (Facial Action Coding System, FACS).

The still layers come from plates.py, the folds of the skin from wrinkles.py, the forms of brows, eyes, nose and mouth
from shapes.py; here these are drawn as the action units ask, then the head is turned and set before its background.
"""

from dataclasses import dataclass, field
from functools import cached_property, lru_cache

import cv2
import numpy as np

from transferpain.data.synthetic import plates
from transferpain.data.synthetic.plates import (
    FLUSH_LEVELS,
    JAW_LEVELS,
    ORIGIN,
    STEP,
    SUBPIXEL,
    UNIT,
    fill,
    stroke,
    to_pixels,
)
from transferpain.data.synthetic.shapes import ALONG, ARCH, shape_brow, shape_eye, shape_mouth, shape_nose
from transferpain.data.synthetic.subjects import SubjectLook
from transferpain.data.synthetic.wrinkles import Crease, lay_creases, paint_creases

# Intensities 0..5; AU43 (eyes closed) and AU45 (blink) are 0..1. AU1 stands for both parts of the brow raised.
ACTION_UNITS = ("AU1", "AU4", "AU6", "AU7", "AU9", "AU10", "AU12", "AU25", "AU26", "AU43", "AU45")
# What the skin does though nothing moves, 0..1: redness, and fine lines of strained muscles.
SKIN = ("flush", "strain")

LASH = (34, 24, 22)
SCLERA = (226, 220, 214)
CAVITY = (58, 22, 24)
TEETH = (222, 216, 204)


@dataclass(frozen=True)
class Pose:
    """How the head stands in the picture.

    `x`, `y`: shift in inter-ocular distances; `roll`, `yaw`, `pitch`: radians; `scale`: 1 = as framed by the
    camera; `gaze`: where the eyes look, -1..1 across and down.
    """

    x: float = 0.0
    y: float = 0.0
    roll: float = 0.0
    yaw: float = 0.0
    pitch: float = 0.0
    scale: float = 1.0
    gaze: tuple[float, float] = (0.0, 0.0)


@dataclass(frozen=True)
class Sitter:
    """A person before a background, ready to be drawn many times; the plates are painted when first needed.

    `background`: uint8 RGB, the size of the picture. `light`: direction, each -1..1. `zoom`: pixels an
    inter-ocular distance. `place`: where the point between the eyes stands at rest, as shares of width and height.
    `warmth`: how much warmer the light from the right is than that from the left.
    """

    look: SubjectLook
    background: np.ndarray
    light: tuple[float, float]
    zoom: float
    place: tuple[float, float]
    warmth: float = 0.0
    painted: dict = field(default_factory=dict, repr=False)

    def plate(self, jaw: float, flush: float = 0.0) -> np.ndarray:
        """Return the plate whose jaw is open as far as `jaw` 0..1 and that is as red as `flush` 0..1 says.

        Each to the nearest of its levels; uint8 (height, width, 4): RGB, and what shines through beside the head.
        """
        level, red = jaw_level(jaw), round(float(np.clip(flush, 0, 1)) * FLUSH_LEVELS)
        if (level, 0) not in self.painted:
            pale, opacity = plates.paint_plate(self.look, self.light, level / JAW_LEVELS, self.warmth)
            self.painted[level, 0] = cv2.merge((pale, 255 - opacity))
        if (level, red) not in self.painted:
            self.painted[level, red] = plates.redden(self.painted[level, 0], red / FLUSH_LEVELS, self.blood)
        return self.painted[level, red]

    @cached_property
    def hair(self) -> np.ndarray:
        """Where on the plate hair hides the forehead, uint8 (height, width), 1 or 0."""
        return np.uint8(plates.hair_front(self.look) == 255)

    @cached_property
    def skin(self) -> np.ndarray:
        """Where on the plate the skin of the face is seen, uint8 (height, width); see `plates.bare_skin`."""
        return plates.bare_skin(self.look)

    @cached_property
    def blood(self) -> np.ndarray:
        """How far each part of the skin reddens, uint8 (height, width)."""
        return plates.blood(self.skin)

    @cached_property
    def skin_window(self) -> tuple[np.ndarray, np.ndarray]:
        """The part of `skin` that is not empty, and the pixel of the plate, x and y, it begins at."""
        rows, columns = around(self.skin, 0)
        return self.skin[rows, columns], np.array((columns.start, rows.start))

    @cached_property
    def creases(self) -> dict[str, tuple[Crease, ...]]:
        """The person's folds and wrinkles."""
        return paint_creases(self.look)

    @cached_property
    def coarse(self) -> tuple[np.ndarray, np.ndarray]:
        """The background and the plate at rest, 1 / `COARSE` of their size."""
        plate = _act(self, complete({}), Pose().gaze)
        return tuple(cv2.resize(one, None, fx=1 / COARSE, fy=1 / COARSE, interpolation=cv2.INTER_AREA)
                     for one in (self.background, plate))  # fmt: skip

    @cached_property
    def rest(self) -> np.ndarray:
        """The mean red, green and blue of the picture at rest, float64 (3,), 0..255."""
        return _mean_at_rest(self, place_head(self, Pose()))


def jaw_level(jaw: float) -> int:
    """Return the level, 0..`JAW_LEVELS`, at which a jaw that is open as far as `jaw` 0..1 is painted."""
    return round(float(np.clip(jaw, 0, 1)) * JAW_LEVELS)


def around(mask: np.ndarray, margin: int) -> tuple[slice, slice]:
    """Return rows and columns of the smallest window that holds all of a mask, and a margin in pixels."""
    left, top, width, height = cv2.boundingRect(mask.view(np.uint8))
    return slice(max(0, top - margin), top + height + margin), slice(max(0, left - margin), left + width + margin)


RELIEF = plates.depth()
TURN = 0.9 * UNIT  # pixels that the highest point of the relief moves when the head turns by a radian
RAISED = around(RELIEF > 1e-9, 2)  # elsewhere the relief is flat, and nothing moves when the head turns
COARSE = 4  # how many times smaller a picture is whose mean alone is looked at
GRID_X, GRID_Y = np.meshgrid(*(np.arange(size, dtype=np.float32) for size in plates.plate_shape()[::-1]))


def draw_face(sitter: Sitter, units: dict[str, float], pose: Pose) -> np.ndarray:
    """Draw one picture.

    Args:
        sitter: who, and before which background.
        units: action unit or what the skin does -> intensity; those left out are 0.
        pose: how the head stands.

    Returns:
        uint8 RGB (height, width, 3). The same arguments give the same pixels. The mean colour is that of the head at
        rest in the same pose: as much as one part darkens or reddens, the skin of the face turns the other way (our
        choice). So what a face does shows neither in the mean of the picture nor in its background nor in the hair.

    Raises:
        KeyError: for what is neither in `ACTION_UNITS` nor in `SKIN`.
    """
    face, matrix = _act(sitter, complete(units), pose.gaze), place_head(sitter, pose)
    picture, head, window = _lay_out(sitter.background, _turn(face, pose), matrix)
    picture[window] = cv2.add(picture[window], head)
    _hold_mean(picture, sitter, matrix)
    return picture


def _hold_mean(picture: np.ndarray, sitter: Sitter, matrix: np.ndarray) -> None:
    """Give a picture its mean colour at rest, in place, by the skin of the face alone."""
    wanting = _mean_at_rest(sitter, matrix) * picture[..., 0].size - cv2.sumElems(picture)[:3]
    skin, corner = sitter.skin_window
    skin, window = _place(skin, matrix + [[0, 0, shift] for shift in matrix[:, :2] @ corner], picture.shape, (0,))
    bare = cv2.multiply(picture[window], cv2.cvtColor(skin, cv2.COLOR_GRAY2RGB), scale=1 / 255)
    gains = wanting / np.maximum(1.0, cv2.sumElems(bare)[:3])
    # Rounded up or down by place: to the nearest, gains close to 0 would be lost.
    changes = cv2.multiply(bare, (*(256 * gains), 0.0), dtype=cv2.CV_16S)
    changes += _thresholds(picture.shape)[window]
    changes >>= 8
    cv2.add(picture[window], changes, dst=picture[window], dtype=cv2.CV_8U)


def _mean_at_rest(sitter: Sitter, matrix: np.ndarray) -> np.ndarray:
    """Return the mean colour (3,) of the picture with the head at rest in this place: looked at coarsely, for speed."""
    picture, head, _ = _lay_out(*sitter.coarse, matrix / (1, 1, COARSE))
    return np.add(cv2.sumElems(picture)[:3], cv2.sumElems(head)[:3]) / picture[..., 0].size


@lru_cache
def _thresholds(shape: tuple[int, ...]) -> np.ndarray:
    """Return what decides about rounding at each place of a picture, int16 0..255: the same in all pictures."""
    return np.random.default_rng(0).integers(0, 256, shape, np.int16)


def _act(sitter: Sitter, acts: dict[str, float], gaze: tuple[float, float]) -> np.ndarray:
    """Return the sitter's plate with what moves drawn on it."""
    # What is drawn on the plate is opaque: its fourth channel is left out of the colours, which makes it 0.
    still = sitter.plate(acts["AU26"] / 5, acts["flush"])
    face = still.copy()
    lay_creases(face, sitter.creases, sitter.look, acts)
    _draw_nose(face, sitter.look, acts)
    for side in (-1, 1):
        _draw_eye(face, sitter.look, acts, side, gaze)
        _draw_brow(face, sitter.look, acts, side)
    _draw_mouth(face, sitter.look, acts)
    cv2.copyTo(still, sitter.hair, face)  # brows rise behind a fringe
    _draw_glasses(face, sitter.look)
    return face


def complete(units: dict[str, float]) -> dict[str, float]:
    """Return all of `ACTION_UNITS` and `SKIN`; those left out are 0. Raises KeyError for one that is none of them."""
    acts = dict.fromkeys((*ACTION_UNITS, *SKIN), 0.0)
    for name, value in units.items():
        if name not in acts:
            raise KeyError(name)
        acts[name] = float(value)
    return acts


def _shade(colour, factor: float) -> tuple[float, ...]:
    return tuple(min(255.0, channel * factor) for channel in colour)


def _draw_nose(face: np.ndarray, look: SubjectLook, acts: dict) -> None:
    base, flare = shape_nose(look, acts)
    dark, edge = _shade(look.skin, 0.34), _shade(look.skin, 0.62)
    for side in (-1, 1):
        hole = side * 0.1 * look.nose_width * flare
        wing = side * 0.21 * look.nose_width * flare
        fill(face, [(hole - 0.05, base + 0.035), (hole, base + 0.01), (hole + 0.05, base + 0.035),
                    (hole, base + 0.055)], dark)  # fmt: skip
        stroke(face, [(wing * 0.8, base - 0.12), (wing, base - 0.03), (wing * 0.93, base + 0.04),
                      (wing * 0.7, base + 0.05)], edge, 1)  # fmt: skip
    stroke(face, [(-0.05, base + 0.065), (0, base + 0.075), (0.05, base + 0.065)], edge, 1)


def _draw_eye(face: np.ndarray, look: SubjectLook, acts: dict, side: int, gaze: tuple[float, float]) -> None:
    centre, half, rest, opening, upper, lower = shape_eye(look, acts, side)
    closed = min(1.0, max(acts["AU43"], acts["AU45"]))
    lid = np.sqrt(ARCH)
    if opening > 0.02:
        almond = to_pixels(np.concatenate([upper, lower[::-1]]))
        left, top = (almond.min(0) // STEP - 2).tolist()
        right, bottom = (almond.max(0) // STEP + 4).tolist()
        window = face[top:bottom, left:right]
        ball = np.full_like(window, (*_shade(SCLERA, 0.9), 0))
        iris = (centre + np.array((0.07 * gaze[0], 0.05 * gaze[1] - 0.02)) + ORIGIN) * UNIT - (left, top)
        at = tuple(int(value) for value in np.rint(iris * STEP))
        for radius, colour in ((0.115, look.iris), (0.055, (14, 12, 12))):
            cv2.circle(ball, at, round(radius * look.eye_size * UNIT * STEP), colour, -1, cv2.LINE_AA, SUBPIXEL)
        cv2.circle(ball, (at[0] + 2 * STEP, at[1] - 2 * STEP), 9, (250, 250, 250), -1, cv2.LINE_AA, SUBPIXEL)
        mask = np.zeros(window.shape[:2], np.uint8)
        cv2.fillPoly(mask, [almond - (left * STEP, top * STEP)], 255, cv2.LINE_AA, SUBPIXEL)
        share = mask * np.float32(1 / 255)
        window[:] = cv2.blendLinear(ball, window.copy(), share, 1 - share)
    else:
        fill(face, np.concatenate([upper, lower[::-1]]), _shade(look.skin, 0.7))
    lash = lower if opening <= 0.02 else upper
    stroke(face, lash, LASH, 2)
    stroke(face, lower, _shade(look.skin, 0.6), 1)
    fold = np.stack([half * 1.05 * ALONG, rest - (0.62 * opening + 0.055) * lid - 0.02], 1) + centre
    stroke(face, fold[2:-2], _shade(look.skin, 0.58 + 0.1 * closed), 1)


def _draw_brow(face: np.ndarray, look: SubjectLook, acts: dict, side: int) -> None:
    top = shape_brow(look, acts)
    thick = 0.085 * look.brow_thickness * np.array((0.9, 1.0, 0.85, 0.6, 0.1), np.float32)
    bottom = top + np.stack([np.zeros(5, np.float32), thick], 1)
    fill(face, np.concatenate([top, bottom[::-1]]) * (side, 1), look.brow)


def _draw_mouth(face: np.ndarray, look: SubjectLook, acts: dict) -> None:
    x, upper_out, upper_in, line, lower_in, lower_out, gaping = shape_mouth(look, acts)

    def between(above, below):
        return np.concatenate([np.stack([x, above], 1), np.stack([x, below], 1)[::-1]])

    fill(face, between(upper_out, line), _shade(look.lips, 0.88))
    fill(face, between(line, lower_out), look.lips)
    if gaping:
        fill(face, between(upper_in, lower_in), CAVITY)
        bared = upper_in + np.minimum(0.075, 0.55 * (lower_in - upper_in))
        fill(face, between(upper_in, bared), _shade(TEETH, 0.93))
    else:
        stroke(face, np.stack([x, line], 1), _shade(look.lips, 0.5), 1)
    stroke(face, np.stack([x[3:-3], lower_out[3:-3] + 0.01], 1), _shade(look.skin, 0.72), 1)


def _draw_glasses(face: np.ndarray, look: SubjectLook) -> None:
    if not look.glasses:
        return
    colour = (40, 36, 38) if look.glasses == "thick" else (122, 112, 104)
    thickness = 2 if look.glasses == "thick" else 1
    turn = np.linspace(0, 2 * np.pi, 25)
    ring = np.stack([np.sign(np.cos(turn)) * np.abs(np.cos(turn)) ** 0.6 * 0.39,
                     np.sign(np.sin(turn)) * np.abs(np.sin(turn)) ** 0.6 * 0.29 + 0.07], 1)  # fmt: skip
    for side in (-1, 1):
        stroke(face, ring + np.array((side * 0.51, 0)), colour, thickness)
        stroke(face, [(side * 0.9, -0.02), (side * 1.08 * look.face_width, 0.0)], colour, thickness)
    stroke(face, [(-0.13, 0.03), (0, -0.02), (0.13, 0.03)], colour, thickness)


def place_head(sitter: Sitter, pose: Pose) -> np.ndarray:
    """Return the matrix (2, 3) that takes pixels of the turned plate to pixels of the picture."""
    height, width = sitter.background.shape[:2]
    scale = sitter.zoom * pose.scale / UNIT
    cosine, sine = scale * np.cos(pose.roll), scale * np.sin(pose.roll)
    origin = np.array(ORIGIN) * UNIT
    # The head rolls about the neck, 1.8 inter-ocular distances below the eyes.
    neck = origin + np.array((0, 1.8 * UNIT))
    rest = np.array((sitter.place[0] * width, sitter.place[1] * height))
    target = rest + sitter.zoom * np.array((pose.x, pose.y + 1.8))
    matrix = np.array([[cosine, -sine, 0], [sine, cosine, 0]])
    matrix[:, 2] = target - matrix[:, :2] @ neck
    return matrix


def _turn(face: np.ndarray, pose: Pose) -> np.ndarray:
    """Move what is raised on the plate as the head turns; in place."""
    turn_x = cv2.addWeighted(GRID_X[RAISED], 1, RELIEF[RAISED], -TURN * pose.yaw, 0)
    turn_y = cv2.addWeighted(GRID_Y[RAISED], 1, RELIEF[RAISED], -TURN * pose.pitch, 0)
    face[RAISED] = cv2.remap(face, turn_x, turn_y, cv2.INTER_LINEAR)
    return face


def _lay_out(
    background: np.ndarray, face: np.ndarray, matrix: np.ndarray
) -> tuple[np.ndarray, np.ndarray, tuple[slice, slice]]:
    """Set a plate before a background where `matrix` (2, 3) takes it.

    Returns:
        The background with the head cut out of it, the head, and where in the background it is to be added.
    """
    layers, window = _place(face, matrix, background.shape, beside=(0, 0, 0, 255))
    head, clear = cv2.cvtColor(layers, cv2.COLOR_RGBA2RGB), cv2.extractChannel(layers, 3)
    picture = background.copy()
    picture[window] = cv2.multiply(picture[window], cv2.cvtColor(clear, cv2.COLOR_GRAY2RGB), scale=1 / 255)
    return picture, head, window


def _place(
    plate: np.ndarray, matrix: np.ndarray, shape: tuple[int, ...], beside: tuple[int, ...]
) -> tuple[np.ndarray, tuple[slice, slice]]:
    """Take a plate where `matrix` (2, 3) says; return the part of a picture of `shape` it can reach, and its window."""
    corners = np.array([[(x, y) for x in (0, plate.shape[1]) for y in (0, plate.shape[0])]], np.float64)
    reach = cv2.transform(corners, matrix)[0]
    left, top = np.clip(np.floor(reach.min(0)), 0, shape[1::-1]).astype(int)
    right, bottom = np.clip(np.ceil(reach.max(0)) + 1, 0, shape[1::-1]).astype(int)
    matrix = matrix - [[0, 0, left], [0, 0, top]]
    placed = cv2.warpAffine(plate, matrix, (int(right - left), int(bottom - top)), flags=cv2.INTER_LINEAR,
                            borderMode=cv2.BORDER_CONSTANT, borderValue=beside)  # fmt: skip
    return placed, (slice(top, bottom), slice(left, right))
