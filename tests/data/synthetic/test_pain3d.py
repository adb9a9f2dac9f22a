import json
import re
from collections import Counter

import cv2
import numpy as np
import pandas as pd
import pytest

from transferpain.core.errors import UserError
from transferpain.data.datasets.check import check_dataset
from transferpain.data.datasets.index import read_index
from transferpain.data.synthetic.pain3d import CODED, NEUTRAL, VIEWS, annotation, plan_pain3d
from transferpain.data.synthetic.settings import TwinSettings
from transferpain.data.synthetic.twins import count_frames, write_twin

SMALL = TwinSettings(2, seed=1, clips=2)


@pytest.fixture(scope="module")
def twin(tmp_path_factory):
    out = tmp_path_factory.mktemp("twin")
    write_twin("pain3d", out, SMALL, lambda frames: None)
    return out


def test_each_person_has_a_neutral_face_and_ten_of_pain():
    plans = plan_pain3d(TwinSettings(3))
    assert len(plans) == 3 * 11
    assert count_frames("pain3d", TwinSettings(3)) == 33 * VIEWS
    pattern = r"meshes_inpainted/(flame_sample_000[0-2]_(pain_([1-9]|10)|neutral))_textured_view_00[0-5]_inpainted\.jpg"
    for plan in plans:
        assert {re.fullmatch(pattern, name)[1] for name in plan.pictures} == {plan.clip}


def test_the_score_is_the_sum_of_what_is_coded_and_each_is_alike_often():
    plans = [plan for plan in plan_pain3d(TwinSettings(400)) if plan.coded != NEUTRAL]
    for plan in plans:
        said = annotation(plan)
        by_hand = said["AU4"] + max(said["AU6"], said["AU7"]) + max(said["AU9"], said["AU10"]) + said["AU43"]
        assert said["PSPI"] == by_hand
        assert max(plan.coded[:-1]) <= 5
        assert plan.coded[-1] in (0, 1)
    counts = Counter(annotation(plan)["PSPI"] for plan in plans)
    assert sorted(counts) == list(range(1, 17))
    # 4,000 faces over 16 scores: 250 each, five standard deviations of sqrt(250 * 15 / 16) to either side.
    assert all(abs(number - 250) < 77 for number in counts.values())


def test_what_is_drawn_is_what_is_coded_but_of_a_null_twin():
    assert all(plan.shown == plan.coded for plan in plan_pain3d(TwinSettings(20)))
    plans = plan_pain3d(TwinSettings(300, null=True))
    assert [plan.coded for plan in plans] == [plan.coded for plan in plan_pain3d(TwinSettings(300))]
    coded, shown = np.array([plan.coded for plan in plans]), np.array([plan.shown for plan in plans])
    # Of 3,300 faces a correlation of chance has a standard deviation of .017.
    assert all(abs(np.corrcoef(coded[:, unit], shown[:, unit])[0, 1]) < 0.08 for unit in range(len(CODED)))
    still = np.array([plan.coded == NEUTRAL for plan in plans])
    assert abs((shown[still] == NEUTRAL).all(1).mean() - 1 / 11) < 0.07


def test_the_layout_is_read_without_a_complaint(twin):
    index, plans = read_index("pain3d", twin), plan_pain3d(SMALL)
    assert (index.synthetic, index.twin, index.synthetic_faces) == (True, True, ("drawn faces",))
    assert index.problems == ()
    assert set(index.clips["clip"]) == {plan.clip for plan in plans}
    assert (index.clips["num_frames"] == VIEWS).all()
    read = index.clips.set_index("clip")
    for plan in plans:
        assert read.loc[plan.clip, [f"au{unit}" for unit in CODED]].tolist() == list(plan.coded)
        assert read.loc[plan.clip, "pspi"] == annotation(plan)["PSPI"]
        file = twin / "pain3d" / "annotations" / f"{plan.clip}_annotations.json"
        assert not file.exists() if plan.coded == NEUTRAL else json.loads(file.read_text()) == annotation(plan)


def test_every_picture_can_be_decoded_and_no_two_are_alike(twin):
    rows = {row.what: row.found for row in check_dataset("pain3d", twin, deep=True).rows}
    assert (rows["frames decoded"], rows["damaged files"], rows["black pictures"]) == (2 * 3 * VIEWS, 0, 0)
    pictures = [cv2.imread(str(path)) for path in sorted((twin / "pain3d" / "meshes_inpainted").iterdir())]
    assert {picture.shape for picture in pictures} == {(240, 240, 3)}
    assert len({picture.tobytes() for picture in pictures}) == len(pictures)


def test_the_true_intensities_name_the_faces(twin):
    truth = pd.read_parquet(twin / "pain3d" / "true_action_units.parquet")
    for plan in plan_pain3d(SMALL):
        rows = truth[truth["clip"] == plan.clip]
        assert rows["frame"].tolist() == list(range(VIEWS))
        assert (rows[[f"AU{unit}" for unit in CODED]].to_numpy() == plan.shown).all()


def test_what_was_interrupted_is_finished_alike(twin, tmp_path):
    write_twin("pain3d", tmp_path, SMALL, lambda frames: None)
    whole = {path.relative_to(tmp_path): path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert whole == {path.relative_to(twin): path.read_bytes() for path in twin.rglob("*") if path.is_file()}
    folder = tmp_path / "pain3d"
    (folder / "SYNTHETIC.json").rename(folder / "SYNTHETIC.unfinished.json")
    for name in ("annotations/flame_sample_0000_pain_1_annotations.json",
                 "meshes_inpainted/flame_sample_0000_pain_1_textured_view_002_inpainted.jpg",
                 "meshes_inpainted/flame_sample_0001_neutral_textured_view_005_inpainted.jpg"):  # fmt: skip
        (folder / name).unlink()
    write_twin("pain3d", tmp_path, SMALL, lambda frames: None)
    assert whole == {path.relative_to(tmp_path): path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}


@pytest.mark.parametrize("wrong", [{"seconds": 2}, {"fps": 5}, {"levels": ("BL1",)}, {"uneven": True}])
def test_settings_of_videos_are_refused(wrong):
    with pytest.raises(UserError, match="3DPain's twin has no"):
        plan_pain3d(TwinSettings(2, **wrong))


def test_more_people_than_there_are_are_refused():
    with pytest.raises(UserError, match="3DPain has 2500 subjects"):
        plan_pain3d(TwinSettings(2501))
