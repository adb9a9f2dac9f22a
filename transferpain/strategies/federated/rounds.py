"""Federated averaging of a head, round by round: an interrupted training goes on and ends with the same bits.

All clients are simulated in one process, one after the other. What a client learns depends on the weights that it
begins with, its own rows, and the seed, the fold and the round, not on who it is or who else takes part.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
import pandas as pd

from transferpain.core.progress import progress_bar
from transferpain.core.store import fingerprint
from transferpain.networks.training.batches import Batches
from transferpain.networks.training.checkpoint import checkpoint_writer, load_checkpoint
from transferpain.networks.training.fit import (
    Training,
    check_finite,
    compile_model,
    is_over,
    record,
    reset_model,
    reset_random_states,
)
from transferpain.networks.training.settings import TrainingSettings
from transferpain.strategies.federated.aggregate import drawn_clients, weighted_mean
from transferpain.strategies.federated.settings import FederatedSettings

LAST_LAYER = "logits"  # with what its name begins, whatever output `training.loss` asks for
Seed = tuple[int | str, ...]


@dataclass(frozen=True)
class WeightsOfParts:
    """What each of a network's weights, in the order of `get_weights`, is.

    Attributes:
        sent: bool `(weights,)`; False for arithmetic that stands in a network as layers which never learn.
        last: bool `(weights,)`, those of the last layer.
        sizes: int64 `(weights,)`, numbers in each.
        bytes_a_number: of what is sent.
    """

    sent: np.ndarray
    last: np.ndarray
    sizes: np.ndarray
    bytes_a_number: int

    @property
    def body(self) -> int:
        """Numbers that are sent of all layers before the last one."""
        return int(self.sizes[self.sent & ~self.last].sum())

    @property
    def last_layer(self) -> int:
        """Numbers of the last layer."""
        return int(self.sizes[self.sent & self.last].sum())


def weights_of_parts(model: keras.Model) -> WeightsOfParts:
    """Read from a head what is sent of it."""
    layers = [(layer, weight) for layer in model.layers for weight in layer.weights]
    return WeightsOfParts(
        np.array([layer.trainable for layer, _ in layers]),
        np.array([layer.name.startswith(LAST_LAYER) for layer, _ in layers]),
        np.array([int(np.prod(weight.shape)) for _, weight in layers], np.int64),
        max(np.dtype(weight.dtype).itemsize for _, weight in layers),
    )


@dataclass
class Server:
    """What stands between two rounds.

    Attributes:
        weights: of the model that is validated and kept, as `get_weights` returns them.
        own: of each weight of the last layer that of every client, `(clients, ...)`; empty unless it is personal.
        trained: bool `(clients,)`, those that have a last layer of their own by now.
    """

    weights: list[np.ndarray]
    own: list[np.ndarray]
    trained: np.ndarray


@dataclass(frozen=True)
class Clients:
    """The clients of a training, in a fixed order.

    Attributes:
        names: of each.
        batches: of each.
        settings: how they train together.
    """

    names: Sequence[str]
    batches: Sequence[Batches]
    settings: FederatedSettings

    def fit(
        self,
        model: keras.Model,
        pooled: Batches,
        validation: Batches,
        settings: TrainingSettings,
        checkpoint: Path,
        seed: Seed,
        label: str = "training",
    ) -> Training:
        """Train `model` in place by federated averaging; arguments as of `networks.training.fit.fit`.

        The optimiser of a client begins anew in each round. The history has a row for each round: `loss` and `accuracy`
        are those of the clients in their last epoch of it, by rows, and beside the columns of any training stand the
        `clients` that took part and the numbers sent to them and by them, `numbers_down` and `numbers_up`.

        Args:
            pooled: the rows of all clients, which nothing is fitted to here.

        Raises:
            UserError: if the loss is no longer a number.
        """
        if not model.compiled:
            compile_model(model, settings, pooled.steps, together=1)
        unnamed = {"checkpoint_seconds"}
        rows = [batches.rows for batches in self.batches]
        how = [settings.model_dump(exclude=unnamed), self.settings.model_dump(), list(self.names), rows]
        key = fingerprint([*how, list(seed), pooled.size])
        progress, kept = load_checkpoint(checkpoint, key, model)
        if progress.finished:
            return _trained(progress, settings)
        parts = weights_of_parts(model)
        server, best = self._begin(model, parts, kept)
        data = validation.dataset(lambda: 0)
        drawn = len(drawn_clients(len(rows), self.settings.share, seed, 0))
        left = (settings.epochs - progress.epoch) * drawn
        with progress_bar(label, left, "clients") as advance, checkpoint_writer(checkpoint, key) as save:
            saved = time.monotonic()
            while not is_over(progress, settings):
                started = time.monotonic()
                row = self._round(model, parts, server, (seed, progress.epoch), advance)
                scores = model.evaluate(data, verbose=0, return_dict=True)
                row |= {"val_loss": scores["loss"], "val_accuracy": scores["accuracy"]}
                row |= {"seconds": round(time.monotonic() - started, 3)}
                check_finite(row)
                best = record(progress, row, model, best, settings)
                if not is_over(progress, settings) and time.monotonic() - saved >= settings.checkpoint_seconds:
                    save(model, progress, [*best, *_personal_state(server)])
                    saved = time.monotonic()
            if settings.patience is not None:
                model.set_weights(best)
            progress.finished = True
            save(model, progress, [])
        return _trained(progress, settings)

    def _begin(
        self, model: keras.Model, parts: WeightsOfParts, kept: list[np.ndarray]
    ) -> tuple[Server, list[np.ndarray]]:
        """Return the server as it stands in the model and a checkpoint, and the best weights so far."""
        weights = model.get_weights()
        if self.settings.personal == "none":
            return Server(weights, [], np.zeros(0, bool)), kept
        if kept:
            split = len(kept) - int(parts.last.sum()) - 1
            return Server(weights, kept[split:-1], kept[-1]), kept[:split]
        initial = [one for one, last in zip(weights, parts.last, strict=True) if last]
        own = [np.repeat(one[None], len(self.names), axis=0) for one in initial]
        return Server(weights, own, np.zeros(len(self.names), bool)), []

    def _round(
        self, model: keras.Model, parts: WeightsOfParts, server: Server, when: tuple[Seed, int], advance
    ) -> dict[str, float]:
        """Have the clients of a round train, put the mean into server and model, and return what is known by then."""
        seed, number = when
        chosen = drawn_clients(len(self.batches), self.settings.share, seed, number)
        personal = self.settings.personal == "last_layer"
        new = int((~server.trained[chosen]).sum()) if personal else 0
        scores = np.zeros(2)

        def updates() -> Iterator[tuple[list[np.ndarray], int]]:
            for client in chosen:
                start = server.weights
                if personal:
                    start = _replaced(start, parts.last, [one[client] for one in server.own])
                reset_model(model, start)
                scores[:] += self.batches[client].rows * self._learn(model, client, seed, number)
                learned = model.get_weights()
                if personal:
                    last = [one for one, is_last in zip(learned, parts.last, strict=True) if is_last]
                    for place, one in zip(server.own, last, strict=True):
                        place[client] = one
                    server.trained[client] = True
                advance(1)
                yield learned, self.batches[client].rows

        server.weights = weighted_mean(updates())
        if personal:
            own = (
                ([one[client] for one in server.own], self.batches[client].rows)
                for client in np.flatnonzero(server.trained)
            )
            server.weights = _replaced(server.weights, parts.last, weighted_mean(own))
        model.set_weights(server.weights)
        loss, accuracy = scores / sum(self.batches[client].rows for client in chosen)
        whole = parts.body + parts.last_layer
        down = len(chosen) * parts.body + new * parts.last_layer if personal else len(chosen) * whole
        return {
            "epoch": number + 1,
            "loss": float(loss),
            "accuracy": float(accuracy),
            "learning_rate": float(model.optimizer.learning_rate),
            "clients": len(chosen),
            "numbers_down": down,
            "numbers_up": len(chosen) * whole,
        }

    def _learn(self, model: keras.Model, client: int, seed: Seed, number: int) -> np.ndarray:
        """Train on a client's rows for a round's epochs; return loss and accuracy in the last of them, float `(2,)`."""
        epochs, batches = self.settings.local_epochs, self.batches[client]
        for epoch in range(number * epochs, (number + 1) * epochs):
            reset_random_states(model, (*seed, epoch))
            sums = np.zeros(2)
            for inputs, targets, weights in batches.of(epoch):
                logs = model.train_on_batch(inputs, targets, weights, return_dict=True)
                sums += len(targets) * np.array([logs["loss"], logs["accuracy"]])
        return sums / batches.rows


def _replaced(weights: list[np.ndarray], places: np.ndarray, others: list[np.ndarray]) -> list[np.ndarray]:
    """Return weights with others in some places, in their order."""
    following = iter(others)
    return [next(following) if place else one for one, place in zip(weights, places, strict=True)]


def _personal_state(server: Server) -> list[np.ndarray]:
    """Return what a checkpoint holds of personal layers, behind the best weights; nothing without them."""
    return [*server.own, server.trained] if server.own else []


def _trained(progress, settings: TrainingSettings) -> Training:
    kept = progress.epoch if settings.patience is None else progress.best_epoch
    return Training(pd.DataFrame(progress.history), kept)
