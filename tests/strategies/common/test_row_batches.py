import numpy as np

from transferpain.models.sources.preprocessing import Preprocessing
from transferpain.networks.training.augment import Changes
from transferpain.networks.training.settings import AugmentSettings, TrainingSettings
from transferpain.strategies.common.row_batches import row_batches

COUNT = 5
TARGETS, WEIGHTS = np.eye(COUNT, dtype=np.float32), np.arange(COUNT, dtype=np.float32)


class Numbered:
    """Rows that are their own numbers, times the brightness that they are changed to."""

    def __init__(self):
        self.preprocessing = Preprocessing(size=16)

    def __len__(self) -> int:
        return COUNT

    def load(self, chosen: np.ndarray, changes: Changes | None = None) -> np.ndarray:
        gains = 1 if changes is None else changes.gains.ravel()
        return ((1 + chosen) * gains).astype(np.float32)[:, None]


def epoch(number: int, shuffle: tuple | None, **augment: float) -> list[np.ndarray]:
    """Return inputs, targets and weights of an epoch."""
    training = TrainingSettings(batch=2, augment=AugmentSettings(**augment))
    batches = row_batches(Numbered(), TARGETS, WEIGHTS, training, shuffle)
    assert batches.steps == 3
    return [np.concatenate(parts) for parts in zip(*batches.of(number), strict=True)]


def test_validation_is_in_order_and_neither_changed_nor_mixed():
    x, targets, weights = epoch(3, None, brightness=0.5, mixup=0.4)
    assert x[:, 0].tolist() == [1, 2, 3, 4, 5]
    np.testing.assert_array_equal(targets, TARGETS)
    np.testing.assert_array_equal(weights, WEIGHTS)


def test_training_is_in_another_order_each_epoch_and_rows_keep_their_targets_and_weights():
    (x, targets, weights), (later, *_) = (epoch(number, (0, "fold")) for number in (0, 1))
    assert sorted(x[:, 0]) == [1, 2, 3, 4, 5]
    assert x[:, 0].tolist() != later[:, 0].tolist()
    np.testing.assert_array_equal(targets.argmax(axis=1), x[:, 0] - 1)
    np.testing.assert_array_equal(weights, x[:, 0] - 1)


def test_changes_and_mixing_depend_on_seed_and_epoch_alone():
    first, again, other = (
        epoch(0, seed, brightness=0.5, mixup=0.4) for seed in ((0, "fold"), (0, "fold"), (1, "fold"))
    )
    assert all(np.array_equal(one, same) for one, same in zip(first, again, strict=True))
    assert not np.array_equal(first[0], other[0])
    assert (first[1].max(axis=1) < 1).any()
