"""What every strategy promises: a run of each through the one walk, on twins of a second or less."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from tests.command_line import EXPERIMENTS
from transferpain.core.errors import UserError
from transferpain.core.store import read_json
from transferpain.data.places import Places
from transferpain.data.synthetic.settings import TwinSettings
from transferpain.data.synthetic.twins import write_twin
from transferpain.experiments.estimate import estimate
from transferpain.experiments.leakage.checks import read_checks
from transferpain.experiments.runner import make_plan, run_experiment
from transferpain.experiments.schema import CommonKeys, Experiment, load_experiment
from transferpain.models.bundles.manifest import read_complete
from transferpain.networks.backbones.registry import BACKBONES
from transferpain.strategies.common.fitted import read_fitted
from transferpain.strategies.registry import STRATEGIES

# The shipped experiment of a strategy, and what makes it tiny; any other strategy is tried as a tuned network is.
TUNED = ("biovid-vgg16", {"images": {"first_frame": 2, "every": 4, "test_every": 4}})
EXAMPLES = {
    "frozen": ("unbc-frames-ann", {"protocol": {"folds": 2, "selection_share": 0.5}}),
    "hybrid": (
        "unbc-hybrid",
        {
            "protocol": {"folds": 2, "selection_share": 0.25},
            # Without it a fold is one training of a network, not three; tests/strategies/hybrid have it.
            "head": {
                "cross_fitting": None,
                "boosting": {"learning_rates": [0.1], "estimators": [5], "depths": [2], "folds": 2},
            },
        },
    ),
    "fused": (
        "multimodal-fusion",
        {
            "protocol": {"kind": "group_kfold", "folds": 2, "selection_share": 0.5},
            "fusion": {"frames": 2, "branches": "landmarks"},
            "backbone": "vgg16",  # it reads with no other
        },
    ),
    "ensemble": (
        "unbc-frames-ann",
        {
            "protocol": {"folds": 2, "selection_share": 0.5},
            "source": {"runs": ["narrow", "wide"]},
            "head": {"kind": "averaging"},
        },
    ),
    "federated": (
        "biovid-federated",
        {"protocol": {"folds": 2, "selection_share": 0.5}, "features": {"fps": None}, "window": {"seconds": 0.5}},
    ),
    "clip_network": (
        "biovid-clip",
        {
            "protocol": {"folds": 2, "selection_share": 0.5},
            "network": {"frames": 4, "channels": [4, 4]},
            "backbone": "vgg16",  # as it comes: it has none
        },
    ),
}
# What must have run before, with frozen features: an ensemble's members.
BEFORE = {"ensemble": [{"name": "narrow", "head": {"hidden": [8]}}, {"name": "wide", "head": {"hidden": [16]}}]}
TINY = {"source": "untrained", "faces": {"detector": "mediapipe", "size": 32}, "training": {"epochs": 1}, "seeds": [0]}
TINY |= {"backbone": "squeezenet"}  # quick to build and to trace


@pytest.fixture(scope="module")
def twins(tmp_path_factory) -> Path:
    """A data root with a BioVid twin and one of UNBC-McMaster."""
    root = tmp_path_factory.mktemp("twins")
    write_twin("biovid", root, TwinSettings(subjects=6, clips=1, seconds=0.5), lambda frames: None)
    write_twin("unbc", root, TwinSettings(subjects=8, clips=1, seconds=0.2), lambda frames: None)
    return root


def example(strategy: str, **changes) -> Experiment:
    """Return a tiny experiment of a strategy."""
    file, own = EXAMPLES.get(strategy, TUNED)
    return load_experiment(EXPERIMENTS / f"{file}.yaml", TINY | own | {"strategy": strategy} | changes)


@pytest.fixture(params=list(STRATEGIES))
def name(request) -> str:
    return request.param


def test_its_keys_are_read_with_their_defaults_and_written_down(name):
    strategy = STRATEGIES[name]
    assert strategy.name == name
    assert not set(strategy.Settings.model_fields) & set(CommonKeys.model_fields)
    strategy.Settings()  # each key has a default
    experiment = example(name)
    again = Experiment.model_validate(yaml.safe_load(yaml.safe_dump(experiment.resolved())))
    assert again == experiment
    assert isinstance(experiment.head, strategy.heads)


def test_a_source_of_another_backbone_is_refused_or_taken(name):
    experiment = example(name)
    (other,) = [backbone for backbone in BACKBONES if backbone != experiment.backbone][:1]
    strategy = STRATEGIES[name]
    strategy.check_backbone(experiment, experiment.backbone)
    if strategy.reads == "faces":
        with pytest.raises(UserError, match="does not fit the backbone"):
            strategy.check_backbone(experiment, other)


def test_its_work_is_estimated_before_anything_is_computed(name, twins, tmp_path):
    stages = estimate(example(name), EXPERIMENTS, Places(twins, tmp_path))
    assert len(stages) > (STRATEGIES[name].reads != "answers")  # faces are a stage of their own
    assert all(stage.seconds >= 0 and stage.disk_bytes >= 0 and stage.work for stage in stages)
    assert not (tmp_path / "runs").exists()
    assert not (tmp_path / "cache" / "faces").exists()


@pytest.mark.slow
def test_a_run_answers_selection_and_test_and_says_what_was_fitted_to_whom(name, twins, tmp_path):
    experiment = example(name)
    places = Places(twins, tmp_path)
    for changes in BEFORE.get(name, ()):
        run_experiment(example("frozen", **changes), EXPERIMENTS, places)
    plan = make_plan(experiment, EXPERIMENTS, places)
    run = run_experiment(experiment, EXPERIMENTS, places)
    assert run == plan.run
    assert run.is_done
    check_answers(plan, run)
    for fold in plan.folds:
        fitted = read_fitted(run.fold(fold.name, 0))
        assert {one.use for one in fitted} >= {"fit", "selection"}
        for one in fitted:
            assert len(one.rows)
            assert one.transductive or not np.isin(one.rows, fold.test).any()
    checks = {line.number: line.state for line in read_checks(run.path)}
    assert {checks[number] for number in (1, 2, 4, 5, 6)} == {"pass"}
    manifest = read_complete(run.model)
    assert (manifest["strategy"], manifest["reads"]) == (name, STRATEGIES[name].reads)
    assert read_json(run.path / "metrics.json")["seeds"] == [0]
    section = STRATEGIES[name].section(run.path)
    assert section is None or section.title


def check_answers(plan, run) -> None:
    """Each labelled sample of a fold's two parts has one answer, whose probabilities are those of one draw."""
    for fold in plan.folds:
        for part, positions in (("test", fold.test), ("selection", fold.selection)):
            rows = run.predictions(part).query("fold == @fold.name and frame == -1")
            assert rows["clip"].tolist() == plan.samples["clip"].iloc[positions].tolist()
            p = rows.filter(regex=r"^p_\d+$")
            assert len(p.columns) == len(plan.task.classes)
            np.testing.assert_allclose(p.sum(axis=1), 1, rtol=1e-5)
            pd.testing.assert_series_equal(
                rows["y_true"], plan.samples["y"].iloc[positions], check_names=False, check_index=False
            )
