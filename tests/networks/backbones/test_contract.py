"""What every backbone of the registry keeps to.

Each network is built once in a process, for the smallest pictures that it reads. What takes seconds for each - files,
number formats, larger pictures - is looked at for one of each family at least, and is marked as slow.
"""

import re
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path

import keras
import numpy as np
import pytest

from transferpain.core.errors import UserError
from transferpain.models.bundles.bundle import read_bundle, save_bundle
from transferpain.models.sources.origin import built_origin
from transferpain.models.sources.preprocessing import Preprocessing
from transferpain.networks.backbones.base import CLASSIFIER, Backbone
from transferpain.networks.backbones.registry import BACKBONES, DEFAULT
from transferpain.networks.backbones.surgery import with_classes, with_dtype

CLASSES = 3
SIZE = 96
BOUND_TO_THEIR_SIZE = ("shufflenet_v2", "vit_s16")
# Where Keras states hashes by name: its module, and the name there.
KERAS_MODULES = {
    "resnet50": ("resnet", "resnet50"),
    "resnet101": ("resnet", "resnet101"),
    "densenet121": ("densenet", ""),
    "efficientnet_b0": ("efficientnet", "b0"),
}
# To draw or to run their weights takes more than a second.
LARGE = ("vgg16", "vgg19", "resnet50", "resnet101", "densenet121", "inception_v3", "vit_s16")
# What is left of each family is looked at in every way; of the others that which depends on their own layers.
FAMILIES = ("vgg16", "resnet18", "densenet121", "inception_v3", "squeezenet", "mobilenet_v2", "shufflenet_v2")
FAMILIES += ("efficientnet_b0", "enet", "vit_s16")


def marked(names, slow) -> list:
    return [pytest.param(name, marks=[pytest.mark.slow] * (name in slow)) for name in names]


@pytest.fixture(scope="module", params=marked(BACKBONES, LARGE))
def backbone(request) -> Backbone:
    return BACKBONES[request.param]


@pytest.fixture(scope="module", params=marked(FAMILIES, FAMILIES))
def family(request) -> Backbone:
    return BACKBONES[request.param]


@cache
def smallest_of(name: str) -> keras.Model:
    """Whatever is drawn beside the seed of this network is drawn from another one than for those compared with it."""
    keras.utils.set_random_seed(99)
    return BACKBONES[name].build(BACKBONES[name].min_size, CLASSES, 0)


@pytest.fixture(scope="module", autouse=True)
def _forgotten() -> Iterator[None]:
    """Their weights take gigabytes, which no other file of tests is to be without."""
    yield
    smallest_of.cache_clear()
    answers_of.cache_clear()


@pytest.fixture(scope="module")
def model(backbone) -> keras.Model:
    return smallest_of(backbone.name)


