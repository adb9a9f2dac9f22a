"""Sizes that are told from a configuration alone are those of Keras, and what is too large is never built."""

import copy
import json
import math
import time

import pytest

from transferpain.models.bundles import sizes
from transferpain.models.bundles.guard import LAYERS, check_config
from transferpain.models.bundles.sizes import RULES, Cost, Refused, check_sizes, measure


def tensor(name: str, *shape: int, node: int = 0) -> dict:
    return {"class_name": "__keras_tensor__", "config": {"shape": [None, *shape], "keras_history": [name, node, 0]}}


def layer(kind: str, name: str, reads: list, **settings: object) -> dict:
    return {
        "class_name": kind,
        "name": name,
        "config": settings,
        "inbound_nodes": [{"args": reads, "kwargs": {}}],
    }


def network(*layers: dict, shape: tuple = (4,), output: str | None = None) -> dict:
    """Return the configuration of a model whose input `x` has this shape."""
    entry = {"class_name": "InputLayer", "name": "x", "config": {"batch_shape": [None, *shape]}, "inbound_nodes": []}
    ends = {"input_layers": [["x", 0, 0]], "output_layers": [[output or (layers[-1]["name"] if layers else "x"), 0, 0]]}
    return {"class_name": "Functional", "config": {"layers": [entry, *layers], **ends}}


CONV = {"kernel_size": [3, 3], "strides": [1, 1], "padding": "same", "filters": 8}
X = [tensor("x")]


def test_every_layer_that_the_guard_lets_through_has_a_rule():
    assert set(RULES) | {"InputLayer"} >= LAYERS


@pytest.mark.parametrize(
    ("config", "cost"),
    [
        (network(layer("Dense", "a", X, units=3)), Cost(4 * 3 + 3, 4 + 3, 4 * 3)),
        (network(layer("Conv2D", "a", X, **CONV), shape=(5, 5, 3)), Cost(9 * 3 * 8 + 8, 75 + 200, 25 * 9 * 3 * 8)),
        (
            network(layer("Conv2D", "a", X, **CONV | {"padding": "valid", "strides": [2, 2]}), shape=(5, 5, 3)),
            Cost(9 * 3 * 8 + 8, 75 + 4 * 8, 4 * 9 * 3 * 8),
        ),
        (
            network(layer("LSTM", "a", X, units=2), shape=(7, 3)),
            Cost(4 * 2 * (3 + 2 + 1), 21 + 7 * 8 + 2, 7 * 4 * 2 * 5),
        ),
        (
            network(layer("Dense", "a", X, units=3), shape=(None, 4)),
            Cost(15, 4 * sizes.ANY + 3 * sizes.ANY, 12 * sizes.ANY),
        ),
    ],
    ids=["dense", "convolution", "steps", "lstm", "any frames"],
)
def test_a_layer_costs_what_it_computes(config, cost):
    assert measure(config) == cost


def test_a_layer_that_is_used_twice_costs_twice():
    twice = layer("Dense", "a", X, units=4)
    twice["inbound_nodes"].append({"args": [tensor("a")], "kwargs": {}})
    assert measure(network(twice)).products == 2 * 16


MANY = 10**9
ORTHOGONAL = {"class_name": "Orthogonal"}
HUGE = {"class_name": "Dense", "config": {"units": MANY}}
WIDE = CONV | {"filters": 200, "kernel_size": [64, 64]}


@pytest.mark.parametrize(
    ("config", "reason"),
    [
        (network(layer("Dense", "a", X, units=MANY)), "parameters"),
        (network(layer("Dense", "a", X, units=10**30)), "parameters"),
        (network(layer("LSTM", "a", X, units=2001), shape=(2, 2)), "1.6e\\+07 orthogonal weights"),
        (network(layer("GRU", "a", X, units=2310), shape=(2, 2)), "1.6e\\+07 orthogonal weights"),
        (network(layer("Dense", "a", X, units=5000, kernel_initializer=ORTHOGONAL), shape=(5000,)), "orthogonal"),
        (network(layer("MultiHeadAttention", "a", X * 2, num_heads=MANY, key_dim=MANY), shape=(2, 2)), "parameters"),
        (network(layer("Conv2D", "a", X, **CONV | {"kernel_size": [MANY, 1]}), shape=(9, 9, 3)), "parameters"),
        (network(layer("TimeDistributed", "a", X, layer=HUGE), shape=(2, 2)), "parameters"),
        (network(shape=(100_000, 100_000, 3)), "activations"),
        (network(layer("Conv2D", "a", X, **CONV), shape=(30_000, 30_000, 1)), "activations"),
        (network(layer("MultiHeadAttention", "a", X * 2, num_heads=1, key_dim=1), shape=(40_000, 1)), "activations"),
        (network(layer("Add", "a", [[tensor("x"), tensor("b")]]), shape=(1, MANY)), "no earlier layer"),
        (network(layer("Conv2D", "a", X, **WIDE), shape=(999, 999, 64)), "products"),
        (network(*[layer("Dense", f"a{one}", X, units=1) for one in range(sizes.MOST_LAYERS)]), "list of up to"),
    ],
)  # fmt: skip
def test_a_network_that_is_too_large_is_refused_at_once(config, reason):
    begun = time.process_time()
    with pytest.raises(Refused, match=reason):
        check_sizes(measure(config))
    assert time.process_time() - begun < 1


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        ("Dense", {"units": 0}),
        ("Dense", {"units": -3}),
        ("Dense", {"units": 2.5}),
        ("Dense", {"units": True}),
        ("Dense", {}),
        ("Conv2D", CONV),
        ("LSTM", {"units": 2}),
        ("Dropout", {"noise_shape": [MANY]}),
        ("BatchNormalization", {"axis": -1, "renorm": True}),
        ("Lambda", {}),
        ("Functional", {}),
        ("TimeDistributed", {"layer": None}),
        ("Bidirectional", {"layer": []}),
        ("MultiHeadAttention", {"num_heads": 1, "key_dim": 1}),
    ],
)
def test_a_layer_whose_size_no_rule_tells_is_refused(kind, settings):
    with pytest.raises(Refused):
        measure(network(layer(kind, "a", X, **settings)))


