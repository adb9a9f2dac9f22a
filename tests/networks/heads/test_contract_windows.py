"""What every head on windows keeps to: frames without a face count for nothing, and order tells if it is read."""

import json
from functools import partial

import keras
import numpy as np
import pytest

from tests.networks.heads.windows import DIMENSION, SMALL, asked, build, windows, with_gaps
from transferpain.models.bundles.sizes import check_sizes, measure
from transferpain.networks.heads.base import HeadTraining, Rows
from transferpain.networks.heads.bilstm_ann import BilstmAnnSettings, build_bilstm_ann
from transferpain.networks.heads.bilstm_attention import BilstmAttentionSettings, build_bilstm_attention
from transferpain.networks.heads.cnn_1d import Cnn1dSettings, build_cnn_1d
from transferpain.networks.heads.gru import GruSettings, build_gru
from transferpain.networks.heads.registry import HEADS
from transferpain.networks.heads.tcn import TcnSettings, build_tcn
from transferpain.networks.heads.transformer import TransformerSettings, build_transformer
from transferpain.networks.training.settings import OptimizerSettings, TrainingSettings

KEEP_TIME = {"tcn", "transformer", "cnn_1d"}  # a gap stays where it is: their own tests say that nothing is read there
WITHOUT_ORDER = {"statistics"}


@pytest.fixture(params=list(SMALL))
def name(request) -> str:
    return request.param


def test_every_head_on_windows_is_here():
    assert set(SMALL) == {head.name for head in HEADS.values() if head.reads == "window"}


@pytest.mark.slow
@pytest.mark.parametrize("training", [False, True])
def test_how_far_a_window_is_filled_up_changes_nothing(name, training):
    short, long = (build(name, length) for length in (6, 9))
    x = windows()
    answers = [asked(short, x, training), asked(long, with_gaps(x, 6, 7, 8), training)]
    np.testing.assert_allclose(*answers, atol=1e-5)
    for one, other in zip(short.non_trainable_weights, long.non_trainable_weights, strict=True):
        if "moving" in one.path:
            np.testing.assert_allclose(one, other, atol=1e-5)


@pytest.mark.slow
def test_a_frame_without_a_face_is_left_out(name):
    short, long = (build(name, length) for length in (6, 8))
    x = windows()
    closed, open_ = asked(short, x), asked(long, with_gaps(x, 2, 5))
    assert np.allclose(closed, open_, atol=1e-5) == (name not in KEEP_TIME)
    gap = with_gaps(x, 2, 5)
    gap[:, [2, 5]] = 1.0
    assert not np.allclose(open_, asked(long, gap), atol=1e-4)


def test_a_window_without_any_face_gives_a_finite_answer(name):
    model = build(name)
    for training in (False, True):
        assert np.isfinite(asked(model, np.zeros((2, 6, DIMENSION), np.float32), training)).all()


def test_the_seed_sets_the_weights(name):
    first, same, other = (build(name, seed=seed).weights for seed in (1, 1, 2))
    for one, again, another in zip(first, same, other, strict=True):
        np.testing.assert_array_equal(one, again)
        drawn = one.trainable and len(one.shape) > 1
        drawn &= not one.path.endswith("bias")
        assert drawn != np.array_equal(one, another), one.path


def test_no_two_layers_begin_with_the_same_weights(name):
    drawn = [np.array(one).ravel() for one in build(name).trainable_weights if len(one.shape) > 1]
    drawn = [one[:6] for one in drawn if one.any()]
    assert len({tuple(one) for one in drawn}) == len(drawn)


def test_order_is_read_or_not(name):
    model, x = build(name), windows()
    said, shuffled = asked(model, x), asked(model, x[:, [3, 0, 5, 1, 4, 2]])
    assert np.allclose(said, shuffled, atol=1e-6) == (name in WITHOUT_ORDER)


def test_its_size_is_told_from_its_configuration(name):
    model = build(name)
    cost = measure(json.loads(json.dumps(keras.saving.serialize_keras_object(model))))
    check_sizes(cost)
    assert cost.parameters == model.count_params()
    assert cost.activations >= sum(np.prod(layer.output.shape[1:]) for layer in model.layers)


LARGEST = {
    "gru": partial(build_gru, settings=GruSettings(kind="gru", units=(256,) * 4)),
    "tcn": partial(build_tcn, settings=TcnSettings(kind="tcn", width=256, kernel=16, dilations=(512,) * 10)),
    "bilstm_attention": partial(
        build_bilstm_attention, settings=BilstmAttentionSettings(kind="bilstm_attention", units=256)
    ),
    "bilstm_ann": partial(
        build_bilstm_ann, settings=BilstmAnnSettings(kind="bilstm_ann", units=256, hidden=(1024,) * 8)
    ),
    "cnn_1d": partial(build_cnn_1d, settings=Cnn1dSettings(kind="cnn_1d", channels=(256,) * 8, kernel=64)),
    "transformer": partial(
        build_transformer, settings=TransformerSettings(kind="transformer", width=256, heads=8, blocks=4)
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", LARGEST)
def test_the_largest_settings_make_a_network_that_can_be_kept(name):
    """Of a minute and a half at 30 frames a second; a training whose model is refused would be lost."""
    model = LARGEST[name](2_700, 1_024, 7, 0)
    check_sizes(measure(json.loads(json.dumps(keras.saving.serialize_keras_object(model)))))


def test_it_loads_in_plain_keras(name, tmp_path):
    model, x = build(name), with_gaps(windows(length=4), 1, 5)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(asked(loaded, x), asked(model, x))
    assert len(loaded.trainable_weights) == len(model.trainable_weights)


def ordered(rows: int, seed: int) -> Rows:
    """Return windows with two events, of which the class says which one comes first; else they are alike."""
    random = np.random.default_rng(seed)
    y = np.arange(rows) % 2
    x = random.normal(0.0, 0.3, (rows, 8, DIMENSION)).astype(np.float32)
    for row, label in enumerate(y):
        places = np.sort(random.choice(8, 2, replace=False))
        early, late = places if label else places[::-1]
        x[row, early, 0] += 3
        x[row, late, 1] += 3
    return Rows(lambda positions: x[positions], y, np.ones(rows, np.float32))


@pytest.mark.slow
def test_a_class_that_only_order_tells_is_learned_where_order_is_read(name, tmp_path):
    head = HEADS[name]
    training = HeadTraining(
        classes=2,
        dimension=DIMENSION,
        frames=8,
        settings=TrainingSettings(
            batch=32, epochs=30, patience=30, optimizer=OptimizerSettings(name="adam", learning_rate=0.005)
        ),
        seed=(0, "order"),
        checkpoint=tmp_path / "checkpoint.npz",
        label="order",
    )
    fitted = head.fit(head.Settings(kind=name), training, ordered(960, 1), ordered(120, 2))
    unseen = ordered(400, 3)
    right = (fitted.predict(unseen.all()).argmax(axis=1) == unseen.y).mean()
    if name in WITHOUT_ORDER:
        assert right == pytest.approx(0.5, abs=0.1)
    else:
        assert right > 0.9
