"""Sizes of layers on frames are those of Keras, and settings under which they would not hold are refused."""

import json
import math

import keras
import pytest

from transferpain.models.bundles.size_checks import Cost, Refused
from transferpain.models.bundles.sizes import RULES, measure

layers = keras.layers
X = [(6, 4)]
CONV = {"filters": 3, "kernel_size": [2], "padding": "causal", "dilation_rate": [5], "strides": [1], "groups": 1}
POOL = {"pool_size": [3], "strides": [2], "padding": "valid", "data_format": "channels_last"}
DOT = {"axes": 1, "normalize": False}
EINSUM = {"equation": "btd,d->btd", "bias_axes": "td", "output_shape": [6, 4]}


@pytest.mark.parametrize(
    ("kind", "settings", "shapes", "shape", "cost"),
    [
        ("Conv1D", CONV, X, (6, 3), Cost(3 * (2 * 4 + 1), (6 + 5) * 4, 6 * 24)),
        ("Conv1D", CONV | {"padding": "valid"}, X, (1, 3), Cost(27, 44, 24)),
        ("MaxPooling1D", POOL, X, (2, 4), Cost(products=2 * 4 * 3)),
        ("MaxPooling1D", POOL | {"padding": "same"}, X, (3, 4), Cost(products=3 * 4 * 3)),
        ("GRU", {"units": 2}, X, (2,), Cost(3 * 2 * (4 + 2 + 2), 6 * 6, 6 * 36)),
        ("GRU", {"units": 2, "return_sequences": True, "use_bias": False}, X, (6, 2), Cost(36, 36, 216)),
        ("Dot", DOT, [(6, 4), (6,)], (4,), Cost(products=24)),
        ("EinsumDense", EINSUM, X, (6, 4), Cost(4 + 24, products=24)),
        ("Softmax", {"axis": -1}, [(6,)], (6,), Cost()),
        ("GlobalMaxPooling1D", {"data_format": "channels_last"}, X, (4,), Cost()),
    ],
)
def test_a_layer_costs_what_it_computes(kind, settings, shapes, shape, cost):
    assert RULES[kind](settings, shapes) == (shape, cost)


@pytest.mark.parametrize(
    "made",
    [
        lambda x: layers.Conv1D(5, 3, padding="causal", dilation_rate=2)(x),
        lambda x: layers.Conv1D(5, 2, dilation_rate=3)(x),
        lambda x: layers.Conv1D(5, 2, padding="same", use_bias=False)(x),
        lambda x: layers.Dense(3)(layers.MaxPooling1D(2, padding="same")(x)),
        lambda x: layers.Dense(3)(layers.MaxPooling1D(3, 2)(x)),
        lambda x: layers.GRU(5)(x),
        lambda x: layers.GRU(5, return_sequences=True)(x),
        lambda x: layers.Bidirectional(layers.LSTM(5, return_sequences=True), merge_mode="sum")(x),
        lambda x: layers.EinsumDense("btd,d->btd", (8, 4), bias_axes="td")(x),
        lambda x: layers.GlobalMaxPooling1D()(layers.SpatialDropout1D(0.1)(x)),
        lambda x: layers.Subtract()([x, layers.GlobalMaxPooling1D(keepdims=True)(x)]),
        lambda x: layers.Dot(axes=1)([x, layers.Softmax()(layers.Reshape((8,))(layers.Dense(1)(x)))]),
    ],
)
def test_sizes_are_those_of_keras(made):
    x = keras.Input((8, 4))
    model = keras.Model(x, made(x))
    cost = measure(json.loads(json.dumps(keras.saving.serialize_keras_object(model))))
    assert cost.parameters == model.count_params()
    assert cost.activations >= sum(math.prod(layer.output.shape[1:]) for layer in model.layers)


@pytest.mark.parametrize(
    ("kind", "settings", "shapes"),
    [
        ("Conv1D", CONV | {"dilation_rate": [513]}, X),
        ("Conv1D", CONV | {"dilation_rate": [0]}, X),
        ("Conv1D", CONV | {"kernel_size": [2, 2]}, X),
        ("Conv1D", CONV | {"kernel_size": None}, X),
        ("Conv1D", CONV | {"strides": [2]}, X),
        ("Conv1D", CONV | {"groups": 2}, X),
        ("MaxPooling1D", POOL | {"pool_size": [0]}, X),
        ("MaxPooling1D", POOL | {"strides": None}, X),
        ("MaxPooling1D", POOL | {"data_format": "channels_first"}, X),
        ("Conv1D", CONV | {"data_format": "channels_first"}, X),
        ("Conv1D", CONV, [(6, 4, 3)]),
        ("GRU", {"units": 2, "reset_after": False}, X),
        ("GRU", {"units": 2, "return_state": True}, X),
        ("GRU", {"units": 0}, X),
        ("GRU", {"units": 2}, [(4,)]),
        ("Bidirectional", {"layer": None, "merge_mode": "sum"}, X),
        ("Dot", DOT | {"axes": [1, 1]}, [(6, 4), (6,)]),
        ("Dot", DOT | {"axes": 2}, [(6, 4), (4,)]),
        ("Dot", DOT | {"normalize": True}, [(6, 4), (6,)]),
        ("Dot", DOT, [(6, 4), (5,)]),
        ("Dot", DOT, [(6, 4), (6, 9)]),
        ("Dot", DOT, X),
        ("EinsumDense", EINSUM | {"equation": "btd,dc->btc"}, X),
        ("EinsumDense", EINSUM | {"bias_axes": None}, X),
        ("EinsumDense", EINSUM | {"output_shape": [6, 5]}, X),
        ("EinsumDense", EINSUM, [(4,)]),
        ("Softmax", {"axis": [0, 1]}, X),
        ("Softmax", {"axis": 1}, X),
    ],
)
def test_settings_under_which_a_rule_would_not_hold_are_refused(kind, settings, shapes):
    with pytest.raises(Refused):
        RULES[kind](settings, shapes)


def test_two_directions_that_are_added_up_are_alike():
    def direction(units: int) -> dict:
        return {"class_name": "LSTM", "config": {"units": units, "return_sequences": True}}

    both = {"merge_mode": "sum", "layer": direction(3), "backward_layer": direction(3)}
    assert RULES["Bidirectional"](both, X)[0] == (6, 3)
    with pytest.raises(Refused, match="added up"):
        RULES["Bidirectional"](both | {"backward_layer": direction(2)}, X)
