"""Hostile bundles whose manifests are correct: integrity is not harmlessness."""

import json
import pickle
import shutil

import keras
import pytest

from tests.models.bundles.bundles import Evil, assert_refused, change_config, change_members, vouch_again
from transferpain.core.errors import UserError
from transferpain.models.bundles.bundle import read_bundle, save_bundle
from transferpain.models.bundles.guard import LAYERS
from transferpain.networks.backbones.vgg16 import build_vgg16_gap
from transferpain.networks.heads.ann import build_ann
from transferpain.networks.heads.lstm import build_lstm
from transferpain.strategies.fused.network import build_fusion, build_landmark_branch
from transferpain.strategies.fused.settings import FusionSettings


@pytest.fixture(scope="module")
def branch(tmp_path_factory):
    """A bundle whose model has layers that hold others."""
    folder = tmp_path_factory.mktemp("branch") / "bundle"
    model = build_landmark_branch(FusionSettings(axis="points"), 2, 0)
    save_bundle(folder, model, {}, ("a", "b"), {"synthetic": True})
    return folder


@pytest.mark.parametrize(
    "model",
    [
        lambda: build_ann(8, 2, 0),
        lambda: build_lstm(4, 8, 2, 0, masked=True),
        lambda: build_lstm(4, 8, 2, 0),
        lambda: build_landmark_branch(FusionSettings(frames=2), 2, 0),
        pytest.param(
            lambda: build_fusion(build_vgg16_gap(32, 2, embedding=8), FusionSettings(fusion="bilstm", frames=2), 2, 0),
            marks=pytest.mark.slow,
        ),
    ],
    ids=["ann", "masked lstm", "lstm", "landmarks", "fused"],
)
def test_every_network_of_the_project_passes(model, tmp_path):
    """Of backbones their contract says so."""
    save_bundle(tmp_path / "bundle", model(), {}, ("a", "b"), {"synthetic": True})
    assert len(read_bundle(tmp_path / "bundle").labels) == 2


def test_only_the_layers_of_the_projects_networks_pass():
    assert sorted(LAYERS) == [
        "Activation",
        "Add",
        "AveragePooling2D",
        "BatchNormalization",
        "Bidirectional",
        "Concatenate",
        "Conv1D",
        "Conv2D",
        "Conv3D",
        "Cropping2D",
        "Dense",
        "DepthwiseConv2D",
        "Dot",
        "Dropout",
        "EinsumDense",
        "GRU",
        "GlobalAveragePooling1D",
        "GlobalAveragePooling2D",
        "GlobalMaxPooling1D",
        "InputLayer",
        "LSTM",
        "LayerNormalization",
        "Masking",
        "MaxPooling1D",
        "MaxPooling2D",
        "MaxPooling3D",
        "MultiHeadAttention",
        "Multiply",
        "PReLU",
        "Permute",
        "ReLU",
        "Rescaling",
        "Reshape",
        "Softmax",
        "SpatialDropout1D",
        "Subtract",
        "TimeDistributed",
        "ZeroPadding2D",
    ]


def named(module: str | None, name: str, **config: object) -> dict:
    return {"module": module, "class_name": name, "registered_name": None, "config": config}


@pytest.mark.parametrize("layer", ["landmark_lstm", "landmark_attention"])
@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"layer": named("keras.layers", "Lambda")}, "Lambda"),
        ({"backward_layer": {"class_name": "LSTM", "config": {}}}, "None.LSTM"),
        ({"layer": named("keras.layers", "TimeDistributed", layer=named("os", "system"))}, "os.system"),
        ({"kernel_initializer": "Custom>evil"}, "kernel_initializer"),
        ({"bias_constraint": named("os", "system")}, "constraint"),
        ({"activity_regularizer": "Custom>evil"}, "activity_regularizer"),
    ],
)
def test_code_inside_a_layer_that_holds_others_is_refused(branch, tmp_path, layer, change, reason):
    bundle = shutil.copytree(branch, tmp_path / "bundle")

    def plant(config):
        (found,) = [part for part in config["config"]["layers"] if part["name"] == layer]
        found["config"].update(change)

    change_config(bundle, plant)
    assert_refused(bundle, reason)


