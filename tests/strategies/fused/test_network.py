import keras
import numpy as np
import pytest
import tensorflow as tf

from transferpain.networks.backbones.vgg16 import build_vgg16_gap
from transferpain.strategies.fused.network import build_fusion, build_image_branch, build_landmark_branch, take_branch
from transferpain.strategies.fused.settings import FusionSettings

SIZE = 32
SHORT = FusionSettings(frames=3)


@pytest.fixture(scope="module")
def vgg16() -> keras.Model:
    return build_vgg16_gap(SIZE, 2)


@pytest.fixture(scope="module")
def fused(vgg16) -> keras.Model:
    return build_fusion(vgg16, SHORT, classes=5, seed=0)


def inputs(settings: FusionSettings = SHORT, batch: int = 2) -> list[np.ndarray]:
    random = np.random.default_rng(0)
    steps = (settings.frames,) if settings.fusion == "bilstm" else ()
    images = random.random((batch, *steps, SIZE, SIZE, 3), dtype=np.float32)
    return [images, random.normal(size=(batch, *settings.landmark_shape)).astype(np.float32)]


def answer(model: keras.Model, given: list[np.ndarray]) -> np.ndarray:
    return np.asarray(model(given, training=False))


def trained(model: keras.Model) -> int:
    return sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)


@pytest.mark.parametrize(
    ("settings", "parameters", "trainable"),  # protocols 3
    [
        ({}, 16_782_053, 16_779_237),
        ({"coordinates": 2}, 16_292_581, 16_289_765),
        ({"points": 468}, 16_751_333, 16_748_517),
        # Without: 512 x 32 + 32 + 32 x 512 + 512, and 3 x (256 x 128 + 128) + 128 x 256 + 256.
        ({"squeeze_excitation": False}, 16_782_053 - 33_312, 16_779_237 - 33_312),
        ({"attention": False}, 16_782_053 - 131_712, 16_779_237 - 131_712),
        # The Bi-LSTM reads 3 and not 1,434: 1,431 x 4 x 128 x 2 fewer.
        ({"axis": "points"}, 16_782_053 - 1_465_344, 16_779_237 - 1_465_344),
        # A Bi-LSTM on 512, its normalisation, attention; the dense layer above reads 256 and not 512.
        ({"fusion": "bilstm"}, 16_782_053 + 656_384 + 1_024 + 131_712 - 65_536, 16_779_237 + 723_072),
    ],
)
def test_parameter_counts(vgg16, settings, parameters, trainable):
    model = build_fusion(vgg16, FusionSettings(**settings), classes=5, seed=0)
    assert model.count_params() == parameters
    assert trained(model) == trainable


def test_the_parts_have_the_counts_of_the_references(fused):
    def count(*names: str) -> int:
        return sum(fused.get_layer(name).count_params() for name in names)

    assert count("squeeze", "excite") == 33_312
    assert count("landmark_lstm") == 1_600_512
    assert count("landmark_attention") == 131_712
    literal = build_landmark_branch(FusionSettings(axis="points", coordinates=2), classes=5, seed=0)
    assert literal.get_layer("landmark_lstm").count_params() == 134_144


def test_maps_have_the_papers_shapes():
    model = build_fusion(build_vgg16_gap(224, 2), FusionSettings(), classes=5, seed=0)
    assert model.get_layer("block5_conv3").output.shape == (None, 14, 14, 512)
    assert model.get_layer("scale").output.shape == (None, 14, 14, 512)
    assert model.get_layer("gap").output.shape == (None, 512)
    assert model.get_layer("landmark_attention").output.shape == (None, 16, 256)
    assert model.get_layer("embedding").output.shape == (None, 128)
    assert model.output_shape == (None, 5)


def test_only_core_layers_and_none_nested(fused):
    assert all(type(layer).__module__.startswith("keras.src.layers") for layer in fused.layers)
    assert [given.name for given in fused.inputs] == ["images", "landmarks"]


def test_it_starts_with_the_convolutions_it_was_given(vgg16, fused):
    for layer in vgg16.layers:
        if layer.name.startswith("block"):
            for given, taken in zip(layer.get_weights(), fused.get_layer(layer.name).get_weights(), strict=True):
                np.testing.assert_array_equal(given, taken)


@pytest.mark.parametrize("settings", [{"frames": 3}, {"fusion": "bilstm", "frames": 2}])
def test_probabilities_do_not_depend_on_the_batch(vgg16, settings):
    settings = FusionSettings(**settings)
    model = build_fusion(vgg16, settings, classes=5, seed=0)
    images, landmarks = inputs(settings)
    together = answer(model, [images, landmarks])
    assert together.shape == (2, 5)
    np.testing.assert_allclose(together.sum(axis=1), 1, rtol=1e-5)
    alone = np.concatenate([answer(model, [images[[row]], landmarks[[row]]]) for row in (0, 1)])
    np.testing.assert_allclose(together, alone, rtol=1e-3, atol=1e-5)


