"""What every backbone of the registry keeps to."""

import math
import re
from itertools import pairwise
from pathlib import Path

import keras
import numpy as np
import pytest

from transferpain.core.errors import UserError
from transferpain.models.bundles.bundle import read_bundle, save_bundle
from transferpain.models.sources.preprocessing import Preprocessing
from transferpain.networks.backbones.base import CLASSIFIER, Backbone
from transferpain.networks.backbones.registry import BACKBONES, DEFAULT
from transferpain.networks.backbones.surgery import with_classes

CLASSES = 3
SIZE = 64
REFERENCE_SIZE = 224


SLOW = ("vgg16",)  # its 15 million weights are drawn again and again


@pytest.fixture(
    scope="module", params=[pytest.param(name, marks=[pytest.mark.slow] * (name in SLOW)) for name in BACKBONES]
)
def backbone(request) -> Backbone:
    return BACKBONES[request.param]


@pytest.fixture(scope="module")
def model(backbone) -> keras.Model:
    return backbone.build(SIZE, CLASSES, 0)


@pytest.fixture(scope="module")
def smallest(backbone) -> keras.Model:
    """For the smallest pictures; whatever is drawn beside its seed is drawn from another one than for `model`."""
    keras.utils.set_random_seed(99)
    return backbone.build(backbone.min_size, CLASSES, 0)


def pictures(count: int, size: int) -> np.ndarray:
    return np.random.default_rng(0).random((count, size, size, 3), dtype=np.float32)


def same_weights(first: keras.Model, second: keras.Model) -> list[bool]:
    """Tell of each kernel whether it is the same, bit for bit."""
    pairs = zip(first.get_weights(), second.get_weights(), strict=True)
    return [np.array_equal(one, other) for one, other in pairs if one.ndim > 1]


def multiply_adds(model: keras.Model) -> int:
    """Count those of the convolutions and of the embedding, for one picture."""
    total = math.prod(model.get_layer("embedding").kernel.shape)
    for layer in model.layers:
        if isinstance(layer, keras.layers.Conv2D):
            total += math.prod(layer.kernel.shape) * math.prod(layer.output.shape[1:3])
    return total


def test_it_answers_with_probabilities_for_small_and_larger_pictures(backbone, model, smallest):
    for built, size in ((smallest, backbone.min_size), (model, SIZE)):
        answers = np.asarray(built(pictures(4, size), training=False))
        assert built.input_shape == (None, size, size, 3)
        assert answers.shape == (4, CLASSES)
        assert answers.dtype == np.float32
        assert np.isfinite(answers).all()
        np.testing.assert_allclose(answers.sum(axis=1), 1, rtol=1e-5)


def test_it_does_not_mix_the_rows_of_a_batch(model):
    images = pictures(4, SIZE)
    together = np.asarray(model(images, training=False))
    alone = np.concatenate([model(images[row : row + 1], training=False) for row in range(4)])
    np.testing.assert_allclose(together, alone, rtol=1e-4, atol=1e-6)
    assert np.ptp(together, axis=0).max() > 1e-4


def test_its_weights_depend_on_the_seed_alone(backbone, model, smallest):
    assert all(same_weights(smallest, model))
    assert not any(same_weights(backbone.build(backbone.min_size, CLASSES, 1), model))


def test_it_passes_the_guard_and_comes_back_as_it_was(backbone, model, tmp_path):
    labels = tuple(map(str, range(CLASSES)))
    facts = {"synthetic": True, "backbone": backbone.name}
    save_bundle(tmp_path / "bundle", model, Preprocessing(size=SIZE).model_dump(), labels, facts)
    bundle = read_bundle(tmp_path / "bundle", scaled=True)
    assert bundle.manifest["embedding_size"] == backbone.width
    images = pictures(2, SIZE)
    np.testing.assert_array_equal(bundle.model(images, training=False), model(images, training=False))


def test_it_is_made_of_the_layers_that_it_states(backbone, model):
    assert {type(layer).__name__ for layer in model.layers} == backbone.layers
    assert all(layer is getattr(keras.layers, layer.__name__) for layer in map(type, model.layers))


def test_every_layer_with_weights_belongs_to_one_block(backbone, model):
    for layer in model.layers:
        held = [block.name for block in backbone.blocks if block.holds(layer.name)]
        assert len(held) == 1 or (not layer.weights and not held), layer.name
    assert len({block.name for block in backbone.blocks}) == len(backbone.blocks)


def test_its_blocks_go_from_the_output_down(backbone, model):
    places = [
        [place for place, layer in enumerate(model.layers) if layer.weights and block.holds(layer.name)]
        for block in backbone.blocks
    ]
    assert backbone.blocks[0] == CLASSIFIER
    assert all(places)
    assert all(min(above) > max(below) for above, below in pairwise(places))


def test_its_facts_are_true(backbone, model):
    assert [layer.name for layer in model.layers][-4:] == ["gap", "embedding", "logits", "probabilities"]
    assert model.get_layer("embedding").output.shape == (None, backbone.width)
    assert model.get_layer("gap").output.shape == (None, backbone.channels)
    found = any(isinstance(layer, keras.layers.BatchNormalization) for layer in model.layers)
    assert found == backbone.normalizes
    assert multiply_adds(backbone.build(REFERENCE_SIZE, 2, 0)) == backbone.cost


def test_it_can_be_cut_below_its_embedding(backbone, model):
    cut = with_classes(model, CLASSES, SIZE, seed=0, feature_layer="gap")
    trunk = keras.Model(model.input, model.get_layer("gap").output)
    assert cut.count_params() == trunk.count_params() + CLASSES * (backbone.channels + 1)


def test_pictures_that_are_too_small_are_refused(backbone):
    with pytest.raises(UserError, match=f"at least {backbone.min_size}x{backbone.min_size}") as caught:
        backbone.build(backbone.min_size - 1, CLASSES, 0)
    assert backbone.title in str(caught.value)


def test_published_weights_state_the_scaling_that_they_were_trained_with(backbone):
    if backbone.imagenet is not None:
        assert Preprocessing(scaling=backbone.imagenet.scaling).scaling == backbone.imagenet.scaling


def test_published_weights_are_pinned_by_what_keras_states(backbone):
    if backbone.imagenet is not None:
        asset = backbone.imagenet.asset
        source = Path(keras.__file__).parent / "src" / "applications" / f"{backbone.name}.py"
        pin = rf'"{re.escape(asset.file)}",\s+\w+,\s+cache_subdir="models",\s+file_hash="{asset.digest}"'
        assert re.search(pin, source.read_text(encoding="utf-8"))
        assert asset.algorithm == "md5"
        assert asset.url.endswith(f"/{asset.file}")
        assert asset.name == f"imagenet-{backbone.name}"


def test_the_default_is_a_backbone():
    assert DEFAULT in BACKBONES
