import keras
import numpy as np
import pytest

from transferpain.networks.outputs.registry import OUTPUTS
from transferpain.networks.training.losses import loss_for, multi_target_loss
from transferpain.networks.training.settings import TrainingSettings

PROBABILITIES = np.array([[0.7, 0.2, 0.1]], dtype=np.float32)


@pytest.mark.parametrize(
    ("target", "expected"),
    [([1, 0, 0], 0.7), ([0, 1, 1], 0.2), ([0.5, 0.5, 0], 0.35), ([0, 0, 0], 1e-7)],
)
def test_multi_target_loss_is_the_log_of_the_best_accepted_class(target, expected):
    loss = multi_target_loss(np.array([target], dtype=np.float32), PROBABILITIES)
    np.testing.assert_allclose(loss, [-np.log(expected)], rtol=1e-5)


@pytest.mark.parametrize("mode", ["majority", "crossentropy", "probability"])
def test_the_other_modes_take_the_cross_entropy_with_the_target_distribution(mode):
    target = np.array([[0.5, 0.25, 0.25]], dtype=np.float32)
    expected = -(target * np.log(PROBABILITIES)).sum()
    loss = loss_for(TrainingSettings(label_mode=mode))
    assert float(loss(target, PROBABILITIES)) == pytest.approx(expected, rel=1e-5)


def test_multi_target_mode_uses_its_loss():
    assert loss_for(TrainingSettings(label_mode="multi_target")) is multi_target_loss
    model = keras.Sequential([keras.Input((3,)), keras.layers.Softmax()])
    model.compile(loss=loss_for(TrainingSettings(label_mode="multi_target")))
    logits = np.log(np.repeat(PROBABILITIES, 2, axis=0))
    targets = np.array([[1, 0, 0], [0, 1, 1]], dtype=np.float32)
    mean = -np.log([0.7, 0.2]).mean()
    assert model.evaluate(logits, targets, verbose=0) == pytest.approx(mean, rel=1e-5)


@pytest.mark.parametrize("name", OUTPUTS)
def test_the_loss_of_an_output_is_the_one_that_the_settings_name(name):
    target = np.array([[0, 0, 1]], dtype=np.float32)
    expected = np.asarray(OUTPUTS[name].loss()(target, PROBABILITIES)).mean()
    assert np.asarray(loss_for(TrainingSettings(loss=name))(target, PROBABILITIES)).mean() == pytest.approx(expected)


def test_votes_have_no_levels():
    with pytest.raises(ValueError, match="loss: with label_mode `crossentropy` only `cross_entropy`, received `mse`"):
        TrainingSettings(label_mode="crossentropy", loss="mse")


def test_an_unknown_loss_is_refused_with_the_nearest_name():
    with pytest.raises(ValueError, match="corn"):
        TrainingSettings(loss="korn")
