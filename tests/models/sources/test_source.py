import os
import socket
import subprocess
import sys

import keras
import numpy as np
import pytest

from transferpain.core.errors import UserError
from transferpain.models.bundles.bundle import save_bundle
from transferpain.models.sources.preprocessing import Preprocessing
from transferpain.models.sources.source import (
    embedder,
    imagenet_source,
    load_source,
    untrained_source,
)

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


@pytest.mark.parametrize("scaling", ["unit", "symmetric", "caffe"])
def test_the_embedder_scales_as_training_does(scaling):
    source = untrained_source("vgg16", Preprocessing(size=32, scaling=scaling), seed=0)
    pixels = FACES.astype(np.float32)
    by_hand = {
        "unit": pixels / 255,
        "symmetric": pixels / 127.5 - 1,
        "caffe": pixels[..., ::-1] - np.float32([103.939, 116.779, 123.68]),
    }[scaling]
    network = keras.Model(source.model.input, source.model.get_layer("embedding").output)
    received = embedder(source, "float32")(FACES)
    np.testing.assert_allclose(received, network(by_hand), rtol=1e-4, atol=1e-5)


def test_the_embedder_takes_bytes_and_floats_alike(resnet18):
    model = embedder(resnet18, "float32")
    received = model.predict(FACES, verbose=0)
    assert received.shape == (3, 1024)
    assert received.dtype == np.float32
    np.testing.assert_allclose(received, model.predict(FACES.astype(np.float32), verbose=0), rtol=1e-6)


def test_bfloat16_features_agree(resnet18):
    expected = np.asarray(embedder(resnet18, "float32")(FACES))
    received = embedder(resnet18, "bfloat16")(FACES)
    assert received.dtype == "float32"
    received = np.asarray(received)
    cosine = (expected * received).sum(1) / np.linalg.norm(expected, axis=1) / np.linalg.norm(received, axis=1)
    assert cosine.min() > 0.999


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


@pytest.mark.slow
def test_where_no_network_answers_the_missing_imagenet_file_and_its_folder_are_named(tmp_path):
    program = """
from transferpain.core.errors import UserError
from transferpain.models.sources import source
from transferpain.models.sources.preprocessing import Preprocessing
source.DOWNLOAD_PATIENCE_SECONDS = 0.2
try:
    source.imagenet_source("vgg16", Preprocessing(size=32, scaling="caffe"), seed=0)
except UserError as error:
    print(error)
"""
    with socket.create_server(("127.0.0.1", 0)) as silent:  # it lets everybody in, and says nothing
        proxy = f"http://127.0.0.1:{silent.getsockname()[1]}"
        environment = os.environ | {"KERAS_HOME": str(tmp_path), "https_proxy": proxy, "HTTPS_PROXY": proxy}
        done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True)
        silent.accept()[0].close()
        silent.setblocking(False)
        with pytest.raises(BlockingIOError):
            silent.accept()  # Keras' own download, which would wait for ever, was not begun
    assert done.returncode == 0, done.stderr
    file = tmp_path / "models" / "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5"
    assert f"Keras looks for {file}." in done.stdout
    assert f"put it into {file.parent}" in done.stdout