def test_a_name_in_place_of_an_inner_layer_is_no_model(branch, tmp_path):
    bundle = shutil.copytree(branch, tmp_path / "bundle")

    def plant(config):
        (found,) = [part for part in config["config"]["layers"] if part["name"] == "landmark_lstm"]
        found["config"]["layer"] = "Custom>evil"

    change_config(bundle, plant)
    assert_refused(bundle, "a layer None")


def test_a_layer_with_a_penalty_on_its_weights_passes(tmp_path):
    features = keras.Input((4,))
    outputs = keras.layers.Dense(2, kernel_regularizer=keras.regularizers.L2(0.1), name="logits")(features)
    save_bundle(tmp_path / "bundle", keras.Model(features, outputs), {}, ("a", "b"), {"synthetic": True})
    assert read_bundle(tmp_path / "bundle").model.count_params() == 10


def test_a_lambda_layer_is_refused(bundle):
    features = keras.Input((4,))
    outputs = keras.layers.Lambda(lambda x: x[:, :2], output_shape=(2,), name="innocent")(features)
    keras.Model(features, outputs).save(bundle / "model.keras")
    vouch_again(bundle)
    assert_refused(bundle, "keras.layers.Lambda .* in innocent")


@pytest.mark.parametrize(
    ("module", "name", "registered"),
    [
        ("keras.layers", "TFSMLayer", None),
        ("keras.layers", "TorchModuleWrapper", None),
        ("keras.layers", "StringLookup", None),
        ("keras.layers", "TextVectorization", None),
        ("keras.layers", "Dense", "Custom>Dense"),
        ("keras.src.layers.core.dense", "Dense", None),
        ("builtins", "eval", None),
        ("os", "system", None),
        ("transferpain.models.sources.source", "Source", None),
        (None, "Dense", None),
        ("keras.layers", ["Dense"], None),
        ("keras.src.models.functional", "function", "Functional"),
    ],
)
def test_a_class_that_is_not_on_the_list_is_refused(bundle, module, name, registered):
    def change(config):
        config["config"]["layers"][1] |= {"module": module, "class_name": name, "registered_name": registered}

    change_config(bundle, change)
    assert_refused(bundle, "in hidden, which is not on the list")


@pytest.mark.parametrize(
    "activation",
    ["leaky_relu", "Custom>evil", None, {"module": "builtins", "class_name": "function", "config": "print"}],
)
def test_an_activation_that_is_not_on_the_list_is_refused(bundle, activation):
    change_config(bundle, lambda config: config["config"]["layers"][1]["config"].update(activation=activation))
    assert_refused(bundle, "the activation .* in hidden")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("kernel_initializer", "Custom>evil"),
        ("kernel_initializer", {"module": "os", "class_name": "system", "config": {}, "registered_name": None}),
        ("kernel_regularizer", {"class_name": "L2", "config": {}}),
        ("kernel_regularizer", "Custom>evil"),
        ("bias_constraint", "max_norm"),
        ("quantization_config", {"mode": "int8"}),
        ("anything", {"class_name": "__lambda__", "config": {"value": "4wAA"}}),
        ("anything", [{"registered_name": "Custom>evil"}]),
    ],
)
def test_code_beside_the_layers_is_refused(bundle, key, value):
    change_config(bundle, lambda config: config["config"]["layers"][1]["config"].update({key: value}))
    assert_refused(bundle, "in hidden")


def test_a_compiled_model_is_refused(bundle):
    change_config(bundle, lambda config: config.update(compile_config={"optimizer": "adam"}))
    assert_refused(bundle, "compile_config")


@pytest.mark.parametrize("config", ["[]", "null", '{"class_name": "Sequential"}', "{", "[" * 100_000])
def test_a_configuration_that_is_no_functional_model_is_refused(bundle, config):
    change_members(bundle / "model.keras", lambda members: members.update({"config.json": config.encode()}))
    vouch_again(bundle)
    assert_refused(bundle, "")


