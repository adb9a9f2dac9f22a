"""Rounds of a small network: known answers, an interruption, layers of one's own."""

from dataclasses import replace

import keras
import numpy as np
import pytest

from transferpain.core.errors import UserError
from transferpain.core.seeds import derive_seed
from transferpain.networks.heads.ann import build_ann
from transferpain.networks.heads.base import HeadTraining, Rows
from transferpain.networks.heads.registry import HEADS
from transferpain.networks.outputs.registry import OUTPUTS, ending_in
from transferpain.networks.training.batches import Batches, array_batches, one_hot
from transferpain.networks.training.fit import compile_model, fit, reset_model
from transferpain.networks.training.settings import TrainingSettings
from transferpain.strategies.federated.rounds import Clients, weights_of_parts
from transferpain.strategies.federated.settings import FederatedSettings

SEED = (0, "fold")
D, K = 5, 3
SGD = {"name": "sgd", "learning_rate": 0.1}


def settings(**changes) -> TrainingSettings:
    return TrainingSettings(**({"optimizer": SGD, "batch": 4, "epochs": 3, "patience": None} | changes))


def network() -> keras.Model:
    return build_ann(D, K, 0, hidden=(6,), dropout=0.3)


def rows(count: int, seed: int, shuffle: tuple | None = SEED) -> Batches:
    random = np.random.default_rng(seed)
    y = random.integers(0, K, count)
    x = random.normal(size=(count, D)).astype(np.float32) + 2 * np.eye(K, D, dtype=np.float32)[y]
    return array_batches(x, one_hot(y, K), np.ones(count, np.float32), 4, shuffle)


SELECTED = rows(9, 99, None)


def train(clients: list[Batches], folder, training=None, how=None, names=None, start=None):
    """Return the trained network, and its `Training`."""
    model = network()
    if start is not None:
        model.set_weights(start)
    names = names or [str(number) for number in range(len(clients))]
    averaging = Clients(names, clients, FederatedSettings(**(how or {})))
    training = training or settings()
    return model, averaging.fit(model, rows(4, 0), SELECTED, training, folder / "checkpoint.npz", SEED)


def same(one: list[np.ndarray], other: list[np.ndarray]) -> None:
    for mine, theirs in zip(one, other, strict=True):
        np.testing.assert_array_equal(mine, theirs)


def pooled(batches: Batches, folder, training: TrainingSettings):
    model = network()
    return model, fit(model, batches, SELECTED, training, folder / "pooled.npz", SEED)


def test_one_client_with_everything_is_pooled_training_to_the_bit(tmp_path):
    there, told = pooled(rows(13, 1), tmp_path, settings())
    here, rounds = train([rows(13, 1)], tmp_path)
    same(here.get_weights(), there.get_weights())
    columns = ["epoch", "val_loss", "val_accuracy", "learning_rate"]
    assert rounds.history[columns].equals(told.history[columns])
    np.testing.assert_allclose(rounds.history["loss"], told.history["loss"], rtol=1e-6)
    np.testing.assert_allclose(rounds.history["accuracy"], told.history["accuracy"], rtol=1e-6)


def test_one_round_of_some_epochs_is_pooled_training_with_an_optimiser_that_remembers(tmp_path):
    adam = {"name": "adam", "learning_rate": 0.01}
    there, _ = pooled(rows(13, 1), tmp_path, settings(optimizer=adam))
    here, _ = train([rows(13, 1)], tmp_path, settings(optimizer=adam, epochs=1), {"local_epochs": 3})
    same(here.get_weights(), there.get_weights())


def test_a_round_of_two_clients_is_the_mean_of_what_each_learns_alone(tmp_path):
    clients = [rows(12, 1), rows(5, 2)]
    once = settings(epochs=1)
    alone = []
    for number, client in enumerate(clients):
        (tmp_path / str(number)).mkdir()
        alone.append(train([client], tmp_path / str(number), once)[0].get_weights())
    both, _ = train(clients, tmp_path, once)
    expected = [((12.0 * one + 5.0 * other) / 17).astype(np.float32) for one, other in zip(*alone, strict=True)]
    for mine, theirs in zip(both.get_weights(), expected, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-6, atol=1e-7)


