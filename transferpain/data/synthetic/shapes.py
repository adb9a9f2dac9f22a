"""The forms of brows, eyes, nose and mouth, as the action units ask for them.

Lengths are inter-ocular distances, with the origin midway between the eyes, x to the right and y down, as in plates.py.
"""

from typing import NamedTuple

import numpy as np

from transferpain.data.synthetic.subjects import SubjectLook

ALONG = np.linspace(-1, 1, 15, dtype=np.float32)  # from one corner of an eye or the mouth to the other
ARCH = 1 - ALONG**2


class Eye(NamedTuple):
    """An eye's geometry: lids (15, 2) from the left to the right; `half` its half width, `rest` its lids' height."""

    centre: np.ndarray
    half: float
    rest: float
    opening: float
    upper: np.ndarray
    lower: np.ndarray


class Mouth(NamedTuple):
    """The mouth's edges: heights (15,) at `x` from the left corner to the right one, outer and inner, and the cleft."""

    x: np.ndarray
    upper_out: np.ndarray
    upper_in: np.ndarray
    line: np.ndarray
    lower_in: np.ndarray
    lower_out: np.ndarray
    gaping: bool


def shape_nose(look: SubjectLook, acts: dict) -> tuple[float, float]:
    """Return how far below the eyes the nose ends, and by which factor its wings are flared."""
    lift = 0.045 * max(acts["AU9"], 0.6 * acts["AU10"]) / 5
    flare = 1 + 0.12 * max(acts["AU9"], acts["AU10"]) / 5
    return 0.64 * look.nose_length - lift, flare


def shape_eye(look: SubjectLook, acts: dict, side: int) -> Eye:
    """Return where the lids of the left (`side` -1) or right (1) eye of the picture are."""
    squint = max(acts["AU6"], acts["AU7"]) / 5
    closed = min(1.0, max(acts["AU43"], acts["AU45"]))
    opening = 0.165 * look.eye_height * look.eye_size * (1 - 0.45 * squint) * (1 + 0.07 * acts["AU1"]) * (1 - closed)
    half = 0.245 * look.eye_size
    centre = np.array((side * 0.5, 0.0), np.float32)
    lid = np.sqrt(ARCH)
    rest = 0.035 * closed - 0.012 * squint
    upper = np.stack([half * ALONG, rest - 0.62 * opening * lid], 1) + centre
    lower = np.stack([half * ALONG, rest + (0.38 * opening + 0.02 * closed) * ARCH], 1) + centre
    return Eye(centre, half, rest, opening, upper, lower)


def shape_brow(look: SubjectLook, acts: dict) -> np.ndarray:
    """Return the upper edge of the right brow of the picture, (5, 2) from its inner end; the left is its mirror."""
    lowered = (0.7 * acts["AU4"] + 0.3 * acts["AU9"]) / 5
    raised = acts["AU1"] / 5
    squint = acts["AU6"] / 5
    height = -0.37 * look.brow_height
    tilt = look.brow_tilt
    return np.array([
        (0.19 - 0.05 * lowered, height + tilt + 0.16 * lowered - 0.15 * raised),
        (0.34 - 0.03 * lowered, height - 0.055 + 0.5 * tilt + 0.145 * lowered - 0.16 * raised),
        (0.54 - 0.01 * lowered, height - 0.085 + 0.11 * lowered - 0.15 * raised + 0.015 * squint),
        (0.72, height - 0.05 + 0.06 * lowered - 0.12 * raised + 0.03 * squint),
        (0.88, height + 0.06 + 0.03 * lowered - 0.09 * raised + 0.035 * squint),
    ], np.float32)  # fmt: skip


def shape_mouth(look: SubjectLook, acts: dict) -> Mouth:
    """Return where the lips are."""
    smile, raised, parted, jaw = acts["AU12"] / 5, acts["AU10"] / 5, acts["AU25"] / 5, acts["AU26"] / 5
    middle = 1.04 * look.mouth_height * (1 + 0.6 * (look.face_length - 1))
    half = 0.385 * look.mouth_width * (1 + 0.3 * smile + 0.04 * raised - 0.12 * jaw)
    corner = (look.lip_curve - 0.1 * smile + 0.035 * raised) * ALONG**2
    opening = 0.075 * parted + 0.25 * jaw
    up = 0.03 * parted + 0.06 * raised * (opening > 0.01)
    line = middle + corner - 0.05 * raised * ARCH
    upper_in = line - up * ARCH
    lower_in = line + (0.003 + opening) * ARCH
    full = 0.075 * look.lip_fullness * (1 - 0.3 * smile)
    bow = 1 - 0.22 * np.exp(-((ALONG / 0.14) ** 2))
    upper_out = upper_in - full * np.sqrt(ARCH) * bow * (1 - 0.15 * raised)
    lower_out = lower_in + 1.35 * full * ARCH**0.7
    gaping = bool(opening > 0.01 or up > 0.01)
    return Mouth(half * ALONG, upper_out, upper_in, line, lower_in, lower_out, gaping)
