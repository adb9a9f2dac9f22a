"""What an epoch sees: shuffled, seeded batches of arrays or of augmented images."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, islice

import numpy as np
import tensorflow as tf

from transferpain.core.contracts import LabelMode
from transferpain.core.seeds import derive_seed
from transferpain.networks.training.augment import augment
from transferpain.networks.training.settings import AugmentSettings

Inputs = np.ndarray | tuple[np.ndarray, ...]  # of a model with several inputs: an array each
Batch = tuple[Inputs, np.ndarray, np.ndarray]  # inputs, targets (batch, classes), weights (batch,)


@dataclass(frozen=True)
class Batches:
    """Batches that depend on the epoch's number alone, so that an interrupted run can ask for them again.

    Args:
        of: takes an epoch's number and returns its batches.
        rows: how many there are.
        size: rows in a batch; the last batch of a pass over all rows may be smaller.
        together: batches that are handed to the model in one call; more than one where a step is shorter than a call.
        passes: how often an epoch sees all rows; each pass is to `of` an epoch of its own.
    """

    of: Callable[[int], Iterator[Batch]]
    rows: int
    size: int
    together: int = 1
    passes: int = 1

    @property
    def steps(self) -> int:
        """Number of batches in an epoch."""
        return self.passes * -(-self.rows // self.size)

    @property
    def joined(self) -> int:
        """Number of batches that become one array on their way: none where smaller ones stand between others."""
        return self.together if self.passes == 1 else 1

    @cached_property
    def signature(self) -> tuple:
        """Shapes and dtypes of a batch, `tf.TensorSpec` each, the number of rows left open."""
        return tf.nest.map_structure(lambda part: tf.TensorSpec((None, *part.shape[1:]), part.dtype), next(self.of(0)))

    def dataset(self, epoch: Callable[[], int]) -> tf.data.Dataset:
        """Return the batches of an epoch as a dataset that prepares the next ones while the model works.

        Args:
            epoch: says, each time that the dataset is iterated over, which epoch it is: to make a dataset takes longer
                than some epochs.
        """
        batches = tf.data.Dataset.from_generator(lambda: self._handed_over(epoch()), output_signature=self.signature)
        if self.joined > 1:
            batches = batches.rebatch(self.size)
        batches = batches.apply(tf.data.experimental.assert_cardinality(self.steps)).prefetch(2 * self.together)
        options = tf.data.Options()
        # Nothing here is left to be tuned, and the end of an epoch would wait until the tuner's nap ends: up to 20 s.
        options.autotune.enabled = False
        return batches.with_options(options)

    def _handed_over(self, epoch: int) -> Iterator[Batch]:
        """Yield the batches of an epoch, as many at once as go together: each costs a call from TensorFlow."""
        batches = chain.from_iterable(self.of(epoch * self.passes + turn) for turn in range(self.passes))
        if self.joined == 1:
            yield from batches
        while group := list(islice(batches, self.joined)):
            yield tf.nest.map_structure(lambda *parts: np.concatenate(parts), *group)


def one_hot(classes: np.ndarray, num_classes: int) -> np.ndarray:
    """Return `(rows, num_classes)` float32 targets for `(rows,)` integer classes."""
    return np.eye(num_classes, dtype=np.float32)[np.asarray(classes, dtype=np.int64)]


def sample_weights(targets: np.ndarray, class_weights: np.ndarray | None) -> np.ndarray:
    """Return `(rows,)` float32: the weight of each row's likeliest class, or ones."""
    if class_weights is None:
        return np.ones(len(targets), np.float32)
    return np.asarray(class_weights, np.float32)[targets.argmax(axis=1)]


def array_batches(
    inputs: np.ndarray, targets: np.ndarray, weights: np.ndarray, size: int, shuffle: tuple[int | str, ...] | None
) -> Batches:
    """Make batches of rows of arrays.

    Args:
        inputs: `(rows, ...)`; given to the model as float32.
        targets: `(rows, classes)` float32, see `one_hot`.
        weights: `(rows,)` float32.
        size: rows in a batch.
        shuffle: parts of the seed of the order, e.g. `(seed, fold)`; `None` keeps the order (validation).
    """
    _check_rows(len(inputs), targets, weights)

    def of(epoch: int) -> Iterator[Batch]:
        for rows in rows_of_batches(len(inputs), size, shuffle, epoch):
            yield inputs[rows].astype(np.float32, copy=False), targets[rows], weights[rows]

    return Batches(of, len(inputs), size)


