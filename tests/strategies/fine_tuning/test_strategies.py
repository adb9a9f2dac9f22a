"""The three ways to tune a network: what learns in each, and what their files may say."""

import numpy as np
import pandas as pd
import pytest

from tests.command_line import EXPERIMENTS
from transferpain.core.errors import UserError
from transferpain.data.protocols.fold import Fold
from transferpain.experiments.schema import Experiment, load_experiment
from transferpain.strategies.base import Workload
from transferpain.strategies.fine_tuning.strategies import FULL_FINE_TUNING, GRADUAL_UNFREEZING, LAST_LAYER


def load(**changes) -> Experiment:
    return load_experiment(EXPERIMENTS / "unbc-7level.yaml", {"source": "untrained"} | changes)


def test_the_last_layer_alone_block_by_block_or_everything():
    experiment = load()
    assert [phase.name for phase in LAST_LAYER.phases_of(experiment)] == ["last_layer"]
    assert [phase.name for phase in FULL_FINE_TUNING.phases_of(experiment)] == ["whole"]
    gradual = load(strategy="gradual_unfreezing", phases_up_to="stage3", phases={"stage4": {"epochs": 7}})
    phases = GRADUAL_UNFREEZING.phases_of(gradual)
    assert [phase.name for phase in phases] == ["head", "stage4", "stage3"]
    assert phases[1].training.epochs == 7


@pytest.mark.parametrize("strategy", ["last_layer", "gradual_unfreezing", "full_fine_tuning"])
def test_pictures_of_repeated_rows_alone_need_repeated_rows(strategy):
    with pytest.raises(UserError, match=r"`oversampled` needs rows.oversample_from"):
        load(strategy=strategy, rows={"augment": "oversampled", "oversample_from": None})


@pytest.mark.parametrize("changes", [{"phases": {"stage5": {}}}, {"phases_up_to": "stage5"}])
def test_phases_are_blocks_of_the_backbone(changes):
    with pytest.raises(UserError, match=r"resnet18 has head, stage4, .*; not `stage5`"):
        load(strategy="gradual_unfreezing", **changes)


@pytest.mark.parametrize("strategy", ["last_layer", "full_fine_tuning"])
def test_phases_belong_to_gradual_unfreezing(strategy):
    with pytest.raises(UserError, match="phases_up_to: for strategy `gradual_unfreezing`"):
        load(strategy=strategy, phases_up_to="stage4")


CROSS = {
    "task": "cross-binary",
    "dataset": "unbc",
    "paper": None,
    "protocol": {"kind": "cross_dataset", "test_dataset": "ai4pain"},
    "strategy": "full_fine_tuning",
}


@pytest.mark.parametrize("strategy", ["gradual_unfreezing", "full_fine_tuning"])
def test_features_that_learn_are_adapted_with_a_weight_that_is_named_where_it_is_not_1(strategy):
    experiment = load(**CROSS | {"strategy": strategy, "adaptation": "mmd"})
    assert experiment.resolved()["adaptation"] == "mmd"
    assert "adaptation_weight" not in experiment.resolved()
    weighted = load(**CROSS | {"strategy": strategy, "adaptation": "mmd", "adaptation_weight": 0.5})
    assert weighted.resolved()["adaptation_weight"] == 0.5


def test_a_picture_of_the_target_beside_each_labelled_one_is_estimated():
    samples = pd.DataFrame({"row": [-1] * 40})
    fold = Fold("test", np.arange(30), np.arange(30, 34), np.arange(34, 40))
    found = {}
    for adaptation in (None, "dann"):
        experiment = load(**CROSS | {"adaptation": adaptation})
        work = Workload(experiment, samples, pd.Series([50.0] * 40), samples, [fold], 32)
        (found[adaptation],) = FULL_FINE_TUNING.stages(work)
    assert found["dann"].seconds == 2 * found[None].seconds
    assert found["dann"].work == f"{found[None].work}, each beside one of the target"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"adaptation": "dann", "adaptation_weight": -1}, "adaptation_weight`: more than 0 is meant"),
        ({"adaptation": "dann", "adaptation_weight": 0}, "adaptation_weight`: more than 0 is meant"),
        ({"adaptation": "dann", "adaptation_weight": float("nan")}, "adaptation_weight.*finite number"),
        ({"adaptation": "dann", "adaptation_weight": float("inf")}, "adaptation_weight.*finite number"),
        ({"adaptation_weight": 0.5}, "adaptation_weight: goes with `adaptation`, received 0.5 without one"),
        ({"adaptation": "dan"}, "known are .*, received `dan`; did you mean `dann`"),
        ({"adaptation": "coral"}, "`coral` changes cached features; strategy `full_fine_tuning` takes `deep_coral`"),
        (
            {"adaptation": "dann", "protocol": {"kind": "loso", "test_dataset": None}},
            "there is no other domain",
        ),
        (
            {"adaptation": "mmd", "strategy": "last_layer"},
            "adaptation: for strategy .*, received .* `last_layer`",
        ),
        (
            {"strategy": "last_layer", "adaptation_weight": 0.5},
            "adaptation_weight: for strategy `gradual_unfreezing` or `full_fine_tuning`, received",
        ),
        (
            {
                "adaptation": "mmd",
                "strategy": "gradual_unfreezing",
                "feature_layer": "gap",
                "phases_up_to": "head",
            },
            "no layer below the output learns with feature_layer `gap` and phases_up_to `head`",
        ),
    ],
)
def test_an_adaptation_that_nothing_could_come_of_is_refused_by_its_key(changes, message):
    with pytest.raises(UserError, match=message):
        load(**CROSS | changes)
