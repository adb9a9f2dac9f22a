"""The three ways to tune a network: what learns in each, and what their files may say."""

import pytest

from tests.command_line import EXPERIMENTS
from transferpain.core.errors import UserError
from transferpain.experiments.schema import Experiment, load_experiment
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
