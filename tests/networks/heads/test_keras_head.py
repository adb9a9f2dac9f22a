"""How a Keras head is trained: its batches, and graphs that several trainings share."""

import numpy as np
import pytest

from transferpain.networks.heads.ann import ANN
from transferpain.networks.heads.base import HeadTraining, Rows
from transferpain.networks.heads.keras_head import batches_of
from transferpain.networks.training.settings import TrainingSettings

X = np.random.default_rng(0).normal(size=(10, 4)).astype(np.float32)
ROWS = Rows(lambda positions: X[positions], np.arange(10) % 3, (np.arange(10) % 3 + 1).astype(np.float32))


@pytest.fixture
def training(tmp_path) -> HeadTraining:
    settings = TrainingSettings(batch=4, epochs=2)
    return HeadTraining(3, 4, None, settings, (0, "fold"), tmp_path / "checkpoint.npz", "test")


def test_batches_carry_weights_and_depend_on_the_epoch_alone(training):
    batches = batches_of(ROWS, training, (0, "test"))
    first, again, later = (list(batches.of(epoch)) for epoch in (0, 0, 1))
    assert [len(x) for x, _, _ in first] == [4, 4, 2]
    assert all(
        np.array_equal(a, b) for one, two in zip(first, again, strict=True) for a, b in zip(one, two, strict=True)
    )
    assert not np.array_equal(first[0][0], later[0][0])
    for _, targets, weights in first:
        np.testing.assert_array_equal(weights, targets.argmax(axis=1) + 1)


@pytest.mark.parametrize(("numbers", "together"), [(4, 16), (1 << 16, 4), (1 << 20, 1)])
def test_small_batches_are_handed_over_together(training, numbers, together):
    rows = Rows(lambda positions: np.zeros((len(positions), numbers), np.float32), ROWS.y, ROWS.weights)
    assert batches_of(rows, training, None).together == together


def test_without_a_seed_the_order_is_kept(training):
    batches = batches_of(ROWS, training, None)
    np.testing.assert_array_equal(np.concatenate([x for x, _, _ in batches.of(0)]), X)


def test_a_head_answers_as_before_after_another_training_used_its_graphs(training, tmp_path):
    settings = ANN.Settings(kind="ann", hidden=(4,))
    first = ANN.fit(settings, training, ROWS, ROWS)
    before = first.predict(X)
    other = HeadTraining(
        3, 4, None, training.settings, (1, "fold"), tmp_path / "other.npz", "test", traced=training.traced
    )
    second = ANN.fit(settings, other, ROWS, ROWS)
    assert len(training.traced) == 1
    assert not np.array_equal(second.predict(X), before)
    np.testing.assert_array_equal(first.predict(X), before)
    assert first.selection_loss == first.history["val_loss"].min()
