import re
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from transferpain.core.errors import UserError
from transferpain.data.synthetic.biovid import (
    HOLD_OUT,
    LOW_REACTIVE,
    SUBJECTS,
    plan_biovid,
    samples_table,
    subject_order,
)
from transferpain.data.synthetic.settings import TwinSettings


def test_low_reactive_names_are_older_as_the_page_says():
    ages = [int(name.split("_")[2]) for name in LOW_REACTIVE]
    others = [int(name.split("_")[2]) for name in SUBJECTS if name not in LOW_REACTIVE]
    assert (min(ages), round(np.mean(ages)), round(np.mean(others))) == (37, 53, 38)


def test_the_official_names_are_complete():
    assert len(set(SUBJECTS)) == 87
    assert len(set(HOLD_OUT)) == 26
    assert len(set(LOW_REACTIVE)) == 20
    assert set(HOLD_OUT) < set(SUBJECTS)
    assert set(LOW_REACTIVE) < set(SUBJECTS)
    assert len(set(HOLD_OUT) & set(LOW_REACTIVE)) == 5
    assert Counter(name.split("_")[1] for name in SUBJECTS) == {"m": 44, "w": 43}


@pytest.mark.parametrize("subjects", range(8, 88))
def test_the_first_subjects_keep_the_proportions(subjects):
    first = subject_order()[:subjects]
    assert len(set(first)) == subjects
    assert abs(sum(name in HOLD_OUT for name in first) - subjects * 26 / 87) <= 1
    assert abs(sum(name in LOW_REACTIVE for name in first) - subjects * 20 / 87) <= 1.5


def test_the_official_size():
    plans = plan_biovid(TwinSettings(87))
    assert len(plans) == 8700
    assert {plan.frames for plan in plans} == {138}
    levels = Counter(plan.clip.split("-")[1] for plan in plans)
    assert levels == {"BL1": 1740, "PA1": 1740, "PA2": 1740, "PA3": 1740, "PA4": 1740}


def test_the_names_are_official_and_numbered_over_the_subject():
    plans = plan_biovid(TwinSettings(8))
    for plan in plans:
        assert re.fullmatch(r"\d{6}_[mw]_\d{2}-(BL1|PA[1-4])-\d{3}", plan.clip)
        assert plan.media == f"video/{plan.person.name}/{plan.clip}.mp4"
    mine = [plan.clip for plan in plans if plan.person.name == plans[0].person.name]
    assert sorted(int(clip[-3:]) for clip in mine) == list(range(1, 101))
    assert min(int(clip[-3:]) for clip in mine if "BL1" in clip) == 81


def test_the_samples_table():
    plans = plan_biovid(TwinSettings(8, clips=2))
    lines = samples_table(plans).splitlines()
    assert lines[0].split("\t") == ["subject_id", "subject_name", "class_id", "class_name", "sample_id", "sample_name"]
    assert len(lines) == 1 + 8 * 5 * 2
    for line, plan in zip(lines[1:], plans, strict=True):
        _, name, class_id, class_name, _, sample = line.split("\t")
        assert (name, sample) == (plan.person.name, plan.clip)
        assert ["BL1", "PA1", "PA2", "PA3", "PA4"][int(class_id)] == class_name == sample.split("-")[1]


def test_the_low_reactive_hardly_react():
    for plan in plan_biovid(TwinSettings(87, clips=1)):
        assert (plan.person.temperament.expressiveness < 0.2) == (plan.person.name in LOW_REACTIVE)


def test_null_changes_only_what_is_felt():
    real, null = (plan_biovid(TwinSettings(8, clips=4, null=null)) for null in (False, True))
    assert {plan.stimuli[0].strength for plan in real if "BL1" in plan.clip} == {0.0}
    assert {plan.stimuli[0].strength for plan in real if "PA4" in plan.clip} == {1.0}
    for level in ("BL1", "PA4"):
        assert len({plan.stimuli[0].strength for plan in null if level in plan.clip}) == 5
    # Each person feels the same stimuli, and whatever is felt looks the same.
    for name in {plan.person.name for plan in real}:
        one, other = (sorted(p.stimuli[0].strength for p in plans if p.person.name == name) for plans in (real, null))
        assert one == other
    assert [replace(plan, stimuli=twin.stimuli) for plan, twin in zip(null, real, strict=True)] == real
    assert {plan.person.name for plan in null} == {plan.person.name for plan in real}


def test_levels_leave_the_other_clips_as_they_are():
    whole, part = (plan_biovid(TwinSettings(8, clips=2, levels=levels)) for levels in (None, ("BL1", "PA4")))
    assert part == [plan for plan in whole if plan.clip.split("-")[1] in ("BL1", "PA4")]
    assert len(part) == 8 * 2 * 2
    null = [plan_biovid(TwinSettings(8, null=True, clips=2, levels=levels)) for levels in (None, ("PA4",))]
    assert null[1] == [plan for plan in null[0] if "PA4" in plan.clip]


def test_a_lower_rate_gives_fewer_frames_of_the_same_stretch():
    plans = plan_biovid(TwinSettings(2, clips=1, seconds=2.2, fps=8))
    assert {(plan.frames, plan.speed) for plan in plans} == {(18, 5.52 / 2.2)}


def test_an_unknown_level_is_refused():
    with pytest.raises(UserError, match="Received: PA5"):
        plan_biovid(TwinSettings(8, levels=("PA4", "PA5")))


def test_more_than_the_official_subjects_are_refused():
    with pytest.raises(UserError, match="Received: 88"):
        plan_biovid(TwinSettings(88))
