"""The 66 landmarks of a drawn face, where active appearance models put them: the usual 68 less the inner mouth corners.

In this order, each from the left of the picture to the right: jaw 17, brows 5 + 5, bridge of the nose 4, base of the
nose 5, eyes 6 + 6 (round the eye from its left corner over the upper lid), outer lips 12 (likewise), inner lips
3 above and, back again, 3 below.
"""

import numpy as np

from transferpain.data.synthetic.face import JAW_LEVELS, RELIEF, TURN, Pose, Sitter, complete, jaw_level, place_head
from transferpain.data.synthetic.plates import ORIGIN, UNIT, outline
from transferpain.data.synthetic.shapes import shape_brow, shape_eye, shape_mouth, shape_nose
from transferpain.data.synthetic.subjects import SubjectLook

JAW_POINTS = 17
TURN_STEPS = 3  # the shift by the turn of the head is far below a pixel then


def landmarks(sitter: Sitter, units: dict[str, float], pose: Pose) -> np.ndarray:
    """Return the landmarks of the picture that `draw_face` draws: float64 (66, 2), x and y in pixels from 0.

    Raises:
        KeyError: for an action unit that is not in `ACTION_UNITS`.
    """
    look, acts = sitter.look, complete(units)
    brow = shape_brow(look, acts)
    points = np.concatenate([
        _jaw(look, acts), brow[::-1] * (-1, 1), brow, _nose(look, acts),
        *(_eye(look, acts, side) for side in (-1, 1)), _mouth(look, acts),
    ])  # fmt: skip
    still = (points + ORIGIN) * UNIT
    turned = still
    for _ in range(TURN_STEPS):
        columns, rows = np.rint(turned).astype(int).T
        height = RELIEF[rows.clip(0, RELIEF.shape[0] - 1), columns.clip(0, RELIEF.shape[1] - 1)]
        turned = still + TURN * height[:, None] * (pose.yaw, pose.pitch)
    matrix = place_head(sitter, pose)
    return turned @ matrix[:, :2].T + matrix[:, 2]


def _jaw(look: SubjectLook, acts: dict) -> np.ndarray:
    edge = outline(look, jaw_level(acts["AU26"] / 5) / JAW_LEVELS)
    lower = edge[edge[:, 1] > 0]
    lower = lower[np.argsort(np.arctan2(lower[:, 0], lower[:, 1]))]
    along = np.concatenate([[0], np.linalg.norm(np.diff(lower, axis=0), axis=1).cumsum()])
    wanted = np.linspace(0, along[-1], JAW_POINTS)
    return np.stack([np.interp(wanted, along, axis) for axis in lower.T], 1)


def _nose(look: SubjectLook, acts: dict) -> np.ndarray:
    base, flare = shape_nose(look, acts)
    wing = 0.21 * look.nose_width * flare
    bridge = [(0, height) for height in np.linspace(0.05, base - 0.06, 4)]
    return np.array([*bridge, (-wing, base), (-0.5 * wing, base + 0.05), (0, base + 0.07), (0.5 * wing, base + 0.05),
                     (wing, base)])  # fmt: skip


def _eye(look: SubjectLook, acts: dict, side: int) -> np.ndarray:
    eye = shape_eye(look, acts, side)
    return np.concatenate([eye.upper[[0, 4, 10, 14]], eye.lower[[10, 4]]])


def _mouth(look: SubjectLook, acts: dict) -> np.ndarray:
    mouth = shape_mouth(look, acts)

    def edge(heights: np.ndarray, places: list[int]) -> np.ndarray:
        return np.stack([mouth.x, heights], 1)[places]

    return np.concatenate([
        edge(mouth.upper_out, [0, 2, 5, 7, 9, 12, 14]), edge(mouth.lower_out, [12, 9, 7, 5, 2]),
        edge(mouth.upper_in, [4, 7, 10]), edge(mouth.lower_in, [10, 7, 4]),
    ])  # fmt: skip