def test_equal_clients_learn_what_one_of_them_does_and_their_order_counts_for_nothing(tmp_path):
    for name in ("one", "three", "ab", "ba"):
        (tmp_path / name).mkdir()
    one, _ = train([rows(8, 1)], tmp_path / "one")
    three, _ = train([rows(8, 1)] * 3, tmp_path / "three")
    same(one.get_weights(), three.get_weights())
    there, _ = train([rows(8, 1), rows(5, 2)], tmp_path / "ab")
    back, _ = train([rows(5, 2), rows(8, 1)], tmp_path / "ba")
    same(there.get_weights(), back.get_weights())


@pytest.mark.parametrize("personal", ["none", "last_layer"])
@pytest.mark.parametrize("patience", [None, 9])
def test_an_interrupted_training_goes_on_to_the_same_bits(personal, patience, tmp_path):
    how = {"personal": personal, "share": 0.7, "local_epochs": 2}
    training = settings(epochs=5, patience=patience, checkpoint_seconds=0)
    clients = [rows(8, 1), rows(5, 2), rows(6, 3)]
    for name in ("whole", "parts"):
        (tmp_path / name).mkdir()
    whole, told = train(clients, tmp_path / "whole", training, how)

    def stopping(batches: Batches) -> Batches:
        def of(epoch: int):
            if epoch >= 6:  # the first of round 4
                raise KeyboardInterrupt
            return batches.of(epoch)

        return replace(batches, of=of)

    with pytest.raises(KeyboardInterrupt):
        train([stopping(one) for one in clients], tmp_path / "parts", training, how)
    resumed, rest = train(clients, tmp_path / "parts", training, how)
    same(resumed.get_weights(), whole.get_weights())
    assert rest.epoch == told.epoch
    assert rest.history.drop(columns="seconds").equals(told.history.drop(columns="seconds"))
    again, finished = train(clients, tmp_path / "parts", training, how)
    same(again.get_weights(), whole.get_weights())
    assert finished.history.equals(rest.history)


def test_a_checkpoint_of_other_clients_is_not_gone_on_from(tmp_path):
    train([rows(8, 1), rows(5, 2)], tmp_path)
    _, again = train([rows(8, 1), rows(5, 2)], tmp_path, names=["0", "someone else"])
    assert len(again.history) == 3
    (tmp_path / "new").mkdir()
    alone, _ = train([rows(5, 2)], tmp_path)
    new, _ = train([rows(5, 2)], tmp_path / "new")
    same(alone.get_weights(), new.get_weights())


@pytest.mark.slow
def test_a_client_goes_on_with_the_averaged_layers_and_its_own_last_one(tmp_path):
    clients = [rows(12, 1), rows(5, 2)]
    once, how = settings(epochs=1), {"personal": "last_layer"}
    for name in ("0", "1", "first", "both"):
        (tmp_path / name).mkdir()
    plain, _ = train(clients, tmp_path / "first", once)
    first = [train([one], tmp_path / str(number), once)[0].get_weights() for number, one in enumerate(clients)]
    # In the first round everybody begins alike: the server's model is that of plain averaging.
    server, _ = train(clients, tmp_path / "first", once, how)
    same(server.get_weights(), plain.get_weights())
    both, _ = train(clients, tmp_path / "both", settings(epochs=2), how)
    second = []
    for number, client in enumerate(clients):
        model = network()
        compile_model(model, once, client.steps, 1)
        reset_model(model, [*server.get_weights()[:2], *first[number][2:]])
        fit_second_epoch(model, client)
        second.append(model.get_weights())
    expected = [((12.0 * one + 5.0 * other) / 17).astype(np.float32) for one, other in zip(*second, strict=True)]
    for mine, theirs in zip(both.get_weights(), expected, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-5, atol=1e-6)
    (tmp_path / "plain").mkdir()
    other, _ = train(clients, tmp_path / "plain", settings(epochs=2))
    assert not np.array_equal(both.get_weights()[2], other.get_weights()[2])