@dataclass(frozen=True)
class Images:
    """Labelled images, decoded only when a batch needs them.

    Args:
        load: takes `(batch,)` row numbers, returns `(batch, side, side)` or `(batch, side, side, 3)` uint8, RGB.
        targets: `(rows, classes)` float32.
        weights: `(rows,)` float32.
        changed: bool `(rows,)`, the rows that augmentation changes in training; `None` means all.
        beside: `(rows, ...)` float32, what the model reads of each row beside its picture; `None` means nothing.
    """

    load: Callable[[np.ndarray], np.ndarray]
    targets: np.ndarray
    weights: np.ndarray
    changed: np.ndarray | None = None
    beside: np.ndarray | None = None


def image_batches(
    images: Images,
    prepare: Callable[[np.ndarray], np.ndarray],
    image_size: int,
    size: int,
    augmentation: AugmentSettings,
    label_mode: LabelMode,
    shuffle: tuple[int | str, ...] | None,
) -> Batches:
    """Make batches of images: shuffled and changed at random in training, neither in validation.

    Args:
        prepare: takes `(batch, image_size, image_size, 3)` uint8 and returns what the model reads, float32.
        image_size: side of the images that the model reads.
        size: rows in a batch.
        augmentation: how training images are changed; not used in validation.
        label_mode: with `probability` a training epoch draws one label per row from its target distribution
            (Barsoum et al. 2016, "probabilistic label drawing").
        shuffle: parts of the seed of order, changes and drawn labels; `None` means validation.
    """
    rows = len(images.targets)
    _check_rows(rows, images.targets, images.weights)
    changes = augmentation if shuffle is not None else AugmentSettings()

    def of(epoch: int) -> Iterator[Batch]:
        targets = images.targets
        if shuffle is not None and label_mode == "probability":
            targets = draw_labels(targets, np.random.default_rng(derive_seed(*shuffle, epoch, "labels")))
        for number, batch in enumerate(rows_of_batches(rows, size, shuffle, epoch)):
            random = np.random.default_rng(derive_seed(*(shuffle or ()), epoch, number, "changes"))
            changed = None if images.changed is None else images.changed[batch]
            pixels = augment(images.load(batch), image_size, changes, random, changed)
            if pixels.ndim == 3:
                pixels = np.repeat(pixels[..., None], 3, axis=3)  # grey: the same value in R, G and B
            inputs, wanted, weights = prepare(pixels), targets[batch], images.weights[batch]
            if images.beside is not None:
                inputs = (inputs, images.beside[batch])
            if changes.mixup:
                inputs, wanted, weights = mix(inputs, wanted, weights, changes.mixup, random)
            yield inputs, wanted, weights

    return Batches(of, rows, size)


def mix(inputs: Inputs, targets: np.ndarray, weights: np.ndarray, alpha: float, random: np.random.Generator) -> Batch:
    """Mix each row of a batch with another of its rows: mixup (Zhang et al., ICLR 2018), a share drawn for each row.

    Args:
        inputs: `(batch, ...)` float32, or several of them.
        targets: `(batch, classes)` float32.
        weights: `(batch,)` float32; a mixed row weighs what its parts weigh, by their shares.
        alpha: the share comes from Beta(alpha, alpha).
    """
    share = random.beta(alpha, alpha, len(targets)).astype(np.float32)
    other = random.permutation(len(targets))

    def mixed(values: np.ndarray) -> np.ndarray:
        own = share.reshape(-1, *[1] * (values.ndim - 1))
        return own * values + (1 - own) * values[other]

    return tf.nest.map_structure(mixed, inputs), mixed(targets), mixed(weights)


def draw_labels(targets: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Draw one class per row from `(rows, classes)` distributions; return them one-hot, float32."""
    cumulative = np.cumsum(targets, axis=1)
    draws = random.random((len(targets), 1)) * cumulative[:, -1:]
    return one_hot((draws >= cumulative).sum(axis=1), targets.shape[1])


def rows_of_batches(rows: int, size: int, shuffle: tuple[int | str, ...] | None, epoch: int) -> Iterator[np.ndarray]:
    """Yield the row numbers of an epoch's batches: in an order that seed and epoch give, or in theirs with `None`."""
    order = np.arange(rows)
    if shuffle is not None:
        order = np.random.default_rng(derive_seed(*shuffle, epoch, "order")).permutation(rows)
    for start in range(0, rows, size):
        yield order[start : start + size]


def _check_rows(rows: int, targets: np.ndarray, weights: np.ndarray) -> None:
    if not rows == len(targets) == len(weights):
        raise ValueError(f"inputs, targets and weights differ in rows: {rows}, {len(targets)}, {len(weights)}")
    if rows == 0:
        raise ValueError("there are no rows to train on")
