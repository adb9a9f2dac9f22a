"""What live mode writes on a frame."""

import cv2
import numpy as np

from transferpain.apps.live.model import synthetic_warning
from transferpain.apps.live.watch import View
from transferpain.core.synthetic_faces import Synthetic

RESEARCH_ONLY = "research only, no medical device"
NO_FACE = "no face"
NO_ANSWER = "no answer for this face"
WHITE, AMBER, RED = (255, 255, 255), (255, 191, 64), (190, 20, 20)
FONT = cv2.FONT_HERSHEY_SIMPLEX
REFERENCE_WIDTH = 640  # at which the text has its nominal size


def draw_overlay(view: View, labels: tuple[str, ...], synthetic: Synthetic, rate: float) -> np.ndarray:
    """Return a copy of the frame with level, confidence, rate, latency and warnings on it.

    Args:
        labels: names of the levels.
        synthetic: whether the model was trained on synthetic faces, and what they are called.
        rate: frames per second, as measured.

    Returns:
        uint8 RGB of the frame's size.
    """
    picture = view.frame.image.copy()
    height, width = picture.shape[:2]
    scale = width / REFERENCE_WIDTH
    if view.landmarks is not None:
        low, high = view.landmarks[:, :2].min(axis=0), view.landmarks[:, :2].max(axis=0)
        color = RED if view.alert else WHITE
        cv2.rectangle(picture, _pixel(low), _pixel(high), color, max(1, round(2 * scale)), cv2.LINE_AA)
    if view.alert:
        cv2.rectangle(picture, (0, 0), (width - 1, height - 1), RED, max(2, round(10 * scale)))
    head, foot = round(72 * scale), round((56 if synthetic else 34) * scale)
    # Behind the text, so that it can be read before anything; the face stays visible through it.
    picture[:head] = RED if view.alert else picture[:head] // 3
    picture[height - foot :] //= 3
    _write(picture, state(view, labels), (14, 34), WHITE, 0.95)
    _write(picture, f"{rate:.0f} frames/s, {1000 * view.latency:.0f} ms", (14, 60), WHITE, 0.55)
    bottom = height / scale
    if synthetic:
        _write(picture, synthetic_warning(synthetic), (14, bottom - 34), AMBER, 0.6)
    _write(picture, RESEARCH_ONLY, (14, bottom - 12), WHITE, 0.5)
    return picture


def state(view: View, labels: tuple[str, ...]) -> str:
    """Return the line that says what was decided."""
    if view.decision is None:
        if view.landmarks is not None and view.waiting:
            return f"looking: {view.waiting:.1f} s more"
        return NO_FACE if view.landmarks is None else NO_ANSWER
    said = f"{labels[view.decision.level]}  {view.decision.confidence:.0%}"
    return f"ALERT  {said}" if view.alert else said


def _pixel(point: np.ndarray) -> tuple[int, int]:
    return int(point[0]), int(point[1])


def _write(picture: np.ndarray, text: str, place: tuple[float, float], color: tuple[int, int, int], size: float):
    """Write one line at a place stated for the reference width, smaller where it would not fit."""
    scale = picture.shape[1] / REFERENCE_WIDTH
    text = text.encode("ascii", "replace").decode()  # the font has no other letters
    (length, _), _ = cv2.getTextSize(text, FONT, size, 1)
    size *= scale * min(1.0, (REFERENCE_WIDTH - 2 * place[0]) / max(1, length))
    at = (round(place[0] * scale), round(place[1] * scale))
    cv2.putText(picture, text, at, FONT, size, color, max(1, round(1.7 * size)), cv2.LINE_AA)
