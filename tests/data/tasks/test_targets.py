"""Targets in the form that a loss takes."""

import numpy as np
import pandas as pd
import pytest

from transferpain.data.datasets.ferplus import VOTES
from transferpain.data.tasks.targets import clip_targets
from transferpain.data.tasks.task import load_task

ONE_SIDED = [10, 0, 0, 0, 0, 0, 0, 0, 0, 0]
SPLIT = [6, 4, 0, 0, 0, 0, 0, 0, 0, 0]


def votes_table(split: str) -> pd.DataFrame:
    rows = pd.DataFrame([ONE_SIDED, SPLIT], columns=list(VOTES))
    return rows.assign(dataset="ferplus", split=split, y=pd.array([0, 0], dtype="Int64"))


def test_training_votes_become_distributions():
    targets = clip_targets(load_task("ferplus-emotions"), votes_table("train"), "crossentropy")
    assert targets.dtype == np.float32
    np.testing.assert_allclose(targets[:, :2], [[1, 0], [0.6, 0.4]], atol=1e-6)


@pytest.mark.parametrize("split", ["validation", "test"])
def test_validation_and_test_are_always_one_class(split):
    targets = clip_targets(load_task("ferplus-emotions"), votes_table(split), "crossentropy")
    np.testing.assert_array_equal(targets[:, :2], [[1, 0], [1, 0]])


def test_an_unlabelled_clip_has_no_target():
    clips = pd.DataFrame({"dataset": "ai4pain", "split": ["test", "test"], "y": pd.array([2, None], dtype="Int64")})
    targets = clip_targets(load_task("ai4pain-three"), clips, "majority")
    np.testing.assert_array_equal(targets, [[0, 0, 1], [0, 0, 0]])


def test_each_dataset_goes_by_its_rule():
    clips = pd.DataFrame({"dataset": ["unbc", "biovid", "unbc"], "split": "", "y": pd.array([1, 0, None], "Int64")})
    targets = clip_targets(load_task("cross-binary"), clips, "majority")
    np.testing.assert_array_equal(targets, [[0, 1], [1, 0], [0, 0]])
