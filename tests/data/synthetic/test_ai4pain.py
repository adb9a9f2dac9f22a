import re
from collections import Counter

import numpy as np
import pytest

from transferpain.core.errors import UserError
from transferpain.data.synthetic.ai4pain import HABITUATION, STRENGTHS, plan_ai4pain, split_sizes
from transferpain.data.synthetic.settings import TwinSettings


@pytest.mark.parametrize(
    ("subjects", "sizes"), [(65, (41, 12, 12)), (3, (1, 1, 1)), (11, (7, 2, 2)), (16, (10, 3, 3)), (4, (2, 1, 1))]
)
def test_the_split_keeps_the_official_proportion(subjects, sizes):
    assert tuple(split_sizes(subjects).values()) == sizes


def test_the_official_size():
    plans = plan_ai4pain(TwinSettings(65))
    kinds = Counter(re.sub(r"^\d+_|_\d+$", "", plan.clip) for plan in plans)
    assert kinds == {"Baseline": 65, "Pain_HIGH": 780, "Pain_LOW": 780, "Rest": 1560}
    frames = {kind: {plan.frames for plan in plans if kind in plan.clip} for kind in ("Baseline", "Pain", "Rest")}
    assert frames == {"Baseline": {1800}, "Pain": {300}, "Rest": {1200}}


def test_shorter_clips_keep_the_course():
    plans = plan_ai4pain(TwinSettings(4, clips=2, seconds=1.6))
    frames = {kind: {plan.frames for plan in plans if kind in plan.clip} for kind in ("Baseline", "Pain", "Rest")}
    assert frames == {"Baseline": {288}, "Pain": {48}, "Rest": {15}}
    assert {plan.speed for plan in plans} == {6.25}


def test_names_and_folders():
    for plan in plan_ai4pain(TwinSettings(6, clips=2)):
        pattern = r"(Train|Validation|Test)/video/(\d+)/\2_(Baseline|Pain_(HIGH|LOW)_[12]|Rest_[1-4])\.mp4"
        assert re.fullmatch(pattern, plan.media)
        assert plan.media.endswith(f"/{plan.clip}.mp4")


def test_no_subject_is_in_two_folders():
    folders = {}
    for plan in plan_ai4pain(TwinSettings(20, clips=1)):
        folders.setdefault(plan.person.name, set()).add(plan.media.split("/")[0])
    assert all(len(found) == 1 for found in folders.values())
    assert len(folders) == 20


def test_every_folder_has_its_quarter_of_low_reactive_people():
    people = {plan.person.name: (plan.media.split("/")[0], plan.person.temperament.expressiveness < 0.2)
              for plan in plan_ai4pain(TwinSettings(65, clips=1))}  # fmt: skip
    assert Counter(split for split, low in people.values() if low) == {"Train": 10, "Validation": 3, "Test": 3}


def felt(settings: TwinSettings) -> dict[str, list[float]]:
    plans = plan_ai4pain(settings)
    return {kind: [stimulus.strength for plan in plans if kind in plan.clip for stimulus in plan.stimuli]
            for kind in ("Baseline", "LOW", "HIGH")}  # fmt: skip


def test_what_is_felt_follows_the_label_unless_null():
    strengths = felt(TwinSettings(6, clips=6))
    assert set(strengths["Baseline"]) == {0.0}
    for kind, level in (("LOW", "low"), ("HIGH", "high")):
        top = STRENGTHS[level]
        assert top * (1 - HABITUATION) < min(strengths[kind]) < max(strengths[kind]) < top
    null = felt(TwinSettings(6, clips=6, null=True))
    assert all({0.0} < set(values) for values in null.values())
    assert min(max(values) for values in null.values()) > 0.7


def test_the_last_stimulus_of_a_session_is_felt_by_a_sixth_less_than_the_first():
    first, last = (
        stimulus.strength / STRENGTHS["low" if "LOW" in plan.clip else "high"]
        for plan in [plan for plan in plan_ai4pain(TwinSettings(3)) if plan.clip.startswith("1_Pain")][:: 2 * 12 - 1]
        for stimulus in plan.stimuli
    )
    assert 1 - last / first == pytest.approx(1 / 6, abs=0.01)


def test_a_null_twin_deals_the_same_stimuli_anew():
    def levels(null):
        values = np.concatenate(list(felt(TwinSettings(6, clips=6, null=null)).values()))
        return Counter(np.digitize(values, (0.01, 0.5)).tolist())

    assert levels(True) == levels(False)


def test_the_clips_stand_in_the_order_of_the_session():
    plans = plan_ai4pain(TwinSettings(3, clips=4))
    mine = [plan.clip.split("_", 1)[1] for plan in plans if plan.person.name == "1"]
    assert mine[0] == "Baseline"
    assert mine[2::2] == [f"Rest_{number}" for number in range(1, 9)]
    assert [clip for clip in mine if "HIGH" in clip] == [f"Pain_HIGH_{number}" for number in range(1, 5)]
    kinds = [clip.split("_")[1] for clip in mine[1::2]]
    assert kinds != sorted(kinds)


def test_levels_leave_the_other_clips_as_they_are():
    for null in (False, True):
        whole, part = (plan_ai4pain(TwinSettings(4, null=null, clips=2, levels=levels))
                       for levels in (None, ("none", "high")))  # fmt: skip
        assert part == [plan for plan in whole if "Baseline" in plan.clip or "HIGH" in plan.clip]
        assert len(part) == 4 * (1 + 2)


def test_a_lower_rate_gives_fewer_frames_of_the_same_stretch():
    plans = plan_ai4pain(TwinSettings(3, clips=1, seconds=2, fps=5))
    frames = {kind: {plan.frames for plan in plans if kind in plan.clip} for kind in ("Baseline", "Pain", "Rest")}
    assert frames == {"Baseline": {60}, "Pain": {10}, "Rest": {2}}


def test_an_unknown_level_is_refused():
    with pytest.raises(UserError, match="Received: middle"):
        plan_ai4pain(TwinSettings(3, levels=("low", "middle")))


def test_fewer_than_three_subjects_are_refused():
    with pytest.raises(UserError, match="Received: 2"):
        plan_ai4pain(TwinSettings(2))
