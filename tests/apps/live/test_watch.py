import time

import numpy as np
import pytest
from pydantic import ValidationError

from tests.inputs.landmarks.drawn import NOBODY, drawn_person
from transferpain.apps.live.model import LiveModel
from transferpain.apps.live.overlay import state
from transferpain.apps.live.source import Frame
from transferpain.apps.live.watch import LiveSettings, View, watch
from transferpain.inputs.landmarks.settings import LandmarkSettings

CALM = drawn_person(2)
PAIN = drawn_person(2, {"AU4": 5, "AU43": 1, "AU26": 5})
LABELS = ("none", "pain")


class Model:
    """Answers by whether the mouth is open; keeps where the faces were that it was asked about, and how long a past.

    Where it looked for them stands in `looked`.
    """

    def __init__(self, sees: bool = True):
        self.looked: list[float] = []
        self.asked: list[float] = []
        self.past: list[int] = []
        self.sees = sees

    def see(self, image: np.ndarray, landmarks: np.ndarray) -> np.ndarray | None:
        self.looked.append(float(landmarks[:, 0].mean()))
        return image if self.sees else None

    def answer(self, face: np.ndarray, landmarks: list[np.ndarray]) -> np.ndarray:
        self.asked.append(float(landmarks[-1][:, 0].mean()))
        self.past.append(len({id(one) for one in landmarks}))
        open_mouth = landmarks[-1][14, 1] - landmarks[-1][13, 1] > 5
        return np.eye(2, dtype=np.float32)[int(open_mouth)]


def views(pictures: list[np.ndarray], model: Model, **chosen) -> list[View]:
    frames = [Frame(picture, number, number / 10, time.monotonic()) for number, picture in enumerate(pictures)]
    settings = LiveSettings(landmarks=LandmarkSettings(detection_confidence=0.5), **chosen)
    return list(watch(frames, LiveModel(LABELS, True, model.see, model.answer), settings))


def test_a_face_is_found_and_decided_on():
    model = Model()
    seen = views([CALM, CALM, PAIN, PAIN], model, skip="none", window=0.15)
    assert [view.decision.level for view in seen] == [0, 0, 0, 1]
    assert seen[2].decision.confidence == 0.5
    assert len(model.asked) == 4
    assert not any(view.skipped or view.alert for view in seen)
    assert all(view.latency >= 0 for view in seen)


def test_the_network_is_given_the_landmarks_of_the_last_seconds():
    model = Model()
    views([CALM] * 5 + [NOBODY, CALM, CALM], model, skip="none", clip=0.35)
    assert model.past == [1, 2, 3, 4, 4, 1, 2]


def test_a_skipped_frame_is_part_of_the_past():
    model = Model()
    views([CALM, CALM, CALM, PAIN], model)
    assert model.past == [1, 4]


def test_a_calm_face_keeps_its_answer_and_a_moving_one_does_not():
    model = Model()
    seen = views([CALM] * 5 + [PAIN], model, window=0.01)
    assert [view.skipped for view in seen] == [False, True, True, True, True, False]
    assert [view.decision.level for view in seen] == [0] * 5 + [1]
    assert len(model.asked) == 2


def test_nobody_is_told_and_whoever_comes_is_looked_at():
    model = Model()
    seen = views([CALM, NOBODY, NOBODY, CALM], model, window=10)
    assert [view.decision is None for view in seen] == [False, True, True, False]
    assert [view.landmarks is None for view in seen] == [False, True, True, False]
    assert len(model.asked) == 2


def test_nobody_for_a_minute_is_no_fault():
    seen = views([NOBODY] * 60, Model(), alert_level=1)
    assert all(view.decision is None and not view.alert for view in seen)


def test_a_face_that_the_model_s_detector_does_not_see_is_asked_about_again():
    model = Model(sees=False)
    seen = views([CALM] * 3, model)
    assert [view.decision for view in seen] == [None] * 3
    assert all(view.landmarks is not None for view in seen)
    assert not model.asked
    assert len(model.looked) == 1 + 2 * 2  # where it was, and, since it is not there, where it is


def test_a_face_that_moved_is_looked_for_where_it_was():
    model = Model()
    views([CALM, PAIN, PAIN, PAIN, CALM], model)
    # Frames that the mesh finds to be still are not looked at, but for the one after a movement.
    assert (len(model.looked), len(model.asked)) == (4, 3)


def test_another_face_is_not_taken_for_the_one_that_was_looked_for():
    left, right = (np.concatenate(pair, axis=1) for pair in ((CALM, NOBODY), (NOBODY, CALM)))
    model = Model()
    seen = views([left, right], model, skip="none")
    assert [view.decision.level for view in seen] == [0, 0]
    width = CALM.shape[1]
    assert [place > width for place in model.looked] == [False, False, True]
    assert [place > width for place in model.asked] == [False, True]


def test_one_of_two_people_is_watched():
    both = np.concatenate([drawn_person(1), drawn_person(2)], axis=1)
    model = Model()
    views([both] * 3, model, skip="none")
    assert np.ptp(model.asked) < 10


def test_pain_that_lasts_raises_the_alert():
    seen = views([CALM, *[PAIN] * 6], Model(), skip="none", window=0.01, alert_level=1, alert_seconds=0.3)
    assert [view.alert for view in seen] == [False] * 4 + [True] * 3


def test_frames_of_another_size_go_on():
    large = np.kron(CALM, np.ones((2, 2, 1), np.uint8))
    seen = views([CALM, CALM, large, large], Model())
    assert all(view.decision is not None for view in seen)
    assert seen[-1].landmarks[:, 0].mean() == pytest.approx(2 * seen[0].landmarks[:, 0].mean(), rel=0.05)


@pytest.mark.parametrize("wrong", [{"skip": "all"}, {"window": 0}, {"alert_level": -1}, {"alert_seconds": -1}])
def test_wrong_settings_are_refused(wrong):
    with pytest.raises(ValidationError, match=next(iter(wrong))):
        LiveSettings(**wrong)


def test_an_answer_that_is_no_number_is_none(monkeypatch):
    model = Model()
    monkeypatch.setattr(model, "answer", lambda face, landmarks: np.array([np.nan, np.nan], np.float32))
    seen = views([CALM, PAIN], model, alert_level=0, alert_seconds=0)
    assert [view.decision for view in seen] == [None, None]
    assert all(view.landmarks is not None and not view.alert for view in seen)
    assert state(seen[0], LABELS) == "no answer for this face"
