import re
from collections import Counter
from dataclasses import replace

import cv2
import numpy as np
import pandas as pd
import pytest

from benchmarks.shuffles import judge
from tests.data.synthetic.properties import classify, cues, summary
from transferpain.core.errors import UserError
from transferpain.data.datasets.check import check_dataset
from transferpain.data.datasets.index import read_index
from transferpain.data.datasets.mintpain import FRAMES_BY_LEVEL
from transferpain.data.synthetic.camera import MINTPAIN
from transferpain.data.synthetic.mintpain import (
    INVENTED_NAMES,
    STRENGTHS,
    _plan_folders,
    picture_names,
    plan_mintpain,
)
from transferpain.data.synthetic.settings import TwinSettings
from transferpain.data.synthetic.twins import write_twin
from transferpain.data.synthetic.videos import draw_clip, seat_person

SMALL = TwinSettings(2, seed=1, clips=2, seconds=0.5)


def level(plan) -> int:
    return int(plan.clip[-1])


def test_the_names_are_invented_and_can_be_searched_for():
    assert len(set(INVENTED_NAMES)) == 20
    surnames = [re.split(r"[ '-]", name)[-1] for name in INVENTED_NAMES]
    assert len(set(surnames)) == 20
    assert min(map(len, surnames)) >= 5


def test_the_official_size():
    plans = plan_mintpain(TwinSettings(20))
    counts = Counter(map(level, plans))
    assert 1550 <= counts[0] <= 1580
    assert all(380 <= counts[number] <= 400 for number in (1, 2, 3, 4))
    assert {plan.frames for plan in plans} == set(range(8, 29))
    assert abs(sum(plan.frames for plan in plans) / sum(FRAMES_BY_LEVEL) - 1) < 0.06
    assert len({plan.person.name for plan in plans}) == 20


def test_names_and_folders():
    plans = plan_mintpain(TwinSettings(3, clips=2))
    pattern = (
        r"Extracted_Data/Sub([1-3]) [^/]+/Annotated_data_Sub0\1_Trial(01|02)/(Sub0\1_Trial\2_Sweep\d\d_Label[0-4])/RGB"
    )
    for plan in plans:
        named = re.fullmatch(pattern, plan.media)
        assert named[3] == plan.clip
        assert INVENTED_NAMES[int(named[1]) - 1] in plan.media
        names = picture_names(plan)
        assert len(names) == plan.frames
        assert names == sorted(set(names))
        assert all(re.fullmatch(r"RGB-(09|1[0-8])-[0-5]\d-[0-5]\d-0\d{3}\.jpg", name) for name in names)


def test_a_sweep_shows_first_no_pain_and_then_a_level():
    plans = plan_mintpain(TwinSettings(1, clips=5))
    sweeps = {}
    for plan in plans:
        sweeps.setdefault(plan.clip.rsplit("_", 1)[0], []).append(plan)
    for before, after in sweeps.values():
        assert level(before) == 0 < level(after)
        assert picture_names(before)[-1] < picture_names(after)[0]


def test_sweeps_have_gaps_and_some_folders_are_empty():
    plans = plan_mintpain(TwinSettings(6, clips=2))
    sweeps = {(plan.person.name, plan.clip[6:13]): set() for plan in plans}
    for plan in plans:
        sweeps[plan.person.name, plan.clip[6:13]].add(int(plan.clip[19:21]))
    assert all(found == ({1, 2, 3, 4} if trial == "Trial01" else {1, 2, 4}) for (_, trial), found in sweeps.items())
    without = Counter(plan.person.name for plan in plans if level(plan) == 0)
    assert without == {"Sub01": 7, "Sub02": 6, "Sub03": 7, "Sub04": 7, "Sub05": 7, "Sub06": 6}


def test_what_is_felt_follows_the_level_unless_null():
    def felt(null):
        plans = plan_mintpain(TwinSettings(8, clips=4, null=null))
        return [{plan.stimuli[0].strength for plan in plans if level(plan) == number} for number in range(5)]

    assert felt(False) == [{strength} for strength in STRENGTHS]
    assert all(strengths == set(STRENGTHS) for strengths in felt(True))
    real, null = (
        Counter((p.person.name, p.stimuli[0].strength) for p in _plan_folders(TwinSettings(8, clips=4, null=null)))
        for null in (False, True)
    )
    # All but what the sweep that is left out would have shown.
    assert (real - null).total() <= 8 * 2


def test_a_null_twin_differs_in_nothing_but_what_is_felt():
    real, null = (plan_mintpain(TwinSettings(3, clips=3, null=null)) for null in (False, True))
    assert [plan.stimuli for plan in real] != [plan.stimuli for plan in null]
    assert real == [replace(other, stimuli=plan.stimuli) for plan, other in zip(real, null, strict=True)]


