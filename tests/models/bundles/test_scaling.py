import json
import zipfile
from pathlib import Path
from typing import get_args

import keras
import numpy as np
import pytest

from tests.models.bundles.bundles import LABELS, PREPROCESSING, as_former, change_config, save_small, small_model
from transferpain.core.errors import UserError
from transferpain.models.bundles.bundle import extend_bundle, read_bundle, save_bundle
from transferpain.models.bundles.manifest import FORMAT, SCALED_OUTSIDE, load_manifest, manifest_hash, read_contents
from transferpain.models.bundles.scaling import check_scaling, with_scaling, without_scaling
from transferpain.models.bundles.sizes import Refused
from transferpain.models.bundles.verify import verify_model
from transferpain.models.sources.preprocessing import Preprocessing, scale_pixels
from transferpain.networks.backbones.surgery import classifier, with_dtype

SCALINGS = get_args(Preprocessing.model_fields["scaling"].annotation)
SIZE = 16
PIXELS = np.random.default_rng(0).integers(0, 256, (4, SIZE, SIZE, 3), dtype=np.uint8)
# As far as one rounding of a scaled pixel carries: it is multiplied here, and divided in training.
ROUNDING = 1e-5


def picture_network() -> keras.Model:
    images = keras.Input((SIZE, SIZE, 3), name="images")
    maps = keras.layers.Conv2D(4, 3, kernel_initializer=keras.initializers.HeNormal(seed=0), name="conv")(images)
    return keras.Model(images, classifier(maps, classes=2, embedding=8, seed=0), name="small")


def save_network(folder: Path, scaling: str) -> Path:
    save_bundle(folder, picture_network(), {"size": SIZE, "scaling": scaling}, LABELS, {"synthetic": True})
    return folder


def config_of(folder: Path) -> dict:
    with zipfile.ZipFile(folder / "model.keras") as archive:
        return json.loads(archive.read("config.json"))


@pytest.mark.parametrize("scaling", SCALINGS)
def test_without_the_toolkit_a_saved_network_is_right_for_pixels(scaling, tmp_path):
    folder = save_network(tmp_path / "bundle", scaling)
    expected = picture_network().predict(scale_pixels(PIXELS.astype(np.float32), scaling), verbose=0)
    plain = keras.models.load_model(folder / "model.keras")
    np.testing.assert_allclose(plain.predict(PIXELS, verbose=0), expected, atol=ROUNDING)
    np.testing.assert_allclose(read_bundle(folder).model.predict(PIXELS, verbose=0), expected, atol=ROUNDING)


@pytest.mark.parametrize("scaling", SCALINGS)
def test_the_layers_are_written_as_keras_writes_them(scaling, tmp_path):
    written = config_of(save_network(tmp_path / "bundle", scaling))["config"]["layers"]
    keras.models.load_model(tmp_path / "bundle" / "model.keras").save(tmp_path / "again.keras")
    with zipfile.ZipFile(tmp_path / "again.keras") as archive:
        again = json.loads(archive.read("config.json"))["config"]["layers"]
    conv = [layer["name"] for layer in written].index("conv")
    assert written[:conv] == again[:conv]
    assert written[conv]["inbound_nodes"] == again[conv]["inbound_nodes"]


@pytest.mark.parametrize("scaling", SCALINGS)
def test_a_bundle_of_the_former_layout_gets_the_layer_when_it_is_read(scaling, tmp_path):
    new, former = (save_network(tmp_path / name, scaling) for name in ("new", "former"))
    files = {path.name: path.read_bytes() for path in as_former(former).iterdir()}
    assert load_manifest(former)["format"] == SCALED_OUTSIDE
    read = read_bundle(former)
    np.testing.assert_array_equal(
        read.model.predict(PIXELS, verbose=0), read_bundle(new).model.predict(PIXELS, verbose=0)
    )
    assert {path.name: path.read_bytes() for path in former.iterdir()} == files


def test_to_be_trained_further_a_network_comes_without_the_layer(tmp_path):
    for folder in (save_network(tmp_path / "new", "caffe"), as_former(save_network(tmp_path / "former", "caffe"))):
        network = read_bundle(folder, scaled=True).model
        assert [layer.name for layer in network.layers] == [layer.name for layer in picture_network().layers]
        np.testing.assert_array_equal(network(PIXELS / np.float32(255)), picture_network()(PIXELS / np.float32(255)))


