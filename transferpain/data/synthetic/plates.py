"""The still layers of a drawn head: skin with its shading, hair, beard, ears; made once a subject.

Lengths are inter-ocular distances (the distance between the pupils), with the origin midway between the eyes,
x to the right and y down.
"""

from functools import lru_cache
from typing import NamedTuple

import cv2
import numpy as np

from transferpain.data.synthetic.subjects import SubjectLook

UNIT = 56  # pixels an inter-ocular distance on the plate
ORIGIN = (1.95, 2.0)  # where the origin stands on the plate
PLATE_SIZE = (4.25, 3.9)  # height and width
FLUSH_LEVELS = 10  # the skin reddens in so many steps
JAW_LEVELS = 8  # the jaw opens in so many steps
JAW_DROP = 0.24  # how far the chin falls when the jaw is wide open
SUBPIXEL = 3  # fractional bits of the coordinates given to OpenCV
SOFT = 4  # half the width, in pixels, of the edges of what a face changes as a whole
STEP = 1 << SUBPIXEL  # one pixel in those coordinates
_ORIGIN = np.array(ORIGIN)

# Half widths of an average face from the crown to the chin.
OUTLINE = (
    (-1.62, 0.02), (-1.58, 0.36), (-1.42, 0.68), (-1.15, 0.93), (-0.75, 1.06), (-0.3, 1.09), (0.1, 1.08),
    (0.5, 1.03), (0.9, 0.92), (1.2, 0.77), (1.45, 0.56), (1.62, 0.34), (1.7, 0.12), (1.71, 0.0),
)  # fmt: skip


def to_pixels(points) -> np.ndarray:
    """Turn (n, 2) lengths into the fixed-point plate pixels that OpenCV's drawing takes."""
    scaled = (np.asarray(points, np.float32) + _ORIGIN) * (UNIT * STEP)
    return np.rint(scaled).astype(np.int32)


def fill(image: np.ndarray, points, colour) -> None:
    """Fill a polygon given in inter-ocular distances, antialiased."""
    cv2.fillPoly(image, [to_pixels(points)], colour, cv2.LINE_AA, SUBPIXEL)


def stroke(image: np.ndarray, points, colour, thickness: int = 1) -> None:
    """Draw an open line given in inter-ocular distances, antialiased; thickness in pixels."""
    cv2.polylines(image, [to_pixels(points)], False, colour, thickness, cv2.LINE_AA, SUBPIXEL)


def smooth_closed(points: np.ndarray, rounds: int = 3) -> np.ndarray:
    """Round a closed polygon by cutting its corners (Chaikin)."""
    for _ in range(rounds):
        following = np.roll(points, -1, axis=0)
        points = np.stack([0.75 * points + 0.25 * following, 0.25 * points + 0.75 * following], 1).reshape(-1, 2)
    return points


def outline(look: SubjectLook, jaw: float, grow: float = 0.0) -> np.ndarray:
    """Return the (n, 2) outline of the face; `jaw` 0..1 lowers the chin, `grow` widens it all round."""
    heights, widths = np.array(OUTLINE, np.float32).T
    below = np.clip((heights - 0.4) / 1.3, 0, 1)
    widths = widths * look.face_width * (1 - below + below * look.jaw_width) + grow
    heights = np.where(heights > 0, heights * look.face_length, heights) + JAW_DROP * jaw * below
    heights = heights + grow * np.sign(heights) * np.clip(np.abs(heights) - 0.5, 0, 1)
    right = np.stack([widths, heights], 1)
    return smooth_closed(np.concatenate([right, (right * (-1, 1))[::-1]]))


def _grid() -> tuple[np.ndarray, np.ndarray]:
    height, width = plate_shape()
    x = (np.arange(width, dtype=np.float32) / UNIT - ORIGIN[0])[None, :]
    y = (np.arange(height, dtype=np.float32) / UNIT - ORIGIN[1])[:, None]
    return x, y


def plate_shape() -> tuple[int, int]:
    """Return the plate's height and width in pixels."""
    return round(PLATE_SIZE[0] * UNIT), round(PLATE_SIZE[1] * UNIT)


def _bump(x, y, centre, radius) -> np.ndarray:
    return np.exp(-(((x - centre[0]) / radius[0]) ** 2) - ((y - centre[1]) / radius[1]) ** 2)


