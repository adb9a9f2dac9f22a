import hashlib
import socket
import stat
from dataclasses import replace

import keras
import numpy as np
import pytest

from transferpain.core.errors import NotHere, UserError
from transferpain.models.bundles.bundle import save_bundle
from transferpain.models.sources.preprocessing import Preprocessing
from transferpain.models.sources.source import (
    embedder,
    imagenet_source,
    load_source,
    untrained_source,
)
from transferpain.networks.backbones.registry import BACKBONES

FACES = np.random.default_rng(0).integers(0, 256, (3, 32, 32, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def resnet18():
    return untrained_source("resnet18", Preprocessing(size=32), seed=1)


def test_an_untrained_source_is_seeded(resnet18):
    again = untrained_source("resnet18", Preprocessing(size=32), seed=1)
    other = untrained_source("resnet18", Preprocessing(size=32), seed=2)
    assert resnet18.weights_hash == again.weights_hash != other.weights_hash
    assert resnet18.dimension == 1024
    assert not resnet18.synthetic


@pytest.fixture(scope="module")
def vgg16():
    return untrained_source("vgg16", Preprocessing(size=32), seed=0)


@pytest.mark.parametrize("scaling", ["unit", "symmetric", "caffe", "torch"])
def test_the_embedder_scales_as_training_does(vgg16, scaling):
    source = replace(vgg16, preprocessing=Preprocessing(size=32, scaling=scaling))
    pixels = FACES.astype(np.float32)
    by_hand = {
        "unit": pixels / 255,
        "symmetric": pixels / 127.5 - 1,
        "caffe": pixels[..., ::-1] - np.float32([103.939, 116.779, 123.68]),
        "torch": (pixels / 255 - np.float32([0.485, 0.456, 0.406])) / np.float32([0.229, 0.224, 0.225]),
    }[scaling]
    network = keras.Model(source.model.input, source.model.get_layer("embedding").output)
    received = embedder(source, "float32")(FACES)
    np.testing.assert_allclose(received, network(by_hand), rtol=1e-4, atol=1e-5)


def test_the_embedder_takes_bytes_and_floats_alike(resnet18):
    model = embedder(resnet18, "float32")
    received = np.asarray(model(FACES))
    assert received.shape == (3, 1024)
    assert received.dtype == np.float32
    np.testing.assert_allclose(received, model(FACES.astype(np.float32)), rtol=1e-6)


def test_bfloat16_features_agree(resnet18):
    expected = np.asarray(embedder(resnet18, "float32")(FACES))
    received = embedder(resnet18, "bfloat16")(FACES)
    assert received.dtype == "float32"
    received = np.asarray(received)
    cosine = (expected * received).sum(1) / np.linalg.norm(expected, axis=1) / np.linalg.norm(received, axis=1)
    assert cosine.min() > 0.999


@pytest.mark.slow
def test_a_bundle_becomes_the_same_source(resnet18, tmp_path):
    preprocessing = resnet18.preprocessing.model_dump()
    save_bundle(tmp_path / "pain", resnet18.model, preprocessing, ("none", "pain"), {"synthetic": True})
    source = load_source(tmp_path / "pain")
    assert source.name == "pain"
    assert source.synthetic
    assert source.classes == ("none", "pain")
    assert source.preprocessing == resnet18.preprocessing
    assert source.weights_hash == resnet18.weights_hash == source.manifest["weights_hash"]


def test_the_bundle_of_a_head_is_no_source(tmp_path):
    features = keras.Input((4,))
    head = keras.Model(features, keras.layers.Dense(2, name="logits")(features))
    save_bundle(tmp_path / "head", head, {}, ("a", "b"), {"synthetic": False})
    with pytest.raises(UserError, match="has a layer named `embedding`"):
        load_source(tmp_path / "head")


def test_imagenet_needs_its_own_scaling():
    with pytest.raises(UserError, match="the scaling is `caffe`"):
        imagenet_source("vgg16", Preprocessing(scaling="unit"), seed=0)


def test_where_no_network_answers_the_missing_imagenet_file_its_address_and_its_folder_are_named(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setenv("TRANSFERPAIN_ASSETS", str(tmp_path / "assets"))
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        proxy = f"http://127.0.0.1:{closed.getsockname()[1]}"
    for name in ("https_proxy", "HTTPS_PROXY"):
        monkeypatch.setenv(name, proxy)
    with pytest.raises(NotHere) as caught:
        imagenet_source("vgg16", Preprocessing(size=32, scaling="caffe"), seed=0)
    file = "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5"
    assert f"The file {file} is not on this machine" in str(caught.value)
    assert f"tensorflow/keras-applications/vgg16/{file} elsewhere and put it into {tmp_path / 'assets'}" in str(
        caught.value
    )


def test_another_file_in_keras_folder_is_not_read_as_imagenet(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setenv("TRANSFERPAIN_ASSETS", str(tmp_path / "assets"))
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:1")
    keras.applications.VGG16(include_top=False, weights=None).save_weights(tmp_path / "other.weights.h5")
    (tmp_path / "models").mkdir()
    (tmp_path / "other.weights.h5").rename(tmp_path / "models" / "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5")
    with pytest.raises(NotHere, match=r"Received: .*notop.h5 has .* in place of 58,889,256"):
        imagenet_source("vgg16", Preprocessing(size=32, scaling="caffe"), seed=0)


def test_imagenet_is_read_from_a_copy_of_the_bytes_that_were_checked(tmp_path, monkeypatch):
    monkeypatch.setenv("TRANSFERPAIN_ASSETS", str(tmp_path))
    content, seen = b"published weights", []
    digest = hashlib.sha256(content).hexdigest()
    vgg16 = BACKBONES["vgg16"]
    asset = replace(vgg16.imagenet.asset, bytes=len(content), algorithm="sha256", digest=digest, places=())
    (tmp_path / asset.file).write_bytes(content)

    def fill(model, path):
        seen.append((path, path.read_bytes(), stat.S_IMODE(path.parent.stat().st_mode)))
        return f"{model}, filled"

    weights = replace(vgg16.imagenet, asset=asset, fill=fill)
    small = replace(vgg16, imagenet=weights, network=lambda size, classes, seed: f"{size} {classes} {seed}")
    monkeypatch.setitem(BACKBONES._entries, "vgg16", small)
    assert imagenet_source("vgg16", Preprocessing(size=32, scaling="caffe"), seed=3).model == "32 2 3, filled"
    ((path, read, mode),) = seen
    assert (path.name, read, mode) == (asset.file, content, 0o700)
    assert path.parent != tmp_path
    assert not path.exists()
