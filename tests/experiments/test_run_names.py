"""Runs of former versions keep their names: a key that is added is left out of what names a run unless it is used."""

import pytest

from tests.command_line import EXPERIMENTS
from transferpain.experiments.schema import load_experiment

KEYS = {
    "adaptation",
    "backbone",
    "candidates",
    "dataset",
    "faces",
    "feature_layer",
    "features",
    "few_shot",
    "fusion",
    "head",
    "images",
    "landmarks",
    "name",
    "null_draw",
    "paper",
    "phases",
    "phases_up_to",
    "probe_source",
    "protocol",
    "question",
    "rows",
    "schema",
    "seeds",
    "source",
    "source_set",
    "strategy",
    "task",
    "training",
    "window",
}


@pytest.mark.parametrize("name", ["ai4pain-ann", "biovid-vgg16"])
def test_a_key_that_is_not_used_names_no_run(name):
    assert set(load_experiment(EXPERIMENTS / f"{name}.yaml").resolved()) == KEYS
