import time

import numpy as np
import pytest

from tests.inputs.landmarks.drawn import drawn_person
from transferpain.apps.live.decision import Decision
from transferpain.apps.live.overlay import draw_overlay, state
from transferpain.apps.live.source import Frame
from transferpain.apps.live.watch import View

LABELS = ("none", "stärker")
SMILING = Decision(1, np.array([0.25, 0.75]))


def view(decision: Decision | None = SMILING, alert: bool = False, picture: np.ndarray | None = None) -> View:
    picture = drawn_person() if picture is None else picture
    height, width = picture.shape[:2]
    landmarks = None
    if decision is not None:
        landmarks = np.random.default_rng(0).uniform(0.4, 0.6, size=(478, 3)) * (width, height, width)
    return View(Frame(picture, 0, 0.0, time.monotonic()), landmarks, decision, alert, False, 0.012)


def changed(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    return (one != other).any(axis=2)


def test_what_is_said():
    assert state(view(), LABELS) == "stärker  75%"
    assert state(view(alert=True), LABELS) == "ALERT  stärker  75%"
    assert state(view(None), LABELS) == "no face"


@pytest.mark.parametrize("size", [(240, 320), (480, 640), (640, 360), (1080, 1920), (60, 80)])
def test_every_frame_is_written_on_and_the_frame_itself_stays(size):
    picture = np.full((*size, 3), 90, np.uint8)
    drawn = draw_overlay(view(picture=picture), LABELS, synthetic=True, rate=25)
    assert drawn.shape == picture.shape
    assert drawn.dtype == np.uint8
    assert (picture == 90).all()
    letters = (drawn > 150).all(axis=2)
    height = size[0]
    assert letters[: height // 2].any()
    assert letters[-height // 4 :].any()
    # Nothing is cut off at the right.
    assert not letters[:, -2:].any()


@pytest.mark.parametrize("decision", [SMILING, None])
def test_a_model_of_drawn_faces_is_told_on_every_frame(decision):
    plain, warned = (draw_overlay(view(decision), LABELS, synthetic, rate=25) for synthetic in (False, True))
    rows = np.flatnonzero(changed(plain, warned).any(axis=1))
    assert len(rows) > 5
    assert rows.min() > plain.shape[0] * 0.8


def test_an_alert_frames_the_picture_in_red():
    calm, alarmed = (draw_overlay(view(alert=alert), LABELS, False, rate=25) for alert in (False, True))
    assert (alarmed[0] == (190, 20, 20)).all()
    assert not (calm[0] == (190, 20, 20)).all()
