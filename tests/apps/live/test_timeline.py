import time

import cv2
import numpy as np
import pytest

from transferpain.apps.live.decision import Decision
from transferpain.apps.live.source import Frame
from transferpain.apps.live.timeline import Timeline
from transferpain.apps.live.watch import View

LABELS = ("none", "weak", r"$\frac$")  # whoever names a class so means no formula


def timeline(levels: dict[float, int | None], synthetic: bool | str = False) -> Timeline:
    """Return a timeline with these levels at these seconds; at the highest one there is an alert."""
    collected = Timeline(LABELS, synthetic)
    for seconds, level in levels.items():
        decision = None if level is None else Decision(level, np.eye(3)[level] * 0.8)
        frame = Frame(np.zeros((4, 4, 3), np.uint8), 0, seconds, time.monotonic())
        collected.add(View(frame, None, decision, level == 2, False, 0.01))
    return collected


def test_levels_stand_at_their_time_and_alerts_are_marked():
    upper, lower = timeline({0.0: 0, 0.5: 1, 1.0: None, 1.2: 2}).draw().axes
    steps, alerts = upper.lines
    assert steps.get_xdata().tolist() == [0, 0.5, 1.2]
    assert steps.get_ydata().tolist() == [0, 1, 2]
    np.testing.assert_array_equal(alerts.get_ydata(), [np.nan, np.nan, 2])
    assert lower.lines[0].get_ydata() == pytest.approx([0.8] * 3)
    assert [label.get_text() for label in upper.get_yticklabels()] == list(LABELS)


def test_seconds_without_a_face_are_a_gap():
    upper, _ = timeline({0.0: 1, 0.5: 1, 3.0: 2, 3.1: 2}).draw().axes
    np.testing.assert_array_equal(upper.lines[0].get_ydata(), [1, 1, np.nan, 2, 2])


@pytest.mark.parametrize("synthetic", [True, False])
def test_it_says_what_it_is_not_valid_for(synthetic):
    title = timeline({0.0: 1}, synthetic).draw().get_suptitle()
    assert "no medical device" in title
    assert ("trained on drawn faces" in title) is synthetic
    named = timeline({0.0: 1}, "3DPain, synthetic faces").draw().get_suptitle()
    assert named.endswith("trained on 3DPain, synthetic faces: not valid for people")


@pytest.mark.parametrize("levels", [{}, {0.0: None}, {0.0: 1, 0.1: 2}])
def test_it_is_saved_as_a_picture(tmp_path, levels):
    timeline(levels).save(tmp_path / "timeline.png")
    assert cv2.imread(str(tmp_path / "timeline.png")).shape[2] == 3
