"""What holds for every dataset that the project knows: its facts are complete, and it reads its synthetic twin."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.data.datasets.columns import COMMON_COLUMNS
from tests.data.datasets.trees import draw_own
from transferpain.core.store import write_json
from transferpain.data.datasets.check import check_dataset
from transferpain.data.datasets.index import Index, read_index
from transferpain.data.datasets.locate import SYNTHETIC_MARK
from transferpain.data.datasets.registry import DATASETS
from transferpain.data.synthetic.settings import TwinSettings
from transferpain.data.synthetic.twins import write_twin
from transferpain.data.tasks.task import label_clips, label_frames, list_tasks, load_task
from transferpain.data.unit_labels import read_units, units_in

# The smallest twin of each that its layout allows. Of a dataset without a twin, the function `draw` of its own test
# writes a small copy into the folder that it is given.
TWINS = {
    "biovid": TwinSettings(2, clips=1, seconds=0.2),
    "ai4pain": TwinSettings(3, clips=1, seconds=0.2),
    "unbc": TwinSettings(2, clips=1, seconds=0.2),
    "mintpain": TwinSettings(1, clips=1, seconds=0.2),
    "ferplus": TwinSettings(10, clips=8),
    "pain3d": TwinSettings(2, clips=2),
}
KINDS = {"video", "span", "images", "image_span", "image_rows"}


@pytest.fixture(scope="module")
def roots(tmp_path_factory) -> Callable[[str], Path]:
    root = tmp_path_factory.mktemp("twins")
    drawn = {}

    def root_of(name: str) -> Path:
        if name not in drawn:
            if name in TWINS:
                write_twin(name, root / name, TWINS[name], lambda pictures: None)
            else:
                draw_own(name, root / name / name)
                write_json(root / name / name / SYNTHETIC_MARK, {"synthetic": True})
            drawn[name] = root / name
        return drawn[name]

    return root_of


@pytest.fixture(scope="module", params=DATASETS)
def index(request, roots) -> Index:
    return read_index(request.param, roots(request.param))


def test_the_action_units_that_are_stated_are_those_that_are_coded(index):
    tables = [table for table in (index.clips, index.frames) if table is not None]
    stated = index.dataset.action_units
    assert {unit for table in tables for unit in units_in(table)} == set(stated)
    for table in tables:
        here = [unit for unit in stated if unit in units_in(table)]
        coded = read_units(table, here, index.dataset.name, str)
        assert np.isfinite(coded).any(axis=0).all()


@pytest.mark.parametrize("name", DATASETS)
def test_facts_are_complete(name):
    dataset = DATASETS[name]
    assert dataset.name == name
    assert dataset.request_url.startswith("https://")
    for fact in (dataset.title, dataset.licence, dataset.citation, dataset.notice, dataset.layout, dataset.folder):
        assert fact.strip()
    assert dataset.traps
    assert dataset.expected
    assert all(isinstance(number, int) and number >= 0 for number in dataset.expected.values())


def test_the_index_has_one_row_per_clip_and_the_common_columns(index):
    clips, name = index.clips, index.dataset.name
    assert tuple(clips.columns[: len(COMMON_COLUMNS)]) == COMMON_COLUMNS
    assert len(clips.columns) > len(COMMON_COLUMNS)
    assert set(clips["dataset"]) == {name}
    assert clips["clip"].is_unique
    assert set(clips["kind"]) <= KINDS
    assert set(clips["split"]) <= {"", "train", "validation", "test"}
    assert clips[["subject", "clip", "media", "kind", "split"]].notna().all(axis=None)
    assert index.problems == ()


def test_a_twin_stays_visible_and_is_read_alike_twice(index):
    again = read_index(index.dataset.name, index.data_root)
    assert index.synthetic
    assert again.hash == index.hash
    pd.testing.assert_frame_equal(again.clips, index.clips)


def test_what_is_counted_is_what_the_owners_ship(index):
    counts = index.dataset.count(index.clips, index.frames)
    assert all(isinstance(number, int) and number >= 0 for number in counts.values())
    assert set(index.dataset.expected) & set(counts)
    report = check_dataset(index.dataset.name, index.data_root)
    assert report.synthetic
    assert report.problems == ()
    assert {row.what: row.found for row in report.rows} == counts


def test_labels_of_frames_are_of_the_clips_in_the_order_of_time(index):
    if index.frames is None:
        assert all(load_task(name).sample == "clip" for name in list_tasks() if index.dataset.name in tasks_of(name))
        return
    assert set(index.frames["clip"]) <= set(index.clips["clip"])
    assert not index.frames.duplicated(["clip", "frame"]).any()
    assert index.frames.groupby("clip")["frame"].is_monotonic_increasing.all()


@pytest.mark.parametrize("name", list_tasks())
def test_tasks_label_it_and_missing_labels_stay_missing(name, roots):
    task = load_task(name)
    for dataset, rule in task.labels.items():
        index = read_index(dataset, roots(dataset))
        part, label = ("frames", label_frames) if task.sample == "frame" else ("clips", label_clips)
        table = getattr(index, part)
        if rule.column in table:
            table = table.assign(**{rule.column: table[rule.column].mask(table.index % 3 == 1)})
        raw, _ = rule.raw_labels(table, "majority")
        y = label(task, replace(index, **{part: table}))["y"]
        assert y.isna().sum() == raw.isna().sum()
        assert set(y.dropna()) <= rule.reached


def tasks_of(name: str) -> set[str]:
    """The datasets that a task fits."""
    return set(load_task(name).labels)
