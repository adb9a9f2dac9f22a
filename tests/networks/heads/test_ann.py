import numpy as np
import pytest

from transferpain.networks.heads.ann import build_ann


def trainable(model):
    return sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)


@pytest.mark.parametrize(
    ("hidden", "parameters"),
    [((1024, 128, 32), 1_185_027), ((128, 32), 135_427)],  # protocols 3
)
def test_parameter_count(hidden, parameters):
    model = build_ann(1024, 3, seed=0, hidden=hidden)
    assert model.count_params() == parameters
    assert trainable(model) == parameters


def test_answers_probabilities():
    answer = build_ann(8, 4, seed=0).predict(np.random.default_rng(0).normal(size=(5, 8)), verbose=0)
    assert answer.shape == (5, 4)
    assert answer.dtype == np.float32
    assert answer.sum(axis=1) == pytest.approx(np.ones(5), abs=1e-6)


def test_relu_and_dropout_between_the_dense_layers_only():
    layers = [(layer.name, layer.get_config()) for layer in build_ann(8, 3, seed=0).layers[1:]]
    names = [name for name, _ in layers]
    assert names == [
        "dense1", "dropout1", "dense2", "dropout2", "dense3", "dropout3", "logits", "probabilities",
    ]  # fmt: skip
    assert [config["rate"] for name, config in layers if "dropout" in name] == [0.3] * 3
    assert [config["activation"] for name, config in layers if "dense" in name] == ["relu"] * 3


def test_the_seed_sets_the_weights():
    first, same, other = (build_ann(8, 3, seed=seed).get_weights() for seed in (1, 1, 2))
    assert all(np.array_equal(a, b) for a, b in zip(first, same, strict=True))
    assert not np.array_equal(first[0], other[0])