def masked(kind: str, reads: list, *mask: int, key: str = "mask", **settings: object) -> dict:
    """Return a network of one layer on `x`, `(6, 4)`, that reads another input of the network as its mask."""
    config = network(layer(kind, "a", reads, **settings), shape=(6, 4))
    entry = {"class_name": "InputLayer", "name": "m", "config": {"batch_shape": [None, *mask]}, "inbound_nodes": []}
    config["config"]["layers"].insert(1, entry)
    config["config"]["layers"][2]["inbound_nodes"][0]["kwargs"] = {key: tensor("m")}
    return config


ATTENTION = {"num_heads": 1, "key_dim": 2}


def test_a_mask_says_one_thing_of_each_frame_that_is_read():
    measure(masked("GRU", X, 6, units=2))
    measure(masked("MultiHeadAttention", X * 2, 6, key="value_mask", **ATTENTION))
    for shape in [(7,), (6, 5), (1, 6), (6, 4, 9)]:
        with pytest.raises(Refused, match="with a mask"):
            measure(masked("GRU", X, *shape, units=2))
        with pytest.raises(Refused, match="with a mask"):
            measure(masked("MultiHeadAttention", X * 2, *shape, key="value_mask", **ATTENTION))
    with pytest.raises(Refused, match="reads attention_mask beside"):
        measure(masked("MultiHeadAttention", X * 2, 6, key="attention_mask", **ATTENTION))


def changed(change) -> dict:
    config = copy.deepcopy(network(layer("Dense", "a", X, units=3)))
    change(config["config"])
    return config


@pytest.mark.parametrize(
    "change",
    [
        lambda parts: parts.update(layers={"a": {}}),
        lambda parts: parts.update(layers=[None]),
        lambda parts: parts.update(layers=[[]]),
        lambda parts: parts.update(output_layers=[["nothing", 0, 0]]),
        lambda parts: parts.update(output_layers=[]),
        lambda parts: parts.update(output_layers=None),
        lambda parts: parts.update(input_layers={"x": 0}),
        lambda parts: parts["layers"].append(parts["layers"][0]),
        lambda parts: parts["layers"][0]["config"].update(batch_shape=None),
        lambda parts: parts["layers"][0]["config"].update(batch_shape=[None, "4"]),
        lambda parts: parts["layers"][1].update(config=[]),
        lambda parts: parts["layers"][1].update(inbound_nodes=[]),
        lambda parts: parts["layers"][1].update(inbound_nodes=[None]),
        lambda parts: parts["layers"][1]["inbound_nodes"][0].update(args=[]),
        lambda parts: parts["layers"][1]["inbound_nodes"][0].update(kwargs={"training": tensor("x")}),
        lambda parts: parts["layers"][1]["inbound_nodes"][0].update(args=[tensor("a")]),
    ],
)
def test_a_model_that_is_put_together_wrongly_is_refused(change):
    with pytest.raises(Refused):
        measure(changed(change))


def test_the_guard_asks_for_the_size():
    config = network(shape=(100_000, 100_000, 3)) | {"module": "keras.src.models.functional"}
    config["registered_name"] = "Functional"
    config["config"]["layers"][0] |= {"module": "keras.layers", "registered_name": None}
    with pytest.raises(Refused, match="activations"):
        check_config(config)


@pytest.mark.slow
def test_sizes_of_the_projects_networks_are_those_of_keras():
    import keras

    from transferpain.networks.backbones.registry import BACKBONES
    from transferpain.networks.backbones.vgg16 import build_vgg16_gap
    from transferpain.networks.heads.ann import build_ann
    from transferpain.networks.heads.lstm import build_lstm
    from transferpain.strategies.fused.network import build_fusion, build_landmark_branch
    from transferpain.strategies.fused.settings import MOST_JOINED, FusionSettings

    models = [one.build(max(64, one.min_size), classes=2, seed=0) for one in BACKBONES.values()]
    models += [build_ann(8, 2, 0), build_lstm(4, 8, 2, 0, masked=True), build_lstm(4, 8, 2, 0)]
    models += [build_landmark_branch(FusionSettings(axis=axis, frames=2), 2, 0) for axis in ("time", "points")]
    for fusion in ("dense", "bilstm"):
        models.append(build_fusion(build_vgg16_gap(32, 2, embedding=8), FusionSettings(fusion=fusion, frames=2), 2, 0))
    largest = FusionSettings(fusion="bilstm", frames=MOST_JOINED)
    models.append(build_fusion(build_vgg16_gap(224, 7), largest, 7, 0))
    for model in models:
        cost = measure(json.loads(json.dumps(keras.saving.serialize_keras_object(model))))
        kept = sum(math.prod(layer.output.shape[1:]) for layer in model.layers)
        assert cost.parameters == model.count_params()
        assert kept <= cost.activations
        check_sizes(cost)
