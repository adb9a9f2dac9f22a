import numpy as np
import pytest

from transferpain.apps.live.decision import Alert, Decision, LastSeconds, decide

CALM, PAIN = np.array([0.8, 0.2]), np.array([0.1, 0.9])


def test_the_answers_of_the_last_seconds_give_their_mean():
    answers = LastSeconds(1.0)
    answers.add(0.0, CALM)
    assert decide(answers.entries).level == 0
    answers.add(0.5, PAIN)
    decision = decide(answers.entries)
    assert decision.level == 1
    assert decision.probabilities == pytest.approx([0.45, 0.55])
    assert decision.confidence == pytest.approx(0.55)
    answers.add(1.0, PAIN)  # the first is a whole second old
    assert decide(answers.entries).probabilities == pytest.approx(PAIN)


def test_what_was_about_another_face_is_forgotten():
    landmarks = LastSeconds(1.0)
    for step in range(5):
        landmarks.add(0.4 * step, np.full((478, 3), step, np.float32))
    assert [entry[0, 0] for entry in landmarks.entries] == [2, 3, 4]
    landmarks.clear()
    assert landmarks.entries == []
    landmarks.add(1.7, np.zeros((478, 3), np.float32))
    assert [entry.shape for entry in landmarks.entries] == [(478, 3)]


def test_a_window_shorter_than_a_frame_holds_the_newest_entry():
    answers = LastSeconds(1e-6)
    answers.add(0.0, CALM)
    answers.add(1.0, PAIN)
    assert decide(answers.entries).probabilities == pytest.approx(PAIN)


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


@pytest.mark.parametrize("rate", [5, 30])
def test_a_stretch_is_read_by_time_whatever_the_frame_rate(rate):
    seen = LastSeconds(2.0)
    for frame in range(3 * rate):
        seen.add(frame / rate, np.array([frame / rate]))
    read = np.array([float(entry[0]) for entry in seen.by_time])
    assert read[-1] == pytest.approx(3 - 1 / rate)
    ideal = read[-1] - 2.0 * np.arange(len(read) - 1, -1, -1) / len(read)
    assert np.abs(read - ideal).max() < 1 / rate + 1e-9


def test_frames_that_were_lost_leave_the_one_before_in_their_place():
    seen = LastSeconds(1.0)
    for at in (0.0, 0.1, 0.9):
        seen.add(at, np.array([at]))
    read = np.array([float(entry[0]) for entry in seen.by_time])
    # Before the first frame, that one stands: .1 s of it, then .8 s of the second.
    assert (read == 0.1).mean() == pytest.approx(0.8, abs=0.01)
    assert read[-1] == 0.9