def depth() -> np.ndarray:
    """Return the plate's relief, float32 0..1: how far a pixel moves when the head turns."""
    x, y = _grid()
    head, nose = _bump(x, y, (0, 0.2), (0.85, 1.2)), _bump(x, y, (0, 0.5), (0.22, 0.4))
    # Nothing moves at the outline, so that the plate's opacity holds for every turn of the head.
    return (0.9 * np.clip(head - 0.2, 0, 1) + 0.25 * nose).astype(np.float32)


def _shading(still: "_Still", look: SubjectLook, jaw: float) -> np.ndarray:
    """Return the factor by which light and relief change the skin colour, float32 (height, width)."""
    x, y = _grid()
    chin = 1.71 * look.face_length + JAW_DROP * jaw
    shade = still.shade - 0.12 * _bump(x, y, (0, chin - 0.36), (0.26, 0.07))  # below the lip
    return shade + 0.07 * _bump(x, y, (0, chin - 0.17), (0.22, 0.14))  # chin


def _shade_still(look: SubjectLook, light: tuple[float, float]) -> np.ndarray:
    """Return `_shading` but for what falls with the jaw."""
    x, y = _grid()
    nose = 0.62 * look.nose_length
    across, down = x / (1.25 * look.face_width), (y - 0.1) / 1.95
    facing = np.sqrt(np.clip(1 - across**2 - down**2, 0.02, 1))
    shade = 0.62 + 0.42 * facing + 0.26 * light[0] * across + 0.2 * light[1] * down
    for side in (-1, 1):
        shade = shade - 0.17 * _bump(x, y, (side * 0.44, -0.1), (0.34, 0.17))  # socket
        shade = shade - 0.06 * _bump(x, y, (side * 0.46, 0.2), (0.26, 0.07))  # below the eye
        shade = shade + 0.08 * _bump(x, y, (side * 0.62, 0.42), (0.28, 0.24))  # cheek
        shade = shade - 0.12 * _bump(x, y, (side * 0.19, nose * 0.45), (0.07, 0.3))  # side of the nose
        shade = shade - 0.1 * _bump(x, y, (side * 0.22 * look.nose_width, nose + 0.01), (0.08, 0.1))  # wing
        shade = shade - 0.06 * _bump(x, y, (side * 0.8, 0.8), (0.25, 0.4))  # hollow cheek
    shade = shade + 0.12 * _bump(x, y, (0, nose * 0.5), (0.06, 0.34))  # bridge
    shade = shade + 0.14 * _bump(x, y, (0, nose - 0.06), (0.11, 0.09))  # tip
    shade = shade - 0.18 * _bump(x, y, (0, nose + 0.11), (0.2, 0.06))  # below the nose
    return (shade + 0.06 * _bump(x, y, (0, -0.75), (0.7, 0.3))).astype(np.float32)


def _texture(generator: np.random.Generator, blur: float, strength: float) -> np.ndarray:
    noise = cv2.GaussianBlur(generator.normal(size=plate_shape()).astype(np.float32), (0, 0), blur)
    return 1 + strength * noise / noise.std()


def _hair_back(look: SubjectLook) -> list[np.ndarray]:
    """Return the polygons of the hair behind the face."""
    reach = {
        "long": 1.95, "fringe": 1.6, "bob": 1.2, "tied": -0.1, "short": -0.1, "curly": 0.3, "receding": 0.0,
        "bald": None,
    }[look.hair_style]  # fmt: skip
    if reach is None:
        return []
    cap = outline(look, 0, grow=0.28 if look.hair_style == "curly" else 0.16)
    cap = cap[cap[:, 1] < max(0.1, min(reach, 0.5))]
    if look.hair_style == "curly":
        cap = cap * (1 + 0.022 * np.sin(np.arange(len(cap)) * 0.9))[:, None]
    if reach < 0.5:
        return [cap]
    width = 1.32 * look.face_width
    fall = [(-width, -0.7), (-width - 0.08, 0.4), (-width * 0.98, reach), (width * 0.98, reach),
            (width + 0.08, 0.4), (width, -0.7)]  # fmt: skip
    return [cap, smooth_closed(np.array(fall, np.float32))]


