import keras
import numpy as np
import pytest

from transferpain.networks.backbones.drop_block import DropBlock
from transferpain.networks.backbones.registry import BACKBONES


def kept(rate: float, side: int, shape: tuple[int, ...]) -> np.ndarray:
    """Return which places of maps of ones are kept in training, bool."""
    return np.asarray(DropBlock(rate, side)(np.ones(shape, np.float32), training=True)) > 0


def test_without_training_nothing_is_dropped():
    maps = np.random.default_rng(0).normal(size=(2, 8, 8, 3)).astype(np.float32)
    np.testing.assert_array_equal(DropBlock(0.5, 3)(maps), maps)


def test_about_that_share_is_dropped_and_the_mean_stays():
    maps = np.asarray(DropBlock(0.1, 3)(np.ones((64, 16, 16, 32), np.float32), training=True))
    # Algorithm 1: squares may lie over each other, so that a little less is dropped.
    assert 0.08 < (maps == 0).mean() < 0.1
    assert maps.mean() == pytest.approx(1, rel=1e-4)


def test_what_is_dropped_are_squares_inside_the_maps():
    for one in np.moveaxis(kept(0.05, 3, (4, 9, 9, 8)), -1, 1).reshape(-1, 9, 9):
        squares = np.lib.stride_tricks.sliding_window_view(~one, (3, 3)).all(axis=(2, 3))
        covered = np.zeros_like(one)
        for row, column in np.argwhere(squares):
            covered[row : row + 3, column : column + 3] = True
        np.testing.assert_array_equal(covered, ~one)


def test_channels_are_dropped_each_by_itself():
    masks = kept(0.3, 2, (1, 8, 8, 16))[0]
    assert any((masks[..., 0] != masks[..., channel]).any() for channel in range(1, 16))


def test_a_square_as_large_as_the_maps_drops_a_whole_channel():
    masks = kept(0.3, 4, (50, 4, 4, 8))
    assert set(masks.mean(axis=(1, 2)).ravel()) == {0.0, 1.0}


@pytest.mark.slow
@pytest.mark.parametrize("name", ["resnet34", "efficientnet_b0", "enet", "shufflenet_v2", "googlenet", "vit_s16"])
def test_a_backbone_is_trained_and_comes_out_the_same_twice(name):
    backbone = BACKBONES[name]
    size = backbone.min_size
    images = np.random.default_rng(0).uniform(-1, 1, (8, size, size, 3)).astype(np.float32)
    built = backbone.build(size, 2, 0)
    copies = []
    for _ in range(2):
        keras.utils.set_random_seed(0)
        copies.append(backbone.for_training(built))
    model, again = copies
    # What a copy answers in training goes by its settings, its weights and the seeds of what is dropped.
    assert [layer.get_config() for layer in model.layers] == [layer.get_config() for layer in again.layers]
    before = [variable.numpy() for variable in model.variables]
    for one, other in zip(before, again.variables, strict=True):
        np.testing.assert_array_equal(one, other)
    model.compile("sgd", "categorical_crossentropy", jit_compile=False)  # as the trainings of folds
    variables, start, weights = model.variables, model.get_weights(), []
    for _ in range(2):
        for variable, value in zip(variables, before, strict=True):
            variable.assign(value)
        losses = [float(model.train_on_batch(images, np.eye(2, dtype=np.float32)[[0, 1] * 4])) for _ in range(2)]
        assert np.isfinite(losses).all()
        weights.append([variable.numpy() for variable in variables])
        assert any((one != other).any() for one, other in zip(start, model.get_weights(), strict=True))
    for one, other in zip(*weights, strict=True):
        np.testing.assert_array_equal(one, other)