def fit_second_epoch(model: keras.Model, batches: Batches) -> None:
    """Take the steps of one epoch, the second of a training."""
    states = [variable for variable in model.variables if variable.name == "seed_generator_state"]
    for number, state in enumerate(states):
        state.assign(np.array([derive_seed(*SEED, 1, number), 0], dtype="uint32"))
    for inputs, targets, weights in batches.of(1):
        model.train_on_batch(inputs, targets, weights)


def test_what_is_sent_is_counted_by_the_network_and_who_took_part(tmp_path):
    # 5 x 6 + 6 numbers of the hidden layer, 6 x 3 + 3 of the last one.
    parts = weights_of_parts(network())
    assert (parts.body, parts.last_layer, parts.bytes_a_number) == (36, 21, 4)
    clients = [rows(8, 1), rows(5, 2), rows(6, 3), rows(4, 4)]
    _, told = train(clients, tmp_path, how={"share": 0.5})
    assert told.history["clients"].tolist() == [2] * 3
    assert told.history["numbers_down"].tolist() == told.history["numbers_up"].tolist() == [2 * 57] * 3
    (tmp_path / "own").mkdir()
    _, own = train(clients, tmp_path / "own", how={"personal": "last_layer"})
    # The first last layer of a client comes from the server, and no later one.
    assert own.history["numbers_down"].tolist() == [4 * 57, 4 * 36, 4 * 36]
    assert own.history["numbers_up"].tolist() == [4 * 57] * 3


def test_a_loss_that_is_no_number_ends_the_training_with_advice(tmp_path):
    wild = settings(optimizer={"name": "sgd", "learning_rate": 1e30})
    with pytest.raises(UserError, match=r"diverged(.|\n)*learning_rate"):
        train([rows(8, 1), rows(5, 2)], tmp_path, wild)


@pytest.mark.parametrize("loss", list(OUTPUTS))
def test_arithmetic_is_not_sent_and_the_last_layer_is_what_learns_behind_the_embedding(loss):
    model = ending_in(network(), loss, K, 0)
    parts = weights_of_parts(model)
    assert [one.size for one in model.get_weights()] == parts.sizes.tolist()
    learns = {id(one) for one in model.trainable_variables}
    assert parts.sent.tolist() == [id(one) in learns for one in model.weights]
    assert parts.body == 36
    assert parts.last_layer > 0


@pytest.mark.slow
@pytest.mark.parametrize("kind", [name for name, head in HEADS.items() if head.layers])
def test_every_head_of_keras_has_a_last_layer_and_sends_the_averages_of_its_normalisation(kind, tmp_path):
    head = HEADS[kind]
    shape = (2, D) if head.reads != "window" else (2, 4, D)
    data = Rows(lambda at: np.zeros((len(at), *shape[1:]), np.float32), np.array([0, 1]), np.ones(2, np.float32))
    training = HeadTraining(K, D, 4, settings(epochs=1, batch=2), SEED, tmp_path / "c.npz", kind)
    model = head.fit(head.Settings(kind=kind), training, data, data).parts()["model"]
    parts = weights_of_parts(model)
    assert [one.size for one in model.get_weights()] == parts.sizes.tolist()
    assert parts.last_layer == int(np.sum([one.size for one in model.get_layer("logits").get_weights()]))
    fixed = [layer for layer in model.layers if layer.weights and not layer.trainable]  # arithmetic, such as places
    assert all("place" in layer.name or "position" in layer.name for layer in fixed), fixed
    assert parts.body + parts.last_layer == model.count_params() - sum(layer.count_params() for layer in fixed)
