"""Batches of rows that a strategy decodes itself: pictures beside landmarks, or windows of pictures."""

from collections.abc import Iterator
from typing import Protocol

import numpy as np

from transferpain.core.seeds import derive_seed
from transferpain.models.sources.preprocessing import Preprocessing
from transferpain.networks.training.augment import Changes, draw_changes
from transferpain.networks.training.batches import Batch, Batches, Inputs, mix, rows_of_batches
from transferpain.networks.training.settings import TrainingSettings


class LoadedRows(Protocol):
    """Rows with pictures; `preprocessing` says how large they are."""

    @property
    def preprocessing(self) -> Preprocessing: ...

    def __len__(self) -> int: ...

    def load(self, chosen: np.ndarray, changes: Changes | None = None) -> Inputs:
        """Return what the network reads of some rows, each changed as one of `changes` says."""


def row_batches(
    rows: LoadedRows,
    targets: np.ndarray,
    weights: np.ndarray,
    training: TrainingSettings,
    shuffle: tuple[int | str, ...] | None,
) -> Batches:
    """Make batches of rows: shuffled, changed and mixed at random in training, nothing of it in validation.

    Args:
        targets: `(rows, classes)` float32.
        weights: `(rows,)` float32.
        training: batch size and random changes.
        shuffle: parts of the seed of order and changes; `None` means validation.
    """

    def of(epoch: int) -> Iterator[Batch]:
        for number, chosen in enumerate(rows_of_batches(len(rows), training.batch, shuffle, epoch)):
            if shuffle is None:
                yield rows.load(chosen), targets[chosen], weights[chosen]
                continue
            random = np.random.default_rng(derive_seed(*shuffle, epoch, number, "changes"))
            changes = draw_changes(len(chosen), rows.preprocessing.size, training.augment, random)
            batch = rows.load(chosen, changes), targets[chosen], weights[chosen]
            yield mix(*batch, training.augment.mixup, random) if training.augment.mixup else batch

    return Batches(of, len(rows), training.batch)