def test_in_bfloat16_pixels_are_scaled_in_float32(tmp_path):
    network = read_bundle(save_network(tmp_path / "bundle", "caffe")).model
    lowered = with_dtype(network, "bfloat16")
    dtypes = {layer.name: layer.compute_dtype for layer in lowered.layers}
    assert (dtypes["scaling"], dtypes["conv"], dtypes["probabilities"]) == ("float32", "bfloat16", "float32")
    np.testing.assert_allclose(lowered(PIXELS), network(PIXELS), atol=0.1)


def test_a_rewritten_bundle_is_of_this_layout_and_keeps_its_former_digest(tmp_path):
    former = as_former(save_network(tmp_path / "former", "symmetric"))
    extend_bundle(former, tmp_path / "more", {"metrics.json": b"{}"}, {})
    manifest = load_manifest(tmp_path / "more")
    assert (manifest["format"], manifest["original"]) == (FORMAT, manifest_hash(former))
    assert (tmp_path / "more" / "model.keras").read_bytes() == (
        save_network(tmp_path / "new", "symmetric") / "model.keras"
    ).read_bytes()


def test_a_network_that_reads_no_pictures_stays_as_it_is(tmp_path):
    folder = save_small(tmp_path / "head")
    assert "scaling" not in [layer["name"] for layer in config_of(folder)["config"]["layers"]]
    assert with_scaling(config_of(folder), PREPROCESSING["scaling"]) == config_of(folder)
    assert read_bundle(as_former(folder)).model.count_params() == small_model().count_params()


def test_a_head_may_have_a_layer_of_that_name(tmp_path):
    features = keras.Input((4,), name="features")
    model = keras.Model(features, keras.layers.Dense(2, "softmax", name="scaling")(features))
    save_bundle(tmp_path / "bundle", model, PREPROCESSING, LABELS, {"synthetic": True})
    for scaled in (False, True):
        assert read_bundle(tmp_path / "bundle", scaled).model.layers[-1].name == "scaling"


def other_scale(config: dict) -> None:
    config["config"]["layers"][1]["config"]["scale"] = 1.0


def off(config: dict) -> None:
    config["config"] = without_scaling(config)["config"]


@pytest.mark.parametrize("change", [other_scale, off])
def test_a_network_that_scales_otherwise_than_is_stated_is_refused(change, tmp_path):
    folder = save_network(tmp_path / "bundle", "unit")
    change_config(folder, change)
    with pytest.raises(UserError, match="takes other pictures than are stated"):
        read_bundle(folder)
    with pytest.raises(Refused, match="does not begin with a layer scaling"):
        check_scaling(config_of(folder), "unit")


def test_scaling_twice_an_unknown_one_and_two_pictures_are_refused(tmp_path):
    config = config_of(save_network(tmp_path / "bundle", "unit"))
    with pytest.raises(Refused, match="before it is put on"):
        with_scaling(config, "unit")
    with pytest.raises(Refused, match="the scaling inverted"):
        with_scaling(without_scaling(config), "inverted")
    two = without_scaling(config)
    two["config"]["layers"].append({**two["config"]["layers"][0], "name": "more"})
    with pytest.raises(Refused, match="2 inputs of pictures"):
        with_scaling(two, "unit")
    former = as_former(save_network(tmp_path / "former", "unit"))
    change_config(former, lambda config: config.update(with_scaling(config, "unit")))
    as_former_again = json.loads((former / "manifest.json").read_text())
    assert as_former_again["format"] == FORMAT
    with pytest.raises(ValueError, match="before it is put on"):
        save_bundle(tmp_path / "twice", read_bundle(former).model, {"scaling": "unit"}, LABELS, {"synthetic": True})


@pytest.mark.slow
@pytest.mark.parametrize("name", ["ferplus-resnet18", "ferplus-vgg16"])
def test_shipped_models_answer_pixels_as_they_answered_scaled_pictures(name):
    folder = Path("weights") / name
    contents = read_contents(folder)
    assert contents.manifest["format"] == SCALED_OUTSIDE
    scaled, pixels = read_bundle(contents, scaled=True), read_bundle(contents)
    size = pixels.preprocessing["size"]
    pictures = np.random.default_rng(0).integers(0, 256, (8, size, size, 3), dtype=np.uint8)
    expected = scaled.model.predict_on_batch(scale_pixels(pictures.astype(np.float32), "symmetric"))
    np.testing.assert_allclose(pixels.model.predict_on_batch(pictures), expected, atol=ROUNDING)
    assert all(line.good for line in verify_model(str(folder), None, rerun=False))
