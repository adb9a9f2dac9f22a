"""What every clip network promises."""

import json

import keras
import numpy as np
import pytest
from pydantic import ValidationError

from tests.networks.clips.clips import FEW, FRAMES, SIZE, SMALL, TINY, build, noise, ordered, settings_of, shuffled
from transferpain.models.bundles.bundle import read_bundle, save_bundle
from transferpain.models.bundles.guard import ENTRIES
from transferpain.models.bundles.probe import make_probe
from transferpain.models.bundles.sizes import check_sizes, measure
from transferpain.networks.backbones.surgery import with_dtype
from transferpain.networks.clips.base import MOST_PIXELS
from transferpain.networks.clips.registry import CLIP_NETWORKS
from transferpain.networks.training.batches import array_batches, one_hot
from transferpain.networks.training.fit import fit
from transferpain.networks.training.settings import OptimizerSettings, TrainingSettings

LARGEST = {
    "cnn_3d": {"channels": (64, 256, 256, 256, 256)},
    "vivit": {"width": 256, "heads": 8, "spatial_blocks": 8, "temporal_blocks": 8, "tubelet": 1, "patch": 8},
}


@pytest.fixture(params=list(CLIP_NETWORKS))
def name(request) -> str:
    return request.param


def config_of(model: keras.Model) -> dict:
    return json.loads(json.dumps(keras.saving.serialize_keras_object(model)))


def test_every_clip_network_is_here():
    assert set(SMALL) == set(LARGEST) == set(CLIP_NETWORKS)
    assert set(CLIP_NETWORKS.values()) <= set(ENTRIES)


def test_it_answers_with_probabilities_whatever_else_is_in_the_batch(name):
    model, x = build(name, classes=3), noise(4)
    said = np.asarray(model(x))
    assert said.shape == (4, 3)
    np.testing.assert_allclose(said.sum(axis=1), 1, rtol=1e-5)
    other = x.copy()
    other[1:] = 0
    np.testing.assert_allclose(np.asarray(model(other))[0], said[0], atol=1e-5)
    np.testing.assert_array_equal(np.asarray(model(x)), said)


def test_the_seed_sets_the_weights_and_no_two_layers_begin_alike(name):
    first, same, other = (build(name, seed=seed) for seed in (1, 1, 2))
    drawn = []
    for one, again, another in zip(first.weights, same.weights, other.weights, strict=True):
        np.testing.assert_array_equal(one, again)
        if len(one.shape) > 1 and np.array(one).std() > 0:
            assert not np.array_equal(one, another), one.path
            drawn.append(tuple(np.array(one).ravel()[:6]))
    assert len(drawn) > 3
    assert len(set(drawn)) == len(drawn)


def test_it_is_made_of_the_layers_that_it_states(name):
    model = build(name)
    assert {type(layer).__name__ for layer in model.layers} == CLIP_NETWORKS[name].layers
    normalizes = any(isinstance(layer, keras.layers.BatchNormalization) for layer in model.layers)
    assert normalizes == CLIP_NETWORKS[name].normalizes


def test_its_size_is_told_from_its_configuration_and_its_cost_from_its_settings(name):
    model = build(name)
    cost = measure(config_of(model))
    check_sizes(cost)
    assert cost.parameters == model.count_params()
    assert cost.activations >= sum(np.prod(layer.output.shape[1:]) for layer in model.layers)
    # Poolings, positions and the output are counted by one alone.
    assert 0.95 < CLIP_NETWORKS[name].cost(settings_of(name), SIZE) / cost.products < 1


@pytest.mark.slow
def test_the_largest_settings_make_a_network_that_can_be_kept(name):
    """A training whose model is refused would be lost."""
    network = CLIP_NETWORKS[name]
    for frames, size in ((64, 112), (16, 224)):
        settings = network.Settings(
            kind=name, frames=frames, **LARGEST[name] | ({"patch": 16} if "patch" in LARGEST[name] else {})
        )
        assert frames * size * size == MOST_PIXELS
        network.check(settings, size)
        check_sizes(measure(config_of(network.build(settings, size, 7, 0))))


@pytest.mark.parametrize(
    "wrong", [{"frames": 1}, {"frames": 65}, {"dropout": 1.0}, {"order": "backwards"}, {"layers": 3}]
)
def test_settings_out_of_bounds_are_refused(name, wrong):
    with pytest.raises(ValidationError):
        settings_of(name, **wrong)


def test_more_pixels_than_can_be_kept_are_refused(name):
    with pytest.raises(ValueError, match=r"network.frames: 64 frames of 224x224"):
        CLIP_NETWORKS[name].check(settings_of(name, frames=64), 224)


def test_it_is_saved_through_the_guard_and_answers_alike(name, tmp_path):
    model, pixels = build(name), (255 * noise(2)).astype(np.float32)
    facts = {"synthetic": True}
    save_bundle(tmp_path / "bundle", model, {"size": SIZE, "scaling": "unit"}, ("no", "yes"), facts)
    loaded = read_bundle(tmp_path / "bundle").model
    np.testing.assert_allclose(np.asarray(loaded(pixels)), np.asarray(model(pixels / 255)), atol=1e-5)
    assert len(make_probe(loaded)) > 0


def test_a_copy_in_bfloat16_answers_nearly_alike(name):
    model, x = build(name), noise(2)
    lower = with_dtype(model, "mixed_bfloat16")
    assert lower.get_layer("probabilities").compute_dtype == "float32"
    np.testing.assert_allclose(np.asarray(lower(x)), np.asarray(model(x)), atol=0.1)


@pytest.mark.slow
@pytest.mark.parametrize("order", ["time", "shuffled"])
def test_a_class_that_only_order_tells_is_learned_unless_frames_are_shuffled(name, order, tmp_path):
    def batches(rows: int, seed: int, shuffle):
        x, y = ordered(rows, seed)
        x = shuffled(x, seed) if order == "shuffled" else x
        return array_batches(x, one_hot(y, 2), np.ones(rows, np.float32), 32, shuffle)

    model = build(name, size=TINY, frames=FEW)
    settings = TrainingSettings(
        batch=32, epochs=20, patience=20, optimizer=OptimizerSettings(name="adam", learning_rate=0.003)
    )
    fit(model, batches(480, 1, (0, "order")), batches(64, 2, None), settings, tmp_path / "c.npz", (0, "order"))
    x, y = ordered(200, 3)
    right = {
        "time": (model.predict(x, verbose=0).argmax(axis=1) == y).mean(),
        "shuffled": (model.predict(shuffled(x, 4), verbose=0).argmax(axis=1) == y).mean(),
    }
    # By chance alone 200 answers are right in .41 to .59 of the cases, 99 times in a hundred.
    assert right["shuffled"] == pytest.approx(0.5, abs=0.12)
    if order == "time":
        assert right["time"] > 0.8
    else:
        assert right["time"] == pytest.approx(0.5, abs=0.12)


def test_the_frames_of_a_window_are_its_input(name):
    assert build(name).input_shape == (None, FRAMES, SIZE, SIZE, 3)
