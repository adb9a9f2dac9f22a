"""Coded action units of a plan's samples: of frames and of clips, and what is refused before anything is computed."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest
import yaml

from tests.command_line import EXPERIMENTS
from transferpain.core.errors import UserError
from transferpain.data.datasets.index import Index
from transferpain.data.datasets.registry import DATASETS
from transferpain.data.places import Places
from transferpain.experiments.samples import labelled_samples, split_samples
from transferpain.experiments.schema import Experiment, load_experiment
from transferpain.strategies.common.units import ShownUnits, UnitSettings, check_units, coded_units
from transferpain.strategies.registry import STRATEGIES

N = np.nan
UNITS = UnitSettings(weight=0.5, of=(4, 43))


def experiment(**changes) -> Experiment:
    return load_experiment(EXPERIMENTS / "unbc-units.yaml", {"source": "untrained"} | changes)


# --- settings ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("weight", [0, -0.5, float("nan"), float("inf"), None, "much"])
def test_a_weight_is_a_number_above_0(weight):
    with pytest.raises(UserError, match=r"units\.weight"):
        experiment(units={"weight": weight, "of": [4]})


@pytest.mark.parametrize("of", [[], [4, 4], [0], [100], [4.5], ["AU4"], None])
def test_units_are_numbers_each_once(of):
    with pytest.raises(UserError, match=r"units\.of|each unit once"):
        experiment(units={"weight": 0.5, "of": of})


def test_weight_and_units_are_both_stated():
    for units in ({"weight": 0.5}, {"of": [4]}):
        with pytest.raises(UserError, match=r"units\.(weight|of)"):
            load_experiment(EXPERIMENTS / "unbc-vgg16.yaml", {"source": "untrained", "units": units})


@pytest.mark.parametrize(
    ("file", "strategy"),
    [
        ("unbc-frames-ann", "frozen"),
        ("unbc-hybrid", "hybrid"),
        ("multimodal-fusion", "fused"),
        ("biovid-clip", "clip_network"),
    ],
)
def test_a_strategy_that_has_no_such_output_is_refused(file, strategy):
    with pytest.raises(UserError, match=f"units: for strategy .*full_fine_tuning.*, received strategy `{strategy}`"):
        load_experiment(EXPERIMENTS / f"{file}.yaml", {"units": {"weight": 0.5, "of": [4]}})


def test_drawn_labels_do_not_go_with_units():
    with pytest.raises(UserError, match=r"units: with training\.label_mode `majority`, received `prob"):
        experiment(training={"label_mode": "probability"})


def test_an_experiment_without_units_is_named_as_before_they_were_there():
    assert "units" not in experiment(units=None).resolved()
    assert experiment().resolved()["units"] == {"weight": 0.5, "of": [4, 6, 7, 9, 10, 43]}


# --- what is coded ----------------------------------------------------------------------------------------------------


def index_of(frames: pd.DataFrame | None, clips: dict, name: str = "unbc") -> Index:
    table = pd.DataFrame({"dataset": name, "subject": "s", **clips})
    return Index(DATASETS["unbc"], Path(), table, True, "hash", (), frames)


FRAMES = pd.DataFrame(
    {
        "clip": ["a"] * 4 + ["b"] * 2,
        "frame": [1, 2, 3, 4, 1, 2],
        "au4": pd.array([0, 1, None, 5, 2, 3], "Int64"),
        "au43": pd.array([0, 0, None, 1, 1, 0], "Int64"),
    }
)


@pytest.fixture(scope="module")
def tasks():
    from transferpain.data.tasks.task import load_task

    return {"frame": load_task("unbc-binary-1"), "clip": load_task("cross-binary")}


def test_a_frame_that_is_predicted_has_its_own(tasks):
    samples = FRAMES.assign(file_clip=FRAMES["clip"], row=[0, 1, 2, 3, 0, 1])
    samples["clip"] = samples["clip"] + "/" + samples["frame"].astype(str)
    found = coded_units(UNITS, tasks["frame"], index_of(FRAMES, {"clip": ["a", "b"]}), samples)
    wanted = [[5, 1], [N, N], [2, 1]]
    np.testing.assert_array_equal(found.of(np.array([3, 2, 4]), np.zeros(3, np.int64)), wanted)
    shares = ShownUnits(found, 0.5, "gap").shares(np.array([3, 2, 4]), np.zeros(3, np.int64))
    assert shares.dtype == np.float32
    np.testing.assert_array_equal(shares, np.float32([[1, 1], [N, N], [0.4, 1]]))


def test_each_frame_of_a_clip_has_its_own_and_those_without_a_row_have_none(tasks):
    clips = {"clip": ["b", "a"], "kind": "images", "first_frame": 1}
    index = index_of(FRAMES, clips)
    samples = index.clips.assign(file_clip=index.clips["clip"], row=-1)
    found = coded_units(UNITS, tasks["clip"], index, samples)
    sample, place = np.array([1, 1, 0, 0, 1]), np.array([3, 0, 1, 2, 2])
    np.testing.assert_array_equal(found.of(sample, place), [[5, 1], [0, 0], [3, 0], [N, N], [N, N]])
    assert len(found.of_samples(np.array([0]))) == 2


def test_a_cut_sequence_counts_from_its_own_beginning(tasks):
    clips = {"clip": ["a/001-002", "a/003-004"], "kind": "image_span", "first_frame": [0, 2]}
    index = index_of(FRAMES, clips)
    samples = index.clips.assign(file_clip=index.clips["clip"], row=-1)
    found = coded_units(UNITS, tasks["clip"], index, samples)
    np.testing.assert_array_equal(found.of(np.array([0, 1]), np.array([1, 1])), [[1, 0], [5, 1]])


def test_of_two_datasets_frames_are_found_by_the_names_of_the_joined_clips(tasks):
    trained = index_of(FRAMES, {"clip": ["a"], "kind": "images", "first_frame": 1})
    tested = index_of(None, {"clip": ["a"], "kind": "video", "first_frame": 0}, "biovid")
    tested = replace(tested, dataset=DATASETS["biovid"])
    samples = pd.concat([trained.clips, tested.clips], ignore_index=True)
    samples = samples.assign(file_clip=["unbc/a", "biovid/a"], row=-1)
    joined = replace(trained, frames=None, parts=(trained, tested))
    found = coded_units(UNITS, tasks["clip"], joined, samples)
    np.testing.assert_array_equal(found.of(np.array([0, 1]), np.array([3, 3])), [[5, 1], [N, N]])


def test_where_frames_are_not_coded_the_clip_is(tasks):
    index = index_of(None, {"clip": ["a", "b"], "kind": "video", "first_frame": 0, "au4": [2.5, None]})
    samples = index.clips.assign(file_clip=index.clips["clip"], row=-1)
    found = coded_units(UNITS, tasks["clip"], index, samples)
    np.testing.assert_array_equal(found.of(np.array([0, 0, 1]), np.array([0, 7, 0])), [[2.5, N], [2.5, N], [N, N]])


# --- what is refused --------------------------------------------------------------------------------------------------


def check(tasks, frames: pd.DataFrame | None, train=(0, 1), of=(4, 43)) -> None:
    clips = {"clip": ["a", "b"], "kind": "images", "first_frame": 1}
    index = index_of(frames, clips)
    samples = index.clips.assign(file_clip=index.clips["clip"], row=-1)
    check_units(UnitSettings(weight=1, of=of), tasks["clip"], index, samples, np.array(train))


def test_units_that_are_coded_in_what_is_trained_on_are_taken(tasks):
    check(tasks, FRAMES)


def test_a_dataset_without_units_is_refused_with_those_that_have_them(tasks):
    for frames in (None, FRAMES.drop(columns=["au4", "au43"])):
        with pytest.raises(UserError, match="No action unit is coded in unbc") as error:
            check(tasks, frames)
        assert "unbc (AU4, 6, 7, 9, 10, 12, 20, 25, 26, 43)" in str(error.value)
        assert "own data with columns such as au4 in frames.csv" in str(error.value)


def test_a_unit_that_nobody_coded_is_named(tasks):
    with pytest.raises(UserError, match="Nobody coded AU27, AU9 in what is trained on of unbc") as error:
        check(tasks, FRAMES, of=(4, 27, 9))
    assert "unbc has columns of AU4, 43" in str(error.value)
    empty = FRAMES.assign(au43=pd.array([None] * 6, "Int64"))
    with pytest.raises(UserError, match="Nobody coded AU43"):
        check(tasks, empty)


def test_a_unit_that_is_coded_in_tested_clips_alone_is_none_to_learn(tasks):
    frames = FRAMES.assign(au43=FRAMES["au43"].where(FRAMES["clip"] == "b"))
    with pytest.raises(UserError, match="Nobody coded AU43"):
        check(tasks, frames, train=(0,))


def own_data(root: Path, cells: list[str]) -> Experiment:
    """Three people with a folder of two pictures each; `cells` are the column au4 of their six frames."""
    people = ("p1", "p2", "p3")
    for person in people:
        (root / "own" / person).mkdir(parents=True)
        for number in range(2):
            cv2.imwrite(str(root / "own" / person / f"{number}.png"), np.zeros((8, 8, 3), np.uint8))
    (root / "own" / "index.csv").write_text("media,subject,label\np1,p1,x\np2,p2,x\np3,p3,x\n", encoding="utf-8")
    rows = [f"{person},{number},{number}" for person in people for number in range(2)]
    lines = [f"{row},{cell}" for row, cell in zip(rows, cells, strict=True)]
    (root / "own" / "frames.csv").write_text("\n".join(["clip,frame,pain,au4", *lines]) + "\n", encoding="utf-8")
    task = {"schema": 2, "description": "d", "sample": "frame", "classes": ["no", "yes"]}
    task["labels"] = {"own": {"column": "pain", "mapping": {"0": 0, "1": 1}, "definition": "d"}}
    (root / "own-task.yaml").write_text(yaml.safe_dump(task), encoding="utf-8")
    return experiment(task=str(root / "own-task.yaml"), protocol={"kind": "loso"}, units={"weight": 1, "of": [4]})


def check_own(asked: Experiment, root: Path) -> None:
    task, index, samples = labelled_samples(asked, Places(root, root))
    STRATEGIES[asked.strategy].check_samples(asked, task, index, *split_samples(asked, samples))


def test_units_of_own_frames_are_read_as_numbers(tmp_path):
    check_own(own_data(tmp_path, ["0", "", "2.5", "1", "0", "5"]), tmp_path)


def test_an_intensity_of_own_frames_out_of_its_range_is_named_by_its_file(tmp_path):
    asked = own_data(tmp_path, ["0", "", "2.5", "1", "7", "5"])
    with pytest.raises(UserError, match=r"own/frames\.csv: the column au4 holds what no coder gives AU4") as error:
        check_own(asked, tmp_path)
    assert "p3/000: '7'" in str(error.value)