def _hairline(look: SubjectLook) -> np.ndarray | None:
    """Return the polygon of the hair above the forehead."""
    if look.hair_style == "bald":
        return None
    low, temple = {
        "receding": (-1.3, -0.5), "short": (-1.05, -0.42), "curly": (-0.98, -0.4), "tied": (-1.1, -0.5),
        "bob": (-0.86, 0.3), "long": (-1.0, 0.25), "fringe": (-0.66, 0.25),
    }[look.hair_style]  # fmt: skip
    cap = outline(look, 0, grow=0.12)
    cap = cap[cap[:, 1] < temple]
    right, left = cap[cap[:, 0] > 0], cap[cap[:, 0] <= 0]
    edge = look.face_width * 0.92
    part = 0.25 if look.seed % 2 else -0.25
    inner = np.array([(-edge, temple - 0.25), (-0.6, low + 0.05), (part, low - 0.1), (0.6, low + 0.05),
                      (edge, temple - 0.25)], np.float32)  # fmt: skip
    return np.concatenate([right[np.argsort(right[:, 1])], inner[::-1], left[np.argsort(-left[:, 1])]])


def hair_front(look: SubjectLook) -> np.ndarray:
    """Return how opaque the hair above the forehead is, uint8 (height, width)."""
    front = np.zeros(plate_shape(), np.uint8)
    hairline = _hairline(look)
    if hairline is None:
        return front
    fill(front, hairline, 255)
    return cv2.GaussianBlur(front, (0, 0), 1.5)


def bare_skin(look: SubjectLook) -> np.ndarray:
    """Return where the skin of a face is seen, uint8 (height, width): 255, less towards hair, ears and outline, then 0.

    Only there does a face redden, or turn as a whole: hair would tell of it.
    """
    skin = np.zeros(plate_shape(), np.uint8)
    fill(skin, outline(look, 0), 255)
    skin[hair_front(look) > 0] = 0
    edge = (2 * SOFT + 1,) * 2
    return cv2.blur(cv2.erode(skin, np.ones(edge, np.uint8)), edge)


def paint_plate(
    look: SubjectLook, light: tuple[float, float], jaw: float, warmth: float = 0.0
) -> tuple[np.ndarray, np.ndarray]:
    """Paint the still head.

    Args:
        light: where the light comes from, each -1..1: right of the subject's picture, below.
        jaw: how far the jaw is open, 0..1.
        warmth: how much warmer the light from the right is, as a share of red and of blue at the edge.

    Returns:
        uint8 RGB (height, width, 3), premultiplied by its opacity, and the opacity, uint8 (height, width).
    """
    shape = plate_shape()
    skin = np.zeros(shape, np.uint8)
    fill(skin, outline(look, jaw), 255)
    ears = [(side * 1.09 * look.face_width, 0.22) for side in (-1, 1)]
    for centre in ears:
        turn = np.linspace(0, 2 * np.pi, 24)
        fill(skin, np.stack([centre[0] + 0.13 * np.cos(turn), centre[1] + 0.33 * np.sin(turn)], 1), 255)
    still = _still(look, light)
    skin_colour = still.skin * _shading(still, look, jaw)[..., None]
    if look.beard:
        skin_colour = _grow_beard(look, skin_colour, jaw, still.strands)
    x, _ = _grid()
    skin_colour *= 1 + np.clip(x / 1.1, -1, 1)[..., None] * np.array([warmth, 0, -warmth], np.float32)

    back = np.zeros(shape, np.uint8)
    for polygon in _hair_back(look):
        fill(back, polygon, 255)
    front = hair_front(look)
    image = _blend(still.hair * np.float32(0.72), skin_colour, skin)
    image = _blend(image, still.hair, front)
    opacity = np.maximum(np.maximum(back, skin), front)
    image *= _share(opacity)
    return np.clip(image, 0, 255, out=image).astype(np.uint8), opacity


def _share(mask: np.ndarray) -> np.ndarray:
    return cv2.merge([mask * np.float32(1 / 255)] * 3)