def test_along_the_points_the_branch_sees_one_frame():
    settings = FusionSettings(axis="points", coordinates=2)
    branch = build_landmark_branch(settings, classes=5, seed=0)
    answers = branch.predict_on_batch(inputs(settings)[1])
    assert answers.shape == (2, 5)
    np.testing.assert_allclose(answers.sum(axis=1), 1, rtol=1e-5)


def test_both_branches_count(fused):
    images, landmarks = inputs()
    before = answer(fused, [images, landmarks])
    for changed in ([images[::-1], landmarks], [images, landmarks[::-1]]):
        assert np.abs(answer(fused, changed) - before).max() > 1e-4


def test_the_order_of_the_frames_counts(fused):
    images, landmarks = inputs()
    backwards = answer(fused, [images, landmarks[:, ::-1]])
    assert np.abs(backwards - answer(fused, [images, landmarks])).max() > 1e-5


def test_squeeze_and_excitation_scales_whole_channels(fused):
    layers = [fused.get_layer(name).output for name in ("block5_conv3", "excite", "scale")]
    maps, weights, scaled = (np.asarray(part) for part in keras.Model(fused.inputs, layers)(inputs()))
    assert weights.shape == (2, 1, 1, 512)
    assert ((weights > 0) & (weights < 1)).all()
    np.testing.assert_allclose(scaled, maps * weights, rtol=1e-5)


@pytest.mark.slow
def test_weights_depend_on_the_seed_alone(vgg16, fused):
    keras.utils.set_random_seed(99)
    same, other = (build_fusion(vgg16, SHORT, classes=5, seed=seed) for seed in (0, 1))
    for mine, theirs in zip(fused.get_weights(), same.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, theirs)
    for name in ("landmark_lstm", "landmark_attention", "embedding", "squeeze"):
        assert not np.array_equal(fused.get_layer(name).get_weights()[0], other.get_layer(name).get_weights()[0])


def test_no_two_kernels_start_alike(fused):
    kernels = [weight for name in ("landmark_attention", "landmark_lstm") for weight in
               fused.get_layer(name).get_weights() if weight.ndim > 1 and np.ptp(weight)]  # fmt: skip
    sums = [round(float(np.abs(kernel).sum()), 4) for kernel in kernels]
    # Queries, keys, values and output; kernel and recurrent kernel of both directions.
    assert len(set(sums)) == len(sums) >= 8


@pytest.mark.parametrize("fusion", ["dense", "bilstm"])
def test_branches_trained_alone_are_taken_into_the_fused_network(vgg16, fusion):
    settings = FusionSettings(fusion=fusion, frames=2)
    branches = [build_image_branch(vgg16, settings, 5, seed=7), build_landmark_branch(settings, 5, seed=7)]
    model = build_fusion(vgg16, settings, classes=5, seed=0)
    before = [weight.copy() for weight in model.get_layer("logits").get_weights()]
    for branch in branches:
        take_branch(model, branch)
    taken = ("image_dense", "image_dense_norm", "squeeze", "landmark_lstm", "landmark_attention")
    for name in taken:
        branch = branches[name.startswith("landmark")]
        for mine, theirs in zip(model.get_layer(name).get_weights(), branch.get_layer(name).get_weights(), strict=True):
            np.testing.assert_array_equal(mine, theirs)
    for mine, theirs in zip(model.get_layer("logits").get_weights(), before, strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_each_frame_goes_through_the_same_picture_branch(vgg16):
    settings = FusionSettings(fusion="bilstm", frames=2)
    branch, model = build_image_branch(vgg16, settings, 5, seed=7), build_fusion(vgg16, settings, 5, seed=0)
    take_branch(model, branch)
    images, landmarks = inputs(settings)
    whole = keras.Model(model.inputs, model.get_layer("image_dense_norm").output)
    single = keras.Model(branch.input, branch.get_layer("image_dense_norm").output)
    for frame in (0, 1):
        frames = np.asarray(whole([images, landmarks]))[:, frame]
        np.testing.assert_allclose(frames, np.asarray(single(images[:, frame])), rtol=1e-3, atol=1e-4)


def test_after_thirty_steps_it_answers_as_it_learned():
    model = build_landmark_branch(SHORT, classes=2, seed=0)
    _, landmarks = inputs(batch=16)
    step = tf.function(lambda: model(landmarks, training=True))
    for _ in range(30):
        learned = np.asarray(step())
    assert np.abs(answer(model, landmarks) - learned).max() < 0.03
