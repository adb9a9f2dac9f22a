"""Train a model one epoch at a time: an interrupted training goes on and ends with the same bits.

Whatever an epoch depends on is either in the checkpoint (weights, optimiser, schedule, averages, stopping
state, best weights) or a function of `(seed parts, epoch)` (order, augmentation, dropout).
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import tensorflow as tf

from transferpain.core.errors import UserError
from transferpain.core.progress import note, progress_bar
from transferpain.core.seeds import derive_seed
from transferpain.core.store import fingerprint
from transferpain.networks.training.adadelta import FusedAdadelta
from transferpain.networks.training.batches import Batches
from transferpain.networks.training.checkpoint import Progress, checkpoint_writer, load_checkpoint
from transferpain.networks.training.losses import DOMAIN_LOSS, loss_for
from transferpain.networks.training.settings import TrainingSettings

OPTIMIZERS = {
    "adam": keras.optimizers.Adam,
    "adamw": keras.optimizers.AdamW,
    "adadelta": FusedAdadelta,
    "sgd": keras.optimizers.SGD,
}
LEARNING_RATE = "learning_rate"  # the name that Keras gives an optimiser's variable which no step changes
DATA_CLASS_SCALAR = 1  # TensorBoard's number for what is drawn as a curve
SEED_STATE = "seed_generator_state"  # the name that Keras gives the state of a SeedGenerator


@dataclass(frozen=True)
class Training:
    """A finished training: its history, one row per epoch, and the epoch (from 1) whose weights the model holds.

    Columns: epoch, loss, accuracy, val_loss, val_accuracy, learning_rate (of the step that would come next), seconds;
    and `domain_loss` of a network that is adapted while it learns.
    """

    history: pd.DataFrame
    epoch: int


def fit(
    model: keras.Model,
    training: Batches,
    validation: Batches,
    settings: TrainingSettings,
    checkpoint: Path,
    seed: tuple[int | str, ...],
    label: str = "training",
) -> Training:
    """Train `model` in place, from the epoch after the one that `checkpoint` holds if there is one.

    The validation loss is not weighted by class and, with `settings.ema`, is that of the averaged weights. With
    `settings.tensorboard`, logs are written to the folder `tensorboard` beside the checkpoint.

    Args:
        model: outputs probabilities, float32 `(batch, classes)`; layers that are not trainable stay as they are. One
            that was trained with the same settings before and given to `reset_model` keeps its traced graphs.
        training: batches by epoch, e.g. `array_batches` or `image_batches`.
        validation: batches whose loss decides on early stopping.
        checkpoint: file that holds the state after an epoch, and in the end what was kept; the caller removes it.
        seed: parts of the seed, e.g. `(seed, fold)`; the epoch is added.
        label: what the progress bar says.

    Raises:
        UserError: if the loss is no longer a number.
    """
    if (passes := settings.passes(training.steps)) > 1:
        _say_passes(passes, training.steps, settings.epoch_steps)
        training = replace(training, passes=passes)
    if not (model.compiled and int(model.optimizer.iterations) == 0):
        compile_model(model, settings, training.steps, training.together)
    unnamed = {"checkpoint_seconds"}  # whoever changes when a state is written goes on from what was written
    key = fingerprint([settings.model_dump(exclude=unnamed), list(seed), training.rows, training.size])
    progress, best = load_checkpoint(checkpoint, key, model)
    if progress.finished:
        # It has taken its steps: whoever trains this model next makes an optimiser of its own.
        model.optimizer.iterations.assign(progress.epoch * training.steps)
        return _trained(progress, settings)
    data, validation_data = training.dataset(lambda: progress.epoch), validation.dataset(lambda: 0)
    epochs_left = settings.epochs - progress.epoch
    total = epochs_left * training.steps * training.size
    with progress_bar(label, total, "frames") as advance, checkpoint_writer(checkpoint, key) as save_checkpoint:
        steps = _CountSteps(lambda number: advance(number * training.size), training.steps)
        saved = time.monotonic()
        while not is_over(progress, settings):
            with _held_weights(model) as hold:
                row = _run_epoch(model, data, validation_data, (*seed, progress.epoch), [steps, hold])
                best = record(progress, row, model, best, settings)
            if settings.tensorboard:
                _log(checkpoint.parent / "tensorboard", row)
            if not is_over(progress, settings) and time.monotonic() - saved >= settings.checkpoint_seconds:
                save_checkpoint(model, progress, best)
                saved = time.monotonic()
        if settings.patience is None:
            model.optimizer.finalize_variable_values(model.trainable_variables)
        else:
            model.set_weights(best)
        progress.finished = True
        save_checkpoint(model, progress, [])
    return _trained(progress, settings)


def _trained(progress: Progress, settings: TrainingSettings) -> Training:
    kept = progress.epoch if settings.patience is None else progress.best_epoch
    return Training(pd.DataFrame(progress.history), kept)


@cache
def _say_passes(passes: int, steps: int, least: int) -> None:
    """Say once, not for each fold and seed, that an epoch sees all rows more than once."""
    note(
        f"NOTE: an epoch sees all training rows {passes} times: once takes {steps} of the {least} steps that "
        "training.epoch_steps asks for."
    )


def reset_model(model: keras.Model, weights: list[np.ndarray]) -> None:
    """Give a model other weights, and its optimiser, if it was trained before, the state of one that never took a step.

    Args:
        weights: as `get_weights` of a model of the same layers returns them.
    """
    model.set_weights(weights)
    for variable in model.optimizer.variables if model.compiled else ():
        if variable.name != LEARNING_RATE:
            variable.assign(np.zeros(variable.shape, variable.dtype))


def compile_model(model: keras.Model, settings: TrainingSettings, steps: int, together: int) -> None:
    """Give a model the loss and a new optimiser for epochs of `steps` batches, `together` of them in one call."""
    model.compile(
        optimizer=build_optimizer(settings, steps),
        loss=loss_for(settings),
        metrics=[keras.metrics.CategoricalAccuracy("accuracy")],
        steps_per_execution=together,
        jit_compile=False,  # 15 % slower on the two-core EPYC of 2026-11 for ResNet-18 at batch 128
    )
    model.optimizer.build(model.trainable_variables)


def build_optimizer(settings: TrainingSettings, steps: int) -> keras.optimizers.Optimizer:
    """Build the Keras optimiser for epochs of `steps` batches, learning rate schedule and averaging included."""
    optimizer = settings.optimizer
    rate = optimizer.learning_rate
    if settings.schedule.name == "cosine":
        warmup = round(settings.schedule.warmup_epochs * steps)
        rate = keras.optimizers.schedules.CosineDecay(
            initial_learning_rate=0.0,
            decay_steps=settings.epochs * steps - warmup,
            warmup_target=rate,
            warmup_steps=warmup,
        )
    elif settings.schedule.name == "step":
        # Keras still uses the old rate when the number of finished steps equals a boundary.
        ends = [round(epoch * steps) - 1 for epoch in settings.schedule.at]
        rates = [rate * settings.schedule.factor**number for number in range(len(ends) + 1)]
        rate = keras.optimizers.schedules.PiecewiseConstantDecay(ends, rates)
    options = {"learning_rate": rate, "weight_decay": optimizer.weight_decay or None}
    if settings.ema is not None:
        options |= {"use_ema": True, "ema_momentum": settings.ema}
    if optimizer.name == "sgd":
        options |= {"momentum": optimizer.momentum, "nesterov": optimizer.nesterov}
    built = OPTIMIZERS[optimizer.name](**options)
    if optimizer.weight_decay:
        built.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    # TensorFlow sums gradients over replicas by an operation whose graph it keeps for good, and with it the weights and
    # moments of every network that was ever trained in a process. There is one replica, and nothing to sum.
    built._all_reduce_sum_gradients = list
    return built


def _run_epoch(
    model: keras.Model,
    training: tf.data.Dataset,
    validation: tf.data.Dataset,
    seed: tuple[int | str, ...],
    callbacks: list[keras.callbacks.Callback],
) -> dict[str, float]:
    """Train for the epoch whose number ends `seed`, validate, and return its row of the history.

    At its end `model.fit` puts the moving average, if the optimiser keeps one, into the model.
    """
    started = time.monotonic()
    epoch = int(seed[-1])
    reset_random_states(model, seed)
    logs = model.fit(training, epochs=1, callbacks=callbacks, verbose=0, shuffle=False).history
    scores = model.evaluate(validation, verbose=0, return_dict=True)
    row = {
        "epoch": epoch + 1,
        "loss": logs["loss"][-1],
        "accuracy": logs["accuracy"][-1],
        "val_loss": scores["loss"],
        "val_accuracy": scores["accuracy"],
        "learning_rate": float(model.optimizer.learning_rate),
        "seconds": round(time.monotonic() - started, 3),
    }
    if DOMAIN_LOSS in logs:
        row[DOMAIN_LOSS] = logs[DOMAIN_LOSS][-1]
    check_finite(row)
    return row


def check_finite(row: dict[str, float]) -> None:
    """Refuse an epoch, a row of the history, whose loss is no number. Raises `UserError`."""
    if not np.isfinite([row["loss"], row["val_loss"]]).all():
        raise UserError(
            "The training diverged.",
            rule="The loss has to stay a number.",
            received=f"epoch {row['epoch']}, loss {row['loss']}, val_loss {row['val_loss']}",
            todo="Lower training.optimizer.learning_rate, or give the schedule a warm-up.",
        )


def record(
    progress: Progress,
    row: dict[str, float],
    model: keras.Model,
    best: list[np.ndarray],
    settings: TrainingSettings,
) -> list[np.ndarray]:
    """Enter a finished epoch into `progress`; return the best weights so far, none without early stopping."""
    progress.epoch += 1
    progress.history.append(row)
    progress.wait += 1
    if row["val_loss"] < progress.best_loss:
        progress.best_loss, progress.best_epoch, progress.wait = row["val_loss"], progress.epoch, 0
        if settings.patience is not None:
            best = model.get_weights()
    return best


def is_over(progress: Progress, settings: TrainingSettings) -> bool:
    stopped = settings.patience is not None and progress.wait >= settings.patience
    return stopped or progress.epoch >= settings.epochs


def reset_random_states(model: keras.Model, seed: tuple[int | str, ...]) -> None:
    """Give every dropout a state that depends on `seed` and its place in the model, not on what was run before."""
    states = [variable for variable in model.variables if variable.name == SEED_STATE]
    for number, state in enumerate(states):
        state.assign(np.array([derive_seed(*seed, number), 0], dtype="uint32"))


class _CountSteps(keras.callbacks.Callback):
    """Calls `count` with the number of steps that were taken in one call."""

    def __init__(self, count: Callable[[int], None], steps: int):
        super().__init__()
        self._count, self._steps, self._first = count, steps, 0

    def on_train_batch_begin(self, batch: int, logs: dict | None = None) -> None:
        self._first = batch

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        # Keras names the last step that a call may take, even where the epoch ends before it.
        self._count(min(batch + 1, self._steps) - self._first)


@contextmanager
def _held_weights(model: keras.Model) -> Iterator[keras.callbacks.Callback]:
    """Keep the weights that the yielded callback saw at the end of an epoch, and put them back on leaving.

    Training goes on from the weights themselves; their moving average is only validated and kept.
    """
    held = []

    def hold(epoch: int, logs: dict) -> None:
        if model.optimizer.use_ema:
            held.extend(variable.numpy() for variable in model.trainable_variables)

    yield keras.callbacks.LambdaCallback(on_epoch_end=hold)
    if held:
        for variable, value in zip(model.trainable_variables, held, strict=True):
            variable.assign(value)


def _log(folder: Path, row: dict[str, float]) -> None:
    """Add an epoch to the TensorBoard logs in `folder`; the package `tensorboard` is needed only to look at them."""
    proto = tf.compat.v1.SummaryMetadata
    scalar = proto(plugin_data=proto.PluginData(plugin_name="scalars"), data_class=DATA_CLASS_SCALAR)
    writer = tf.summary.create_file_writer(str(folder))
    with writer.as_default(step=int(row["epoch"])):
        for name, value in row.items():
            tf.summary.write(name, tf.constant(value, tf.float32), metadata=scalar)
    writer.close()
