import pytest
from pydantic import ValidationError

from transferpain.networks.training.settings import (
    AugmentSettings,
    OptimizerSettings,
    ScheduleSettings,
    TrainingSettings,
)


def test_the_defaults_are_valid_and_cannot_be_changed():
    settings = TrainingSettings()
    with pytest.raises(ValidationError):
        settings.epochs = 3


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: TrainingSettings(epoch=3), "epoch"),
        (lambda: TrainingSettings(epochs=0), "epochs"),
        (lambda: TrainingSettings(batch=0), "batch"),
        (lambda: TrainingSettings(ema=1.0), "ema"),
        (lambda: TrainingSettings(label_mode="soft"), "label_mode"),
        (lambda: TrainingSettings(epochs=2, schedule={"name": "cosine", "warmup_epochs": 2}), "smaller than epochs"),
        (lambda: OptimizerSettings(name="lion"), "name"),
        (lambda: OptimizerSettings(learning_rate=0), "learning_rate"),
        (lambda: OptimizerSettings(name="adam", momentum=0.9), "for sgd only, not for adam"),
        (lambda: OptimizerSettings(name="adadelta", nesterov=True), "for sgd only, not for adadelta"),
        (lambda: OptimizerSettings(name="adamw"), "needs a weight_decay above 0"),
        (lambda: ScheduleSettings(warmup_epochs=1), "for the cosine schedule only"),
        (lambda: ScheduleSettings(name="step", at=(60,), warmup_epochs=1), "for the cosine schedule only"),
        (lambda: ScheduleSettings(name="step"), "`at` goes with the step schedule"),
        (lambda: ScheduleSettings(at=(60,)), "`at` goes with the step schedule"),
        (lambda: ScheduleSettings(name="step", at=(120, 60)), "each later than the one before"),
        (lambda: ScheduleSettings(name="step", at=(0, 60)), "epochs above 0"),
        (lambda: ScheduleSettings(name="step", at=(60,), factor=1), "factor"),
        (lambda: TrainingSettings(kernel_l2=-1), "kernel_l2"),
        (lambda: TrainingSettings(checkpoint_seconds=-1), "checkpoint_seconds"),
        (lambda: AugmentSettings(flip=1.5), "flip"),
        (lambda: AugmentSettings(zoom=1.0), "zoom"),
    ],
)
def test_impossible_settings_are_refused(build, message):
    with pytest.raises(ValidationError, match=message):
        build()


@pytest.mark.parametrize(
    ("least", "steps", "passes"), [(None, 1, 1), (30, 400, 1), (30, 30, 1), (30, 29, 2), (30, 15, 2), (30, 4, 8)]
)
def test_where_few_steps_see_all_rows_an_epoch_is_several_passes(least, steps, passes):
    assert TrainingSettings(epoch_steps=least).passes(steps) == passes


def test_another_number_of_epochs_changes_all_that_is_counted_in_them():
    schedule = {"name": "step", "at": (10, 20)}
    stretched = TrainingSettings(epochs=30, patience=5, schedule=schedule).with_epochs(180)
    assert (stretched.epochs, stretched.patience, stretched.schedule.at) == (180, 30, (60, 120))
    warm = TrainingSettings(epochs=10, schedule={"name": "cosine", "warmup_epochs": 1}).with_epochs(50)
    assert warm.schedule.warmup_epochs == 5
    assert TrainingSettings(epochs=30, patience=None).with_epochs(60).patience is None


def test_an_experiment_that_does_not_ask_for_steps_has_the_name_that_it_had():
    assert "epoch_steps" not in TrainingSettings().model_dump(mode="json")
    assert TrainingSettings(epoch_steps=9).model_dump()["epoch_steps"] == 9
    with pytest.raises(ValidationError):
        TrainingSettings(epoch_steps=0)