@cache
def answers_of(name: str) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Return embedding and output for four pictures: of all together, and of the first alone before the other three."""
    model, images = smallest_of(name), pictures(4, BACKBONES[name].min_size)
    features = keras.Model(model.input, [model.get_layer("embedding").output, model.output])
    together, first, others = (features(part, training=False) for part in (images, images[:1], images[1:]))
    return list(map(np.asarray, together)), [np.concatenate(parts) for parts in zip(first, others, strict=True)]


@pytest.fixture(scope="module")
def larger(family) -> keras.Model:
    return family.build(SIZE, CLASSES, 0)


def pictures(count: int, size: int) -> np.ndarray:
    return np.random.default_rng(0).random((count, size, size, 3), dtype=np.float32)


def same_weights(first: keras.Model, second: keras.Model) -> list[bool]:
    """Tell of each kernel whether it is the same, bit for bit."""
    pairs = zip(first.weights, second.weights, strict=True)
    return [np.array_equal(one, other) for one, other in pairs if one.path.endswith("kernel")]


def check_answers(model: keras.Model, size: int) -> np.ndarray:
    answers = np.asarray(model(pictures(4, size), training=False))
    assert model.input_shape == (None, size, size, 3)
    assert answers.shape == (4, CLASSES)
    assert answers.dtype == np.float32
    assert np.isfinite(answers).all()
    np.testing.assert_allclose(answers.sum(axis=1), 1, rtol=1e-5)
    return answers


def test_it_answers_with_probabilities_and_twice_the_same(backbone, model):
    (_, once), _ = answers_of(backbone.name)
    np.testing.assert_array_equal(check_answers(model, backbone.min_size), once)


def test_it_answers_for_larger_pictures(family, larger):
    check_answers(larger, SIZE)


def test_it_does_not_mix_the_rows_of_a_batch(backbone):
    for received, expected in zip(*answers_of(backbone.name), strict=True):
        np.testing.assert_allclose(received, expected, rtol=1e-4, atol=1e-6 * max(1, np.abs(expected).max()))
        assert np.ptp(received, axis=0).max() > 1e-4


def test_its_features_survive_the_cache(backbone):
    """Features are kept in float16: what untrained networks answer is not rounded away in it."""
    (features, _), _ = answers_of(backbone.name)
    kept = features.astype(np.float16).astype(np.float32)
    assert np.isfinite(kept).all()
    assert np.abs(kept - features).max() < 1e-3 * features.max()


def test_its_weights_depend_on_the_seed_alone(family, larger):
    smallest = smallest_of(family.name)
    assert all(same_weights(smallest, larger))
    assert not any(same_weights(family.build(family.min_size, CLASSES, 1), smallest))


def test_it_passes_the_guard_and_comes_back_as_it_was(family, tmp_path):
    backbone, model = family, smallest_of(family.name)
    labels = tuple(map(str, range(CLASSES)))
    facts = {"synthetic": True, "backbone": backbone.name}
    save_bundle(tmp_path / "bundle", model, Preprocessing(size=backbone.min_size).model_dump(), labels, facts)
    bundle = read_bundle(tmp_path / "bundle", scaled=True)
    assert bundle.manifest["embedding_size"] == backbone.width
    (_, expected), _ = answers_of(backbone.name)
    np.testing.assert_array_equal(bundle.model(pictures(4, backbone.min_size), training=False), expected)


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


def test_it_can_be_cut_below_its_embedding(backbone, model):
    cut = with_classes(model, CLASSES, backbone.min_size, seed=0, feature_layer="gap")
    trunk = keras.Model(model.input, model.get_layer("gap").output)
    assert cut.count_params() == trunk.count_params() + CLASSES * (backbone.channels + 1)


def test_a_cut_that_it_has_not_is_refused(backbone, model):
    with pytest.raises(UserError, match=f"{model.name} cannot be cut at stage9") as caught:
        with_classes(model, CLASSES, backbone.min_size, seed=0, feature_layer="stage9")
    assert "embedding" in str(caught.value)
    assert "gap" in str(caught.value)


def test_it_is_taken_to_another_size_or_says_that_it_cannot(family):
    model, size = smallest_of(family.name), family.min_size + 2 * family.step
    if family.name in BOUND_TO_THEIR_SIZE:
        with pytest.raises(UserError, match="cannot be taken to pictures of another size"):
            with_classes(model, CLASSES, size, seed=0)
    else:
        check_answers(with_classes(model, CLASSES, size, seed=0), size)


def test_it_computes_in_bfloat16_as_well(family):
    (_, expected), _ = answers_of(family.name)
    model = with_dtype(smallest_of(family.name), "bfloat16")
    assert np.abs(np.asarray(model(pictures(4, family.min_size)[:2], training=False)) - expected[:2]).max() < 0.05


def test_it_is_trained_with_the_weights_that_it_has(backbone, model):
    """What serves training alone has no weights, and changes nothing that is answered."""
    trained = backbone.for_training(model)
    assert [weight.path for weight in trained.weights] == [weight.path for weight in model.weights]
    assert (trained is model) == (backbone.dropping is None)
    if trained is not model:
        (_, expected), _ = answers_of(backbone.name)
        np.testing.assert_allclose(trained(pictures(4, backbone.min_size), training=False), expected, atol=1e-6)


def test_pictures_that_are_too_small_are_refused(backbone):
    with pytest.raises(UserError, match=f"at least {backbone.min_size}x{backbone.min_size}") as caught:
        backbone.build(backbone.min_size - 1, CLASSES, 0)
    assert backbone.title in str(caught.value)


def test_pictures_that_do_not_fit_its_step_are_refused(backbone):
    if backbone.step > 1:
        with pytest.raises(UserError, match=f"multiple of {backbone.step} pixels"):
            backbone.build(backbone.min_size + 1, CLASSES, 0)


def test_imagenet_is_refused_where_keras_has_none(backbone):
    if backbone.imagenet is None:
        with pytest.raises(UserError, match=re.escape(f"Keras has none for {backbone.title}.")):
            built_origin("imagenet", backbone.name, Preprocessing(size=96))


def test_published_weights_state_the_scaling_that_they_were_trained_with(backbone):
    if backbone.imagenet is not None:
        assert Preprocessing(scaling=backbone.imagenet.scaling).scaling == backbone.imagenet.scaling


def test_published_weights_are_pinned_by_what_keras_states(backbone):
    if backbone.imagenet is not None:
        asset = backbone.imagenet.asset
        module, keras_key = KERAS_MODULES.get(backbone.name, (backbone.name, ""))
        text = (Path(keras.__file__).parent / "src" / "applications" / f"{module}.py").read_text(encoding="utf-8")
        assert re.search(rf'(file_hash=|"{keras_key}": \(\s+"\w{{32}}",\s+)"{asset.digest}"', text)
        assert asset.algorithm == "md5"
        assert asset.url.endswith(f"/{asset.file}")
        assert asset.name == f"imagenet-{backbone.name}"


def test_the_default_is_a_backbone():
    assert DEFAULT in BACKBONES