def _blend(below: np.ndarray, above: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Lay one picture on another, float32 (height, width, 3), where a mask, uint8 (height, width), says."""
    return below + (above - below) * _share(mask)


def redden(image: np.ndarray, flush: float, blood: np.ndarray) -> np.ndarray:
    """Return a plate, uint8 (height, width, 4), as red as `flush` 0..1 says, where `blood` shows."""
    red, green, blue, clear = cv2.split(image)
    red = cv2.add(red, cv2.multiply(red, blood, scale=0.06 * flush / 255))
    green, blue = (
        cv2.subtract(colour, cv2.multiply(colour, blood, scale=by * flush / 255))
        for colour, by in ((green, 0.27), (blue, 0.22))
    )
    return cv2.merge((red, green, blue, clear))


def blood(skin: np.ndarray) -> np.ndarray:
    """Return how far each part of the `skin` reddens, uint8 (height, width): cheeks, nose, forehead, chin."""
    return cv2.multiply(skin, _blood(), scale=1 / 255)


@lru_cache(maxsize=1)
def _blood() -> np.ndarray:
    x, y = _grid()
    cheeks = sum(_bump(x, y, (side * 0.6, 0.5), (0.42, 0.42)) for side in (-1, 1))
    others = 0.6 * _bump(x, y, (0, 0.5), (0.16, 0.25)) + 0.5 * _bump(x, y, (0, -0.7), (0.6, 0.25))
    where = np.clip(cheeks + others + 0.4 * _bump(x, y, (0, 1.5), (0.25, 0.15)), 0, 1)
    return np.rint(255 * where).astype(np.uint8)


class _Still(NamedTuple):
    """What is the same in all plates of a person in one light, float32: the plates differ by how far the jaw is open.

    `skin`, `hair`: colours before shading, (height, width, 3). `strands`: a factor of the hair. `shade`: that of the
    skin, without the chin's.
    """

    skin: np.ndarray
    hair: np.ndarray
    strands: np.ndarray
    shade: np.ndarray


@lru_cache(maxsize=1)
def _still(look: SubjectLook, light: tuple[float, float]) -> _Still:
    generator = np.random.default_rng(look.seed)
    fine, coarse = _texture(generator, 0.8, 0.012), _texture(generator, 7, 0.012)
    strands = _texture(generator, 1.0, 0.06) * _texture(generator, 4, 0.06)
    spots = _spots(generator, plate_shape())
    x, y = _grid()
    blush = 0.05 * sum(_bump(x, y, (side * 0.62, 0.5), (0.3, 0.25)) for side in (-1, 1))
    skin = np.array(look.skin, np.float32) * (fine * coarse)[..., None]
    skin *= 1 + blush[..., None] * np.array([0.6, -1, -1], np.float32)
    skin *= 1 - spots[..., None] * np.array([0.2, 0.3, 0.3], np.float32)
    hair = np.array(look.hair, np.float32) * (strands * (0.9 + 0.25 * light[1] * y / 2))[..., None]
    return _Still(skin, hair, strands, _shade_still(look, light))


def _spots(generator: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    """Return moles and freckles, float32 0..1."""
    spots = np.zeros(shape, np.float32)
    for _ in range(int(generator.integers(0, 12))):
        centre = generator.uniform((0.2 * shape[1], 0.3 * shape[0]), (0.8 * shape[1], 0.95 * shape[0]))
        cv2.circle(spots, tuple(int(value) for value in centre), 1, float(generator.uniform(0.2, 0.8)), -1)
    return cv2.GaussianBlur(spots, (3, 3), 0)


def _grow_beard(look: SubjectLook, skin: np.ndarray, jaw: float, strands: np.ndarray) -> np.ndarray:
    mask = np.zeros(plate_shape(), np.float32)
    if look.beard_shape == "moustache":
        lip = np.array([(-0.4, 0.96), (-0.2, 0.83), (0, 0.8), (0.2, 0.83), (0.4, 0.96), (0.2, 0.93), (-0.2, 0.93)])
        fill(mask, lip.astype(np.float32), 1.0)
        weight = (cv2.GaussianBlur(mask, (0, 0), 1.5) * look.beard)[..., None]
        return skin * (1 - weight) + np.array(look.hair, np.float32) * strands[..., None] * weight
    whole = outline(look, jaw)
    lower = whole[whole[:, 1] > (1.05 if look.beard_shape == "goatee" else 0.62)]
    if look.beard_shape == "goatee":
        lower = lower[np.abs(lower[:, 0]) < 0.62]
    fill(mask, lower[np.argsort(np.arctan2(lower[:, 1] - 1.0, lower[:, 0]))], 1.0)
    mouth = np.array([(-0.42, 0.98), (0.0, 0.86), (0.42, 0.98), (0.36, 1.3 + 0.1 * jaw), (-0.36, 1.3 + 0.1 * jaw)])
    fill(mask, smooth_closed(mouth.astype(np.float32)), 0.25)
    cheeks = np.array([(-0.85, 0.5), (0.85, 0.5), (0.5, 0.8), (-0.5, 0.8)], np.float32)
    fill(mask, cheeks, 0.0)
    weight = (cv2.GaussianBlur(mask, (0, 0), 4) * look.beard)[..., None]
    return skin * (1 - weight) + np.array(look.hair, np.float32) * strands[..., None] * weight
