"""Whether two pictures are one: the same, a mirror image, or turned and shifted by a little.

Small pictures are compared coarsely in many positions, and what is alike there is laid over each other exactly. What
that finds, and what it takes for the same though it is not, is measured by its test.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np

SIDE = 64
COARSE = 16
ANGLES = (-10.0, -7.5, -5.0, -2.5, 2.5, 5.0, 7.5, 10.0)  # degrees
SHIFTS = (-2, -1, 0, 1, 2)  # pixels of `SIDE`
# (degrees, pixels to the right, pixels down): how a picture is moved before it is compared coarsely.
MOVES = (
    *((0.0, float(right), float(down)) for right in SHIFTS for down in SHIFTS),
    *((angle, 0.0, 0.0) for angle in ANGLES),
)
MIN_COARSE = 0.98
CANDIDATES = 20
# Correlations of pictures that lie over each other, and of small ones as they are (our choice, by the benchmark).
MIN_ALIGNED = 0.998
MIN_SMALL = 0.995
SMALL = 32
BLUR = 5
STEPS = (10, 1e-3)


@dataclass(frozen=True)
class Looks:
    """What pictures are compared by.

    Attributes:
        grey: uint8 `(pictures, 64, 64)`.
        coarse: float32 `(pictures, D)` of length 1; zeros for a picture of one grey level, which is like no other.
    """

    grey: np.ndarray
    coarse: np.ndarray


def to_side(picture: np.ndarray) -> np.ndarray:
    """Return a grey picture, uint8 `(height, width)`, in the size that is compared, uint8 `(64, 64)`."""
    import cv2

    shrinks = min(picture.shape) >= SIDE
    return cv2.resize(picture, (SIDE, SIDE), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)


def look_at(pictures: list[np.ndarray]) -> Looks:
    """Return what pictures of `to_side` are compared by."""
    grey = np.array(pictures, np.uint8).reshape(-1, SIDE, SIDE)
    as_it_is = (_grids()[MOVES.index((0.0, 0.0, 0.0))],)
    coarse = [_coarse(one, as_it_is)[0] for one in grey]
    return Looks(grey, np.array(coarse, np.float32).reshape(len(grey), int(_disc(COARSE).sum())))


def alike(looks: Looks, test: np.ndarray, train: np.ndarray, video: np.ndarray) -> np.ndarray:
    """Return which of the pictures `test` show the same as one of the pictures `train`, bool `(tested,)`.

    Args:
        test, train: positions into `looks`.
        video: int64 `(pictures,)`, what each picture was taken from; pictures of one video are not compared.
    """
    from concurrent.futures import ThreadPoolExecutor

    if not len(train):
        return np.zeros(len(test), bool)
    compared = np.ascontiguousarray(looks.coarse[train].T)

    def is_known(picture: int) -> bool:
        nearness = _moved(looks.grey[picture]) @ compared  # (moves, trained)
        move = nearness.argmax(axis=0)
        nearest = nearness.max(axis=0)
        likely = np.flatnonzero((nearest >= MIN_COARSE) & (video[train] != video[picture]))
        likely = likely[np.argsort(-nearest[likely], kind="stable")[:CANDIDATES]]
        return any(is_same(looks.grey[picture], looks.grey[train[one]], int(move[one])) for one in likely)

    # OpenCV and the products of matrices leave Python free.
    with ThreadPoolExecutor() as threads:
        return np.fromiter(threads.map(is_known, test), bool, len(test))


def is_same(first: np.ndarray, second: np.ndarray, move: int) -> bool:
    """Tell whether two pictures, uint8 `(64, 64)`, are one, from how the first is moved to look like the second.

    Args:
        move: a place in `MOVES`, of the picture as it is, then of its mirror image.
    """
    import cv2

    mirrored, move = divmod(move, len(MOVES))
    if mirrored:
        first = np.ascontiguousarray(first[:, ::-1])
    if not any(MOVES[move]) and _correlation(*(_shrunk(one) for one in (first, second))) >= MIN_SMALL:
        return True
    there = _matrix(*MOVES[move])
    back = cv2.invertAffineTransform(there).astype(np.float32)
    # Only one of the two may have been resampled, and it must be the one that stays as it is.
    return max(_aligned(second, first, back), _aligned(first, second, there.astype(np.float32))) >= MIN_ALIGNED


def _aligned(still: np.ndarray, moved: np.ndarray, start: np.ndarray) -> float:
    """Return the correlation of two pictures where one is turned and shifted to lie over the other; 0 if it cannot.

    It is the higher one of the position `start` and of what is found from there.
    """
    import cv2

    middle = _disc(SIDE).astype(np.uint8)

    def reached(steps: int, least: float) -> float:
        criteria = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, steps, least)
        try:
            return cv2.findTransformECC(still, moved, start.copy(), cv2.MOTION_EUCLIDEAN, criteria, middle, BLUR)[0]
        except cv2.error:
            return 0.0

    # A step may lead away from a position that is already right, most where a picture has much detail.
    return max(reached(1, STEPS[1]), reached(*STEPS))


def _moved(grey: np.ndarray) -> np.ndarray:
    """Return the coarse looks of a picture in every position, as it is and mirrored, float32 `(2 * moves, D)`."""
    return np.concatenate([_coarse(one, _grids()) for one in (grey, np.ascontiguousarray(grey[:, ::-1]))])


def _coarse(grey: np.ndarray, grids: tuple[np.ndarray, ...]) -> np.ndarray:
    """Return the middle of a picture, uint8 `(64, 64)`, seen coarsely and without its slow changes, once for each grid.

    Args:
        grids: from the places of a coarse picture to those of `grey`, `(2, 3)` each.

    Returns:
        float32 `(grids, D)`, each of length 1; zeros for a picture of one grey level.
    """
    import cv2

    soft = cv2.GaussianBlur(grey.astype(np.float32), (0, 0), 3)
    how = {"flags": cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, "borderMode": cv2.BORDER_REPLICATE}
    seen = np.stack([cv2.warpAffine(soft, grid, (COARSE, COARSE), **how) for grid in grids])[:, _disc(COARSE)]
    # Taken away inside the disc alone: a wider filter would draw in the rim, which is black where a copy was shifted.
    seen -= seen @ _slow() @ _slow().T
    lengths = np.linalg.norm(seen, axis=1, keepdims=True)
    return np.divide(seen, lengths, out=np.zeros_like(seen), where=lengths > 0.1)


@cache
def _slow() -> np.ndarray:
    """Return what changes slowly over the disc, up to squares, as orthonormal columns, float32 `(D, 6)`."""
    down, right = (places[_disc(COARSE)] / COARSE for places in np.mgrid[:COARSE, :COARSE] - (COARSE - 1) / 2)
    columns = [np.ones_like(down), down, right, down**2, right**2, down * right]
    return np.linalg.qr(np.stack(columns, axis=1))[0].astype(np.float32)


@cache
def _grids() -> tuple[np.ndarray, ...]:
    """Return where each place of a coarse picture lies in one that is moved, for each of `MOVES`."""
    import cv2

    scale = SIDE / COARSE
    spread = np.array([[scale, 0, (scale - 1) / 2], [0, scale, (scale - 1) / 2], [0, 0, 1]])
    return tuple(cv2.invertAffineTransform(_matrix(*move)) @ spread for move in MOVES)


def _matrix(degrees: float, right: float, down: float) -> np.ndarray:
    import cv2

    middle = (SIDE - 1) / 2
    matrix = cv2.getRotationMatrix2D((middle, middle), degrees, 1.0)
    matrix[:, 2] += right, down
    return matrix


@cache
def _disc(side: int) -> np.ndarray:
    """Return the middle of a picture, bool `(side, side)`: corners are what turning and shifting changes first."""
    down, right = np.mgrid[:side, :side] - (side - 1) / 2
    return down**2 + right**2 <= (0.4 * side) ** 2


def _shrunk(grey: np.ndarray) -> np.ndarray:
    import cv2

    return cv2.resize(grey, (SMALL, SMALL), interpolation=cv2.INTER_AREA).astype(np.float64)


def _correlation(first: np.ndarray, second: np.ndarray) -> float:
    first, second = first - first.mean(), second - second.mean()
    lengths = np.linalg.norm(first) * np.linalg.norm(second)
    return float((first * second).sum() / lengths) if lengths > 0 else 0.0
