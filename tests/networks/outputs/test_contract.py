"""What every output of the registry keeps to, whatever network it stands on."""

import keras
import numpy as np
import pytest

from tests.apps.explain.test_grad_cam import small_network
from transferpain.models.bundles.bundle import read_bundle, save_bundle
from transferpain.models.bundles.guard import CLASSES as ALLOWED
from transferpain.networks.backbones.surgery import with_dtype
from transferpain.networks.heads.ann import build_ann
from transferpain.networks.outputs.registry import DEFAULT, OUTPUTS, ending_in

LEVELS, WIDTH = 5, 6
ROWS = np.random.default_rng(0).normal(size=(40, WIDTH)).astype(np.float32)


@pytest.fixture(params=OUTPUTS)
def output(request):
    return OUTPUTS[request.param]


def network(name: str, seed: int = 0, classes: int = LEVELS) -> keras.Model:
    return ending_in(build_ann(WIDTH, classes, seed, hidden=(8,), dropout=0), name, classes, seed)


def answers(model: keras.Model, rows: np.ndarray = ROWS) -> np.ndarray:
    return np.asarray(model(rows, training=False))


def compiled(name: str, rate: float = 0.05) -> keras.Model:
    model = network(name)
    model.compile(keras.optimizers.Adam(rate), loss=OUTPUTS[name].loss())
    return model


@pytest.mark.parametrize("classes", [2, 3, 17])
def test_it_answers_with_probabilities_of_all_classes(output, classes):
    found = answers(network(output.name, classes=classes))
    assert found.shape == (len(ROWS), classes)
    assert found.dtype == np.float32
    assert (found >= 0).all()
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-5)


def test_weights_depend_on_the_seed_alone_and_answers_come_twice_the_same(output):
    np.testing.assert_array_equal(answers(network(output.name)), answers(network(output.name)))
    assert not np.array_equal(answers(network(output.name)), answers(network(output.name, seed=1)))


def test_rows_of_a_batch_do_not_mix(output):
    model = network(output.name)
    np.testing.assert_allclose(answers(model)[3:4], answers(model, ROWS[3:4]), rtol=1e-5, atol=1e-7)


def test_its_last_layers_are_named_for_the_phases_and_state_their_kinds(output):
    model = network(output.name)
    added = [layer for layer in model.layers if layer.name.startswith(("logits", "levels_", "probabilities"))]
    assert model.layers[-1].name == "probabilities"
    assert {type(layer).__name__ for layer in added} <= output.layers
    for layer in added:
        # What learns is found by its name, and what does not has no weight that an optimiser sees.
        assert bool(layer.trainable_weights) == layer.name.startswith("logits")
    assert {("keras.layers", name, None) for name in output.layers} <= ALLOWED


def test_a_trained_network_comes_back_from_a_bundle_as_it_was(output, tmp_path):
    model = compiled(output.name)
    model.fit(ROWS, np.eye(LEVELS, dtype=np.float32)[np.arange(40) % LEVELS], epochs=1, verbose=0)
    facts = {"synthetic": True}
    save_bundle(tmp_path / "bundle", model, {}, tuple(map(str, range(LEVELS))), facts)
    np.testing.assert_array_equal(answers(read_bundle(tmp_path / "bundle").model), answers(model))


@pytest.mark.slow
def test_it_learns_which_rows_have_a_higher_level(output):
    keras.utils.set_random_seed(0)
    random = np.random.default_rng(1)
    rows = random.normal(size=(400, WIDTH)).astype(np.float32)
    levels = np.clip(np.round(rows[:, 0] + 2), 0, LEVELS - 1).astype(int)
    model = compiled(output.name, rate=0.02)
    model.fit(rows, np.eye(LEVELS, dtype=np.float32)[levels], batch_size=32, epochs=40, verbose=0)
    found = answers(model, rows)
    assert np.corrcoef(found @ np.arange(LEVELS), levels)[0, 1] > 0.95
    assert (found.argmax(axis=1) == levels).mean() > 0.75


def test_fixed_weights_stay_what_they_are_in_training(output):
    model = compiled(output.name)
    fixed = [layer for layer in model.layers if layer.weights and not layer.name.startswith(("logits", "dense"))]
    before = [weights for layer in fixed for weights in layer.get_weights()]
    model.fit(ROWS, np.eye(LEVELS, dtype=np.float32)[np.arange(40) % LEVELS], epochs=2, verbose=0)
    for one, other in zip(before, (w for layer in fixed for w in layer.get_weights()), strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_default_is_the_softmax_that_a_network_is_built_with():
    model = build_ann(WIDTH, LEVELS, 0, hidden=(8,))
    assert ending_in(model, DEFAULT, LEVELS, 0) is model
    assert not OUTPUTS[DEFAULT].ordered
    assert all(one.ordered for one in OUTPUTS.values() if one.name != DEFAULT)


@pytest.mark.parametrize("dtype", ["float32", "mixed_bfloat16"])
def test_a_copy_learns_no_more_than_the_network(output, dtype):
    """Strategies train copies: one in which fixed weights learn would soon answer with no probabilities."""
    original = ending_in(small_network(), output.name, 2, 0)
    model = with_dtype(original, dtype)
    learning = [{layer.name for layer in one.layers if layer.trainable_weights} for one in (original, model)]
    assert learning[0] == learning[1]
    model.compile(keras.optimizers.Adam(0.1), loss=output.loss())
    images = np.random.default_rng(0).random((12, *model.input_shape[1:]), dtype=np.float32)
    model.fit(images, np.eye(2, dtype=np.float32)[np.arange(12) % 2], epochs=5, verbose=0)
    found = answers(model, images)
    assert (found >= 0).all()
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-3)
