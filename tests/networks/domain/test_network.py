"""A network in training beside pictures of another domain."""

from dataclasses import replace

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

from tests.networks.domain.drawn import SEED, batches_of, pictures, small_network, two_sided
from tests.networks.training.drawn import breaking_off, equal_weights, without_seconds
from transferpain.networks.domain.base import Comparison
from transferpain.networks.domain.network import DomainNetwork, paired_batches
from transferpain.networks.domain.registry import DOMAIN_LOSSES
from transferpain.networks.outputs.registry import ending_in
from transferpain.networks.training.determinism import make_deterministic
from transferpain.networks.training.fit import fit
from transferpain.networks.training.settings import TrainingSettings

SETTINGS = TrainingSettings(
    epochs=4, batch=16, patience=None, checkpoint_seconds=0, optimizer={"name": "adam", "learning_rate": 0.01}
)


@pytest.fixture(scope="module", autouse=True)
def deterministic():
    make_deterministic()


def test_each_labelled_batch_has_one_of_other_pictures_and_all_of_these_are_seen():
    labelled, unlabelled, _ = two_sided()
    both = paired_batches(labelled, unlabelled)
    assert (both.rows, both.size, both.steps) == (labelled.rows, labelled.size, labelled.steps)
    for epoch in (0, 3):
        found, alone = list(both.of(epoch)), list(labelled.of(epoch))
        assert len(found) == 3
        for ((images, _), targets, weights), (own, own_targets, own_weights) in zip(found, alone, strict=True):
            np.testing.assert_array_equal(images, own)
            np.testing.assert_array_equal(targets, own_targets)
            np.testing.assert_array_equal(weights, own_weights)
        others = [len(other) for (_, other), _, _ in found]
        assert others == [16, 1, 16]
        first_pass = np.concatenate([found[0][0][1], found[1][0][1]])
        np.testing.assert_array_equal(np.sort(first_pass, axis=0), np.sort(pictures(17, 2, 2.0), axis=0))


def test_each_pass_and_epoch_has_an_order_of_its_own_which_epoch_and_seed_give():
    labelled, unlabelled, _ = two_sided()
    both = paired_batches(labelled, unlabelled)
    firsts = [next(both.of(epoch))[0][1] for epoch in range(4)]
    assert len({part.tobytes() for part in firsts}) == 4
    np.testing.assert_array_equal(next(both.of(2))[0][1], firsts[2])
    passes = [list(both.of(0))[number][0][1] for number in (0, 2)]
    assert not np.array_equal(*passes)


def test_what_the_targets_of_other_pictures_are_changes_nothing():
    labelled, unlabelled, _ = two_sided()

    def turned(epoch: int):
        for images, targets, weights in unlabelled.of(epoch):
            yield images, 1 - targets, 7 * weights

    both = (paired_batches(labelled, other).of(0) for other in (unlabelled, replace(unlabelled, of=turned)))
    for first, second in zip(*both, strict=True):
        for one, other in zip(tf.nest.flatten(first), tf.nest.flatten(second), strict=True):
            np.testing.assert_array_equal(one, other)


def trained(loss: str, folder, epochs: int | None = None, **changes) -> tuple[DomainNetwork, pd.DataFrame]:
    """Train a small network, up to the `epochs`-th epoch if that is given; the folder holds its checkpoint."""
    settings = SETTINGS.model_copy(update=changes)
    labelled, unlabelled, selection = two_sided()
    batches = paired_batches(labelled, unlabelled)
    network = DomainNetwork(small_network(), DOMAIN_LOSSES[loss].build(6, 0), 1.0, settings.epochs * labelled.steps)
    batches = batches if epochs is None else breaking_off(batches, epochs)
    received = fit(network, batches, selection, settings, folder / "c.npz", SEED)
    return network, without_seconds(received.history)


@pytest.mark.parametrize(
    ("loss", "changes"),
    [
        ("dann", {"patience": 2}),
        pytest.param("dann", {"ema": 0.9}, marks=pytest.mark.slow),
        pytest.param("deep_coral", {}, marks=pytest.mark.slow),
        pytest.param("mmd", {"patience": 3}, marks=pytest.mark.slow),
    ],
)
def test_an_interrupted_training_ends_with_the_same_bits(loss, changes, tmp_path):
    for name in ("whole", "broken"):
        (tmp_path / name).mkdir()
    whole, history = trained(loss, tmp_path / "whole", **changes)
    with pytest.raises(tf.errors.OpError, match="power cut"):
        trained(loss, tmp_path / "broken", epochs=2, **changes)
    keras.utils.set_random_seed(123)
    resumed, received = trained(loss, tmp_path / "broken", **changes)
    # The classifier of domains is among them, and how strongly its gradient is reversed goes by the optimiser's steps.
    assert equal_weights(resumed.get_weights(), whole.get_weights())
    pd.testing.assert_frame_equal(received, history)


