import numpy as np
import pytest

from transferpain.apps.live.decision import Alert, Decision, SlidingWindow

CALM, PAIN = np.array([0.8, 0.2]), np.array([0.1, 0.9])


def test_the_window_says_the_mean_of_the_last_seconds():
    window = SlidingWindow(1.0)
    assert window.add(0.0, CALM).level == 0
    decision = window.add(0.5, PAIN)
    assert decision.level == 1
    assert decision.probabilities == pytest.approx([0.45, 0.55])
    assert decision.confidence == pytest.approx(0.55)
    assert window.add(1.0, PAIN).probabilities == pytest.approx(PAIN)  # the first is a whole second old


def test_answers_about_another_face_are_forgotten():
    window = SlidingWindow(10)
    window.add(0.0, CALM)
    window.clear()
    assert window.add(0.1, PAIN).probabilities == pytest.approx(PAIN)


def test_a_window_shorter_than_a_frame_holds_the_newest_answer():
    window = SlidingWindow(1e-6)
    window.add(0.0, CALM)
    assert window.add(1.0, PAIN).probabilities == pytest.approx(PAIN)


def decided(level: int) -> Decision:
    return Decision(level, np.eye(4)[level])


@pytest.mark.parametrize(
    ("levels", "alerts"),
    [
        ([2, 2, 2, 2], [False, False, True, True]),
        ([2, 3, 2, 3], [False, False, True, True]),
        ([1, 1, 1, 1], [False] * 4),
        ([2, 2, 1, 2], [False] * 4),
        ([2, 2, None, 2], [False] * 4),
        ([2, 2, 2, 0], [False, False, True, False]),
    ],
)
def test_an_alert_is_raised_when_a_level_has_lasted(levels, alerts):
    alert = Alert(level=2, seconds=2.0)
    times = enumerate(None if level is None else decided(level) for level in levels)
    assert [alert.update(float(now), decision) for now, decision in times] == alerts


def test_no_seconds_raise_it_at_once():
    assert Alert(level=1, seconds=0).update(5.0, decided(1))
