"""Twelve leaks, each planted into a real small run: the line that is there for it fails, and no other."""

import os
import shutil
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from tests.experiments.leakage.small_ward import (
    CLASSES,
    change_videos,
    draw_ward,
    experiment,
    read_video,
    write_index,
    write_task,
    write_video,
)
from transferpain.data.places import Places
from transferpain.experiments import prepared, runner
from transferpain.experiments.leakage.checks import failed, read_checks
from transferpain.strategies.frozen import training

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """The ward without a leak, and a cache that all tests share."""
    root = tmp_path_factory.mktemp("ward")
    return SimpleNamespace(root=root, index=draw_ward(root), cache=tmp_path_factory.mktemp("cache"))


@pytest.fixture
def ward(drawn, tmp_path):
    """A ward of its own, whose videos are links, in which a test may plant a leak."""
    shutil.copytree(drawn.root / "ward", tmp_path / "data" / "ward", copy_function=os.link)
    (tmp_path / "data" / "ward" / "index.csv").unlink()
    write_index(tmp_path / "data", drawn.index)
    (tmp_path / "cache").symlink_to(drawn.cache)
    return SimpleNamespace(data=tmp_path / "data", workspace=tmp_path, index=drawn.index.copy())


def lines_of(ward, **changes) -> list[int]:
    """Run the ward's experiment, and return the numbers of the lines that fail."""
    task = changes.pop("task", None) or write_task(ward.workspace)
    run = runner.run_experiment(experiment(task, **changes), ward.workspace, Places(ward.data, ward.workspace))
    lines = read_checks(run.path)
    assert len(lines) == 12
    return [line.number for line in failed(lines)]


def apart(ward) -> tuple[int, int]:
    """Return two rows of the index with one label whose subjects stand in different folds."""
    plan = runner.make_plan(experiment(write_task(ward.workspace)), ward.workspace, Places(ward.data, ward.workspace))
    first, second = (plan.samples["clip"].iloc[fold.test] for fold in plan.folds)
    clips = plan.samples["clip"].tolist()
    labels = plan.samples["y"]
    return tuple(next(clips.index(clip) for clip in part if labels[clips.index(clip)] == 0) for part in (first, second))


def change_folds(monkeypatch, change) -> None:
    split = prepared.split_samples

    def changed(*arguments):
        samples, folds = split(*arguments)
        return samples, [change(samples, fold) for fold in folds]

    monkeypatch.setattr(prepared, "split_samples", changed)


def change_training(monkeypatch, change) -> None:
    train = training.train_head

    def changed(recipe, clips, fold, *arguments, **named):
        return train(recipe, clips, change(fold), *arguments, **named)

    monkeypatch.setattr(training, "train_head", changed)


def test_a_run_without_a_leak_fails_no_line(ward):
    assert lines_of(ward) == []


def test_1_a_clip_of_a_tested_person_is_trained_on(ward, monkeypatch):
    def change(samples, fold):
        moved = fold.test[:1]
        return replace(fold, train=np.union1d(fold.train, moved), test=fold.test[1:])

    change_folds(monkeypatch, change)
    assert lines_of(ward) == [1]


def test_2_a_video_stands_under_the_names_of_two_people(ward):
    first, second = apart(ward)
    copied, over = (ward.data / "ward" / ward.index["media"][one] for one in (first, second))
    over.unlink()
    shutil.copyfile(copied, over)
    assert lines_of(ward) == [2]


def test_3_a_mirrored_copy_stands_under_another_name(ward):
    first, second = apart(ward)
    copied, over = (ward.data / "ward" / ward.index["media"][one] for one in (first, second))
    frames = [frame[:, ::-1] for frame in read_video(copied)]
    over.unlink()
    write_video(over, frames)
    assert lines_of(ward) == [3]


def test_4_a_class_is_oversampled_before_the_split(ward, monkeypatch):
    read = prepared.labelled_samples

    def changed(*arguments):
        task, index, samples = read(*arguments)
        rare = samples[samples["y"] == 1]
        again = rare.assign(clip=rare["clip"] + "/again")
        return task, index, pd.concat([samples, again], ignore_index=True)

    monkeypatch.setattr(prepared, "labelled_samples", changed)
    assert lines_of(ward) == [4]


def test_5_a_head_is_fitted_to_test_rows(ward, monkeypatch):
    change_training(monkeypatch, lambda fold: replace(fold, train=np.union1d(fold.train, fold.test)))
    assert lines_of(ward) == [5]


def test_6_the_epoch_is_chosen_on_test_rows(ward, monkeypatch):
    change_training(monkeypatch, lambda fold: replace(fold, selection=fold.test))
    assert lines_of(ward) == [6]


def test_7_the_source_was_trained_on_tested_people(ward):
    task = write_task(ward.workspace)
    own = {"strategy": "last_layer", "name": "source", "features": {}, "head": {"kind": "dense"}}
    source = experiment(task, **own, images={"every": 5, "test_every": 5})
    run = runner.run_experiment(source, ward.workspace, Places(ward.data, ward.workspace))
    assert failed(read_checks(run.path)) == ()
    assert lines_of(ward, source=str(run.model)) == [7]


def test_8_one_person_stands_under_two_names(ward):
    index = ward.index
    person, number = pd.factorize(index["subject"])[0], index.groupby("subject").cumcount()
    index["subject"] = index["subject"] + np.where(number % 2, "-later", "")
    # Three are always in pain, three never, and two now and then.
    in_pain = np.where(person < 3, True, np.where(person < 6, False, number // 2 < 2))
    index["label"] = np.where(in_pain, CLASSES[1], CLASSES[0])
    write_index(ward.data, index)
    assert lines_of(ward) == [8]


def test_9_one_class_is_recorded_in_brighter_light(ward):
    pain = ward.index.loc[ward.index["label"] == CLASSES[1], "media"].tolist()
    change_videos(ward.data, pain, lambda number, frame: np.clip(frame.astype(int) + 60, 0, 255))
    assert lines_of(ward) == [9]


def test_10_faces_are_missed_in_one_class(ward):
    pain = ward.index.loc[ward.index["label"] == CLASSES[1], "media"].tolist()
    change_videos(ward.data, pain, lambda number, frame: frame if number < 5 else np.full_like(frame, frame.mean()))
    assert lines_of(ward) == [10]


def test_11_nobody_says_what_the_labels_mean(ward):
    assert lines_of(ward, task=write_task(ward.workspace, definition="")) == [11]


def test_12_a_class_is_shown_by_one_person(ward):
    one = ward.index.index[ward.index["subject"] == ward.index["subject"][0]][:2]
    ward.index.loc[one, "label"] = "low pain"
    write_index(ward.data, ward.index)
    assert lines_of(ward, task=write_task(ward.workspace, classes=(*CLASSES, "low pain"))) == [12]