def with_progress(seen: list, scale: float = 0.0) -> Comparison:
    """A comparison that notes the progress that it is given, and is it."""

    def compare(source, target, progress):
        seen.append((source.shape[1], source.dtype, target.dtype))
        return progress + scale * keras.ops.mean(source)

    return Comparison(compare)


def test_progress_goes_from_0_to_1_over_all_steps(tmp_path):
    labelled, unlabelled, selection = two_sided()
    seen = []
    network = DomainNetwork(small_network(), with_progress(seen), 1.0, SETTINGS.epochs * labelled.steps)
    history = fit(network, paired_batches(labelled, unlabelled), selection, SETTINGS, tmp_path / "c.npz", SEED).history
    # Of 12 steps three in each epoch: the mean of 0, 1/12 and 2/12, and so on.
    np.testing.assert_allclose(history["domain_loss"], [(3 * epoch + 1) / 12 for epoch in range(4)], rtol=1e-5)
    assert {width for width, _, _ in seen} == {6}


def test_the_loss_of_labels_is_of_labelled_pictures_alone_and_nothing_is_added_to_the_validation(tmp_path):
    labelled, unlabelled, selection = two_sided()
    still = SETTINGS.model_copy(update={"optimizer": SETTINGS.optimizer.model_copy(update={"learning_rate": 1e-12})})
    network = small_network(batch_normalization=False)
    plain = fit(network, labelled, selection, still, tmp_path / "a.npz", SEED).history
    constant = Comparison(lambda source, target, progress: 2.0 + 0 * progress)
    adapting = DomainNetwork(small_network(batch_normalization=False), constant, 0.5, 12)
    history = fit(adapting, paired_batches(labelled, unlabelled), selection, still, tmp_path / "b.npz", SEED).history
    np.testing.assert_allclose(history["val_loss"], plain["val_loss"], rtol=1e-5)
    np.testing.assert_array_equal(history["val_accuracy"], plain["val_accuracy"])
    np.testing.assert_allclose(history["domain_loss"], 2.0)
    # Dropout draws for other rows, so that the two differ a little.
    np.testing.assert_allclose(history["loss"] - 1.0, plain["loss"], rtol=0.2)
    assert "domain_loss" not in plain


def test_a_penalty_of_kernels_counts_once_and_every_weight_stands_in_the_checkpoint_once():
    network = small_network()
    network.get_layer("embedding").kernel.regularizer = keras.regularizers.L2(0.1)
    comparison = DOMAIN_LOSSES["dann"].build(6, 0)
    adapting = DomainNetwork(network, comparison, 1.0, 10)
    expected = 0.1 * np.square(network.get_layer("embedding").kernel.numpy()).sum()
    assert float(sum(adapting.losses)) == pytest.approx(expected, rel=1e-6)
    assert len(adapting.variables) == len(network.variables) + len(comparison.classifier.variables)


@pytest.mark.parametrize("output", ["mse", "corn", "cumulative_link"])
def test_networks_that_end_in_another_output_are_adapted_as_well(output):
    network = ending_in(small_network(), output, 3, 0)
    adapting = DomainNetwork(network, DOMAIN_LOSSES["deep_coral"].build(6, 0), 1.0, 10)
    adapting.compile(optimizer="sgd")
    answers = adapting((pictures(4, 1), pictures(3, 2)), training=True)
    assert answers.shape == (4, 3)


def test_features_are_compared_in_full_precision(tmp_path):
    seen = []
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        network = small_network()
    finally:
        keras.config.set_dtype_policy("float32")
    adapting = DomainNetwork(network, with_progress(seen, 1.0), 1.0, 10)
    adapting.compile(optimizer="sgd")
    adapting((pictures(4, 1), pictures(3, 2)), training=True)
    assert [keras.backend.standardize_dtype(dtype) for _, *dtypes in seen for dtype in dtypes] == ["float32"] * 2


@pytest.mark.slow
def test_batches_of_one_picture_are_trained_on(tmp_path):
    labelled = batches_of(pictures(5, 1), 1, SEED)
    unlabelled = batches_of(pictures(3, 2), 1, SEED)
    selection = batches_of(pictures(4, 3), 4, None)
    for name, loss in DOMAIN_LOSSES.items():
        network = DomainNetwork(small_network(), loss.build(6, 0), 1.0, 10)
        settings = SETTINGS.model_copy(update={"epochs": 2, "batch": 1})
        batches = paired_batches(labelled, unlabelled)
        history = fit(network, batches, selection, settings, tmp_path / f"{name}.npz", SEED).history
        assert np.isfinite(history["domain_loss"]).all()
