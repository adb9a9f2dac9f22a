"""Experiment files and finished runs of schema 1 are read as they are written today."""

import pytest

from tests.experiments.test_schema import HYBRID, MINIMAL, write
from transferpain.core.errors import UserError
from transferpain.experiments.schema import load_experiment
from transferpain.experiments.upgrade import upgrade_experiment

DENSE = {"head": {"kind": "dense"}}


@pytest.mark.parametrize(
    ("former", "today"),
    [("head", "last_layer"), ("progressive", "gradual_unfreezing"), ("full", "full_fine_tuning")],
)
def test_strategies_go_by_the_names_of_the_field(tmp_path, former, today):
    path = write(tmp_path, "a.yaml", MINIMAL | DENSE | {"strategy": former, "cut": "gap"})
    experiment = load_experiment(path)
    assert (experiment.strategy, experiment.feature_layer, experiment.schema_version) == (today, "gap", 2)
    assert experiment == load_experiment(path, {"schema": 1})
    assert experiment == load_experiment(path, {"cut": "gap"})


def test_changes_in_the_former_spelling_are_laid_over_a_file_of_today(tmp_path):
    path = write(tmp_path, "a.yaml", MINIMAL | HYBRID | {"schema": 2, "feature_layer": "embedding"})
    assert load_experiment(path, {"cut": "gap"}).feature_layer == "gap"


def test_a_key_under_both_of_its_names_is_refused(tmp_path):
    path = write(tmp_path, "a.yaml", MINIMAL | HYBRID | {"cut": "gap", "feature_layer": "embedding"})
    with pytest.raises(UserError, match="`cut` is not a known key"):
        load_experiment(path)


def test_a_file_of_a_later_version_is_refused(tmp_path):
    with pytest.raises(UserError, match=r"is of a form that this version does not know(.|\n)*Received: schema 3"):
        load_experiment(write(tmp_path, "a.yaml", MINIMAL | {"schema": 3}))


def test_nothing_else_is_changed():
    values = {"name": "a", "head": {"kind": "ann", "cut": 3}}
    assert upgrade_experiment(values) == values
