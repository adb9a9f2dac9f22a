"""What the properties of every twin are measured with."""

import hashlib

import numpy as np

from transferpain.data.synthetic.face import Sitter
from transferpain.data.synthetic.performance import Performance
from transferpain.data.synthetic.videos import ClipPlan, draw_clip, seat_person


def clip_hash(camera, plan: ClipPlan, sitter: Sitter | None = None) -> str:
    """Return the SHA-256 of the drawn frames, before a video encoder touches them."""
    digest = hashlib.sha256()
    for frame in draw_clip(camera, sitter or seat_person(camera, plan), plan):
        digest.update(frame.tobytes())
    return digest.hexdigest()


def summary(course: np.ndarray) -> np.ndarray:
    """Describe a clip's true course: mean, peak, restlessness of each action unit, and of what the skin does."""
    return np.concatenate([course.mean(0), course.max(0), np.diff(course, axis=0).std(0)])


def cues(performance: Performance) -> np.ndarray:
    """Return all that tells of pain in a clip: the action units and the skin, (frames, 13)."""
    return np.concatenate([performance.action_units, performance.skin], 1)
