"""Hostile bundles whose manifests are correct: integrity is not harmlessness."""

import io
import json
import pickle
import shutil
import struct
import zipfile

import h5py
import keras
import numpy as np
import pytest

from tests.models.bundles.bundles import change_config, change_members, save_small, vouch_again
from transferpain.core.errors import UserError
from transferpain.models.bundles.bundle import read_bundle, save_bundle
from transferpain.models.bundles.guard import LAYERS, check_list_of_members
from transferpain.models.bundles.manifest import read_manifest
from transferpain.models.bundles.sizes import Refused
from transferpain.networks.backbones.vgg16 import build_vgg16_gap
from transferpain.networks.heads.ann import build_ann
from transferpain.networks.heads.lstm import build_lstm
from transferpain.strategies.fused.network import build_fusion, build_landmark_branch
from transferpain.strategies.fused.settings import FusionSettings


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """The bundle of a small head; no test changes it."""
    return save_small(tmp_path_factory.mktemp("small") / "bundle")


@pytest.fixture
def bundle(small, tmp_path):
    """A copy of the small bundle that a test may change."""
    return shutil.copytree(small, tmp_path / "bundle")


@pytest.fixture(scope="module")
def branch(tmp_path_factory):
    """A bundle whose model has layers that hold others."""
    folder = tmp_path_factory.mktemp("branch") / "bundle"
    model = build_landmark_branch(FusionSettings(axis="points"), 2, 0)
    save_bundle(folder, model, {}, ("a", "b"), {"synthetic": True})
    return folder


def assert_refused(bundle, reason: str) -> None:
    """Assert that the manifest is correct and the model is refused all the same, with this reason."""
    read_manifest(bundle)
    with pytest.raises(UserError, match=f"is refused, and was not loaded[\\s\\S]*Received: .*{reason}"):
        read_bundle(bundle)


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
        "Conv2D",
        "Cropping2D",
        "Dense",
        "DepthwiseConv2D",
        "Dropout",
        "EinsumDense",
        "GlobalAveragePooling1D",
        "GlobalAveragePooling2D",
        "InputLayer",
        "LSTM",
        "LayerNormalization",
        "Masking",
        "MaxPooling2D",
        "MultiHeadAttention",
        "Multiply",
        "PReLU",
        "Permute",
        "ReLU",
        "Rescaling",
        "Reshape",
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


class Evil:
    def __reduce__(self):
        return print, ("code runs",)


def test_a_pickle_in_disguise_is_refused(bundle):
    (bundle / "model.keras").write_bytes(pickle.dumps(Evil()))
    vouch_again(bundle)
    assert_refused(bundle, "not a zip file")


def test_pickled_weights_are_refused(bundle):
    change_members(bundle / "model.keras", lambda members: members.update({"model.weights.h5": pickle.dumps(Evil())}))
    vouch_again(bundle)
    assert_refused(bundle, "")


@pytest.mark.parametrize("name", ["assets/vocabulary.txt", "../../evil", "/etc/passwd", "evil.py"])
def test_another_file_in_the_model_is_refused(bundle, name):
    change_members(bundle / "model.keras", lambda members: members.update({name: b"hello"}))
    vouch_again(bundle)
    assert_refused(bundle, "an archive of")


def test_a_file_that_stands_twice_in_the_model_is_refused(bundle):
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(bundle / "model.keras", "a") as archive:
        archive.writestr("config.json", "{}")
    vouch_again(bundle)
    assert_refused(bundle, "an archive of")


def test_a_compressed_model_is_refused(bundle):
    with zipfile.ZipFile(bundle / "model.keras") as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(bundle / "model.keras", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    vouch_again(bundle)
    assert_refused(bundle, "may expand to any size")


def plant_in_weights(bundle, plant) -> None:
    """Let `plant` edit the HDF5 file of the weights, and vouch for the result."""

    def edit(members):
        buffer = io.BytesIO(members["model.weights.h5"])
        with h5py.File(buffer, "r+") as file:
            plant(file)
        members["model.weights.h5"] = buffer.getvalue()

    change_members(bundle / "model.keras", edit)
    vouch_again(bundle)


def external_storage(file):
    file.create_dataset("evil", (4,), "f4", external=[("/etc/hostname", 0, h5py.h5f.UNLIMITED)])


def virtual(file):
    layout = h5py.VirtualLayout(shape=(4,), dtype="f4")
    layout[:] = h5py.VirtualSource("/etc/hostname", "data", shape=(4,))
    file.create_virtual_dataset("evil", layout)


@pytest.mark.parametrize(
    ("plant", "reason"),
    [
        (lambda file: file.update(evil=h5py.ExternalLink("/etc/hostname", "/")), "ExternalLink /evil"),
        (lambda file: file.update(evil=h5py.SoftLink("/layers")), "SoftLink /evil"),
        (lambda file: file["layers"].update(evil=file["/"]), "stands there twice"),
        (external_storage, "another file"),
        (virtual, "another file"),
        (lambda file: file.create_dataset("evil", data=np.array([b"text", b"x"], dtype=object)), "not numbers"),
        (lambda file: file.create_dataset("evil", (1 << 40,), "f4", chunks=(1024,)), "not stored as it is"),
        (lambda file: file.create_dataset("evil", data=np.zeros(9), compression="gzip"), "not stored as it is"),
        (lambda file: file.update(evil=np.dtype("f4")), "neither a group nor an array"),
    ],
    ids=["external link", "soft link", "loop", "external", "virtual", "strings", "hollow", "packed", "type"],
)
def test_weights_that_are_not_plain_numbers_in_the_file_are_refused(bundle, plant, reason):
    plant_in_weights(bundle, plant)
    assert_refused(bundle, reason)


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


def test_weights_of_many_groups_and_a_long_configuration_are_refused(bundle, monkeypatch):
    monkeypatch.setattr("transferpain.models.bundles.guard.MOST_ITEMS", 5)
    assert_refused(bundle, "more than 5 groups and arrays")
    monkeypatch.setattr("transferpain.models.bundles.guard.LARGEST_TEXT", 1000)
    assert_refused(bundle, r"config\.json of \d+ bytes, more than 1000")


def test_an_archive_with_an_endless_list_of_members_is_refused_before_the_list_is_read(bundle):
    content = bytearray((bundle / "model.keras").read_bytes())
    end = content.rindex(b"PK\x05\x06")
    content[end + 12 : end + 16] = (1 << 30).to_bytes(4, "little")
    (bundle / "model.keras").write_bytes(content)
    vouch_again(bundle)
    assert_refused(bundle, "a list of members of 1073741824 bytes")


@pytest.mark.parametrize("comment", [0, 1, 65_515, 65_535])
def test_the_form_for_large_archives_is_refused_behind_any_comment(comment):
    end64 = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, 1 << 40, 1 << 40, 1 << 40, 0)
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, 0, 1)
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 1, 1, 46, 0, comment) + b"x" * comment
    with pytest.raises(Refused, match="in the form for more than 4 GB"):
        check_list_of_members(io.BytesIO(end64 + locator + end))


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