def test_the_course_is_what_the_clock_says():
    for settings in (TwinSettings(3, clips=2), TwinSettings(3, clips=2, seconds=2.0)):
        for plan in plan_mintpain(settings):
            times = plan.times(MINTPAIN)
            assert len(times) == plan.frames == len(plan.clock)
            assert times[0] == 0
            assert (np.diff(times) > 0).all()
            assert 0.8 * 5 * (plan.frames - 1) / plan.frames < times[-1] < 5
            np.testing.assert_allclose(np.diff(times), np.diff(plan.clock) / 1000 * plan.speed)
    assert np.diff(plan_mintpain(TwinSettings(1, clips=1))[0].clock).std() > 5


def test_more_than_20_subjects_are_refused():
    with pytest.raises(UserError, match="Received: 21"):
        plan_mintpain(TwinSettings(21))


@pytest.fixture(scope="module")
def twin(tmp_path_factory):
    out = tmp_path_factory.mktemp("twin")
    write_twin("mintpain", out, SMALL, lambda frames: None)
    return out


def test_the_reader_finds_all_but_the_empty_folder(twin):
    plans = plan_mintpain(SMALL)
    index = read_index("mintpain", twin)
    assert index.synthetic
    assert index.clips["clip"].tolist() == [plan.clip for plan in plans]
    assert index.clips["num_frames"].tolist() == [plan.frames for plan in plans]
    assert index.clips["level"].tolist() == [level(plan) for plan in plans]
    assert index.problems == ("Sub02_Trial01_Sweep04_Label0: no colour picture, ignored.",)
    empty = twin.glob("mintpain/Extracted_Data/Sub2 */*/Sub02_Trial01_Sweep04_Label0/RGB")
    assert [list(folder.iterdir()) for folder in empty] == [[]]


def test_every_picture_can_be_decoded(twin):
    report = check_dataset("mintpain", twin, deep=True)
    rows = {row.what: row.found for row in report.rows}
    assert rows["frames"] == 27 * 2
    assert len(report.warnings) == 1
    picture = next(twin.glob("mintpain/Extracted_Data/Sub1 */*/*/RGB/RGB-*.jpg"))
    assert cv2.imread(str(picture)).shape == (216, 384, 3)


def test_the_true_intensities_and_the_mark_name_nobody(twin):
    truth = pd.read_parquet(twin / "mintpain" / "true_action_units.parquet")
    assert set(truth["subject"]) == {"Sub01", "Sub02"}
    assert len(truth) == 27 * 2
    for path in (twin / "mintpain").glob("*.*"):
        content = path.read_bytes()
        assert not [name for name in INVENTED_NAMES if name.split()[0].encode() in content]


def two_classes(settings: TwinSettings):
    plans = [plan for plan in plan_mintpain(settings) if level(plan) in (0, 4)]
    return plans, [level(plan) == 4 for plan in plans], [plan.person.name for plan in plans]


def test_the_level_changes_neither_the_head_nor_the_brightness_nor_the_first_picture():
    for plan in [plan for plan in plan_mintpain(TwinSettings(8, clips=1)) if level(plan) == 4]:
        calm = replace(plan, stimuli=())
        np.testing.assert_array_equal(plan.performance(MINTPAIN).head, calm.performance(MINTPAIN).head)
        sitter = seat_person(MINTPAIN, plan)
        hurt, well = (np.array(list(draw_clip(MINTPAIN, sitter, drawn))) for drawn in (plan, calm))
        np.testing.assert_array_equal(hurt[0], well[0])
        np.testing.assert_allclose(hurt.mean((1, 2, 3)), well.mean((1, 2, 3)), rtol=0.005)


def test_the_number_of_pictures_does_not_tell_the_level():
    plans = plan_mintpain(TwinSettings(20))
    lengths = [np.mean([plan.frames for plan in plans if level(plan) == number]) for number in range(5)]
    # 390 clips of a level and more, with a standard deviation of 6 pictures.
    assert max(lengths) - min(lengths) < 4 * 6 / 390**0.5


@pytest.mark.slow
@pytest.mark.parametrize("forest", [False, True])
def test_true_intensities_tell_the_strongest_level_unless_the_twin_is_null(forest):
    for null in (False, True):
        plans, labels, people = two_classes(TwinSettings(20, null=null, clips=8))
        truth = [summary(cues(plan.performance(MINTPAIN))) for plan in plans]
        if null:
            assert judge(truth, labels, people, trees=forest).at_chance
        else:
            assert 0.72 <= classify(truth, labels, people, forest)[0] <= 0.92
