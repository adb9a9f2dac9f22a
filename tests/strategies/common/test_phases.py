"""Phases: what is trained when, with which settings, for both backbones."""

from itertools import pairwise

import pytest

from transferpain.networks.backbones.resnet18 import build_resnet18
from transferpain.networks.backbones.vgg16 import build_vgg16_gap
from transferpain.networks.training.settings import TrainingSettings
from transferpain.strategies.common.phases import gradual_unfreezing, last_layer, phase_names, whole_network
from transferpain.strategies.common.settings import PhaseSettings

TRAINING = TrainingSettings(
    optimizer={"name": "sgd", "learning_rate": 0.4, "momentum": 0.8},
    schedule={"name": "step", "at": [60, 120]},
    epochs=180,
    patience=None,
)


def test_gradual_unfreezing_goes_from_the_output_down():
    assert phase_names("resnet18") == ("head", "stage4", "stage3", "stage2", "stage1")
    assert phase_names("vgg16") == ("head", "block5", "block4", "block3", "block2", "block1")


@pytest.mark.parametrize(("backbone", "build"), [("resnet18", build_resnet18), ("vgg16", build_vgg16_gap)])
def test_the_last_phase_trains_every_layer_and_each_phase_more_than_the_one_before(backbone, build):
    names = {layer.name for layer in build(32, 2, embedding=4).layers if layer.weights}
    sets = [
        {name for name in names if phase.trains(name)} for phase in gradual_unfreezing(backbone, TRAINING, {}, None)
    ]
    assert sets[0] == {"embedding", "logits"}
    assert all(before < after for before, after in pairwise(sets))
    assert sets[-1] == names
    (full,) = whole_network(backbone, TRAINING)
    assert {name for name in names if full.trains(name)} == names
    (head,) = last_layer(TRAINING)
    assert {name for name in names if head.trains(name)} == {"logits"}


def test_one_phase_is_trained_as_the_experiment_says():
    for phases in (last_layer(TRAINING), whole_network("vgg16", TRAINING)):
        assert [phase.training for phase in phases] == [TRAINING]
    assert last_layer(TRAINING)[0].is_last_layer
    assert not whole_network("vgg16", TRAINING)[0].is_last_layer


def test_phases_share_the_epochs_and_the_rate_falls():
    phases = gradual_unfreezing("resnet18", TRAINING.model_copy(update={"epochs": 12}), {}, None)
    assert [phase.training.epochs for phase in phases] == [3, 3, 2, 2, 2]
    assert [phase.training.optimizer.learning_rate for phase in phases] == [0.4, 0.2, 0.1, 0.05, 0.025]
    assert all(phase.training.optimizer.momentum == 0.8 for phase in phases)


def test_no_phase_is_without_an_epoch():
    phases = gradual_unfreezing("vgg16", TRAINING.model_copy(update={"epochs": 2}), {}, None)
    assert [phase.training.epochs for phase in phases] == [1] * 6


def test_the_schedule_is_squeezed_into_a_phase():
    phases = gradual_unfreezing("resnet18", TRAINING, {}, None)
    assert [phase.training.epochs for phase in phases] == [36] * 5
    assert phases[2].training.schedule.at == pytest.approx((12, 24))
    cosine = TrainingSettings(schedule={"name": "cosine", "warmup_epochs": 10}, epochs=180)
    (first, *_) = gradual_unfreezing("resnet18", cosine, {}, None)
    assert first.training.schedule.warmup_epochs == pytest.approx(2)


def test_a_phase_takes_what_is_stated_for_it():
    changes = {"stage3": PhaseSettings(learning_rate=0.001, epochs=7, patience=2)}
    phases = {phase.name: phase for phase in gradual_unfreezing("resnet18", TRAINING, changes, None)}
    settings = phases["stage3"].training
    assert (settings.optimizer.learning_rate, settings.epochs, settings.patience) == (0.001, 7, 2)
    assert phases["stage2"].training.patience is None


def test_unfreezing_stops_where_it_is_told_to():
    phases = gradual_unfreezing("resnet18", TRAINING, {}, "stage3")
    assert [phase.name for phase in phases] == ["head", "stage4", "stage3"]
    assert not phases[-1].trains("stage2_block1_1_conv")


def test_epochs_of_phases_have_as_many_steps_as_those_of_the_training():
    training = TrainingSettings(epochs=10, epoch_steps=30)
    phases = gradual_unfreezing("resnet18", training, {"stage3": PhaseSettings(epochs=1, patience=2)}, None)
    assert [phase.training.passes(4) for phase in phases] == [8] * 5