def test_a_pickle_in_disguise_is_refused(bundle):
    (bundle / "model.keras").write_bytes(pickle.dumps(Evil()))
    vouch_again(bundle)
    assert_refused(bundle, "not a zip file")


def test_what_the_list_allows_still_has_to_be_a_model(bundle):
    change_config(bundle, lambda config: config["config"]["layers"].pop(1))
    assert_refused(bundle, "no earlier layer gives")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (
            lambda parts: parts["layers"][1]["config"].update(units=10**9) or parts["layers"][2].pop("build_config"),
            "7e\\+09 parameters",
        ),
        (lambda parts: parts["layers"][1]["config"].update(dtype="complex64"), "the dtype complex64 in hidden"),
        (lambda parts: parts["layers"][1]["config"]["dtype"]["config"].update(name="float64"), "the dtype .*float64"),
        (lambda parts: parts["layers"][1]["config"].update(dtype=None), "the dtype None"),
        (lambda parts: parts.update(layers={"hidden": {}}), "without a list"),
        (lambda parts: parts.update(output_layers=[["nothing", 0, 0]]), "which no layer gives"),
        (lambda parts: parts.update(output_layers=None), "output_layers None"),
        (
            lambda parts: (
                parts["layers"][0]["config"].update(batch_shape=[None, 10**10])
                or parts["layers"][1].pop("build_config")
            ),
            "3e\\+10 parameters",
        ),
        (
            lambda parts: parts["layers"][1].update(build_config={"input_shape": [None, 10**9]}),
            "a layer Dense that reads .*, and is to be built for .None, 1000000000.",
        ),
        (
            lambda parts: parts["layers"][1].update(build_config={"shapes_dict": {"any": [[None, 4], [None, "4"]]}}),
            "is to be built for .None, '4'.",
        ),
        (lambda parts: parts["layers"][1]["config"].update(lora_rank=10**9), "lora_rank 1000000000, not None"),
        (
            lambda parts: [layer.update(shared_object_id=99) for layer in parts["layers"]],
            "two different objects of the number",
        ),
        (
            lambda parts: parts["layers"][2]["config"].update(
                dtype=parts["layers"][2]["config"]["dtype"] | {"shared_object_id": None},
                kernel_initializer=named("keras.initializers", "Zeros") | {"shared_object_id": None},
            ),
            "two different objects of the number None",
        ),
    ],
)
def test_what_is_too_large_or_put_together_wrongly_is_never_built(bundle, change, reason):
    change_config(bundle, lambda config: change(config["config"]))
    assert_refused(bundle, reason)


@pytest.mark.parametrize("opening", [b"[", b'{"config":'])
def test_a_configuration_that_nests_without_end_is_refused(bundle, opening):
    change_members(bundle / "model.keras", lambda members: members.update({"config.json": opening * 100_000}))
    vouch_again(bundle)
    assert_refused(bundle, "nest more than 100 deep")


def test_weights_of_another_shape_are_refused(bundle):
    def widen(config):
        _, hidden, logits, *_ = config["config"]["layers"]
        hidden["config"].update(units=7)
        logits.pop("build_config")

    change_config(bundle, widen)
    with pytest.raises(UserError, match="Keras cannot load"):
        read_bundle(bundle)


def test_nothing_of_a_hostile_model_is_run(bundle, capfd):
    features = keras.Input((4,))
    outputs = keras.layers.Lambda(lambda x: print("code runs") or x[:, :2], output_shape=(2,))(features)
    keras.Model(features, outputs).save(bundle / "model.keras")
    capfd.readouterr()
    vouch_again(bundle)
    assert_refused(bundle, "Lambda")
    assert "code runs" not in capfd.readouterr().out
    assert json.loads((bundle / "manifest.json").read_text())["files"]["model.keras"]["size"] > 0
