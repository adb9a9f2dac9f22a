"""What every domain loss keeps to, whatever it measures."""

import inspect

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.networks.domain.drawn import SEED, pictures, small_network, two_domains, two_sided, value
from tests.networks.training.drawn import equal_weights
from transferpain.networks.domain.base import DomainLoss
from transferpain.networks.domain.network import DomainNetwork, paired_batches
from transferpain.networks.domain.registry import DOMAIN_LOSSES
from transferpain.networks.training.determinism import make_deterministic
from transferpain.networks.training.fit import fit
from transferpain.networks.training.settings import TrainingSettings

SETTINGS = TrainingSettings(
    epochs=3, batch=16, patience=None, dtype="float32", optimizer={"name": "adam", "learning_rate": 0.01}
)


@pytest.fixture(scope="module", autouse=True)
def deterministic():
    make_deterministic()


@pytest.fixture(params=DOMAIN_LOSSES.values(), ids=DOMAIN_LOSSES, scope="module")
def loss(request) -> DomainLoss:
    return request.param


def gradients(loss: DomainLoss, source: np.ndarray, target: np.ndarray) -> list[np.ndarray]:
    """Return what comes back into the features of both domains, half-way through the training."""
    compare = loss.build(source.shape[1], 0).compare
    both = [tf.constant(part, tf.float32) for part in (source, target)]
    with tf.GradientTape() as tape:
        tape.watch(both)
        found = compare(*both, tf.constant(0.5))
    return [part.numpy() for part in tape.gradient(found, both)]


def adapted(loss: DomainLoss, folder, weight: float = 1.0) -> tuple[keras.Model, DomainNetwork, list[float]]:
    """Return a small network that was trained with the loss, what it was trained in, and the loss of each epoch."""
    network = small_network()
    labelled, unlabelled, selection = two_sided()
    training = DomainNetwork(network, loss.build(6, 0), weight, SETTINGS.epochs * labelled.steps)
    checkpoint = folder / f"{len(list(folder.iterdir()))}.npz"
    trained = fit(training, paired_batches(labelled, unlabelled), selection, SETTINGS, checkpoint, SEED)
    return network, training, trained.history["domain_loss"].tolist()


@pytest.fixture(scope="module")
def trained(loss, tmp_path_factory):
    return adapted(loss, tmp_path_factory.mktemp("trained"))


def test_it_says_what_it_is(loss):
    text = " ".join(inspect.getmodule(type(loss)).__doc__.split())
    assert loss.name in DOMAIN_LOSSES
    assert loss.title
    assert loss.paper.rsplit(", ", 1)[1] in text


def test_it_tells_two_domains_apart_by_a_number(loss):
    source, target = two_domains()
    assert np.isfinite(value(loss, source, target))
    assert value(loss, source, target) > 0
    if loss.vanishes:
        assert value(loss, source, source) == pytest.approx(0, abs=1e-6)
        assert value(loss, source, target) > 0.01


def test_the_order_of_rows_does_not_count(loss):
    source, target = two_domains()
    assert value(loss, source[::-1], target[::-1]) == pytest.approx(value(loss, source, target), rel=1e-5)


def test_its_gradient_reaches_the_features_of_both(loss):
    for part in gradients(loss, *two_domains()):
        assert np.isfinite(part).all()
        assert np.abs(part).max() > 0


@pytest.mark.parametrize(("rows", "others"), [(1, 1), (1, 40), (50, 1), (2, 40)])
def test_a_batch_of_one_is_a_number_too(loss, rows, others):
    source, target = two_domains()
    source, target = source[:rows], target[:others]
    assert np.isfinite(value(loss, source, target))
    assert all(np.isfinite(part).all() for part in gradients(loss, source, target))


@pytest.mark.parametrize(("level", "other"), [(0.0, 0.0), (3.7, 3.7), (0.0, 5.0)])
def test_features_that_do_not_vary_give_a_number(loss, level, other):
    source, target = np.full((16, 6), level), np.full((12, 6), other)
    assert np.isfinite(value(loss, source, target))
    assert all(np.isfinite(part).all() for part in gradients(loss, source, target))
    if loss.vanishes and level == other:
        assert value(loss, source, target) == pytest.approx(0, abs=1e-5)


def test_its_classifier_is_drawn_by_the_seed(loss):
    first, again, other = (loss.build(6, seed).classifier for seed in (1, 1, 2))
    if first is not None:
        assert equal_weights(first.get_weights(), again.get_weights())
        assert not equal_weights(first.get_weights(), other.get_weights())


def test_the_network_answers_as_without_it(loss):
    network = small_network()
    training = DomainNetwork(network, loss.build(6, 0), 1.0, 10)
    images = pictures(5, 4)
    np.testing.assert_array_equal(training(images, training=False), network(images, training=False))


def test_a_training_changes_the_network_itself_and_leaves_nothing_in_it(loss, trained, tmp_path):
    network, training, history = trained
    assert len(history) == SETTINGS.epochs
    assert np.isfinite(history).all()
    assert [layer.name for layer in network.layers] == [layer.name for layer in training.network.layers]
    assert not equal_weights(network.get_weights(), small_network().get_weights())
    plain = small_network()
    plain.set_weights(network.get_weights())
    images = pictures(5, 4)
    np.testing.assert_array_equal(plain(images, training=False), training(images, training=False))


def test_the_same_training_gives_the_same_bits(loss, trained, tmp_path):
    network, training, history = adapted(loss, tmp_path)
    assert equal_weights(network.get_weights(), trained[0].get_weights())
    assert equal_weights(training.get_weights(), trained[1].get_weights())
    assert history == trained[2]


def test_its_weight_counts(loss, trained, tmp_path):
    network, _, _ = adapted(loss, tmp_path, weight=3.0)
    assert not equal_weights(network.get_weights(), trained[0].get_weights())
