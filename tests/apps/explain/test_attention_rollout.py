import keras
import numpy as np
import pytest

from tests.apps.edge.small_fused import small_fused
from tests.apps.explain.test_grad_cam import small_network
from transferpain.apps.explain.attention_rollout import ROLLOUT, attention_rollout, reads_patches
from transferpain.apps.explain.shares import compute_maps, shown_by_default
from transferpain.core.errors import UserError
from transferpain.networks.backbones.vit_s16 import build_vit_s16

SIDE, CHANNELS = 3, 4
TOKENS = SIDE * SIDE
FAR = 60.0  # a softmax at this distance is 1 and 0


def small_transformer(layers: int, attend: float) -> keras.Model:
    """Return a transformer on 3x3 pictures of one-pixel patches; every token attends to those of a high first channel.

    With `attend` 0 all attend to all alike. The residual connections are left out, so that every layer reads the
    picture's own tokens.
    """
    images = keras.Input((SIDE, SIDE, CHANNELS), name="images")
    tokens = keras.layers.Reshape((TOKENS, CHANNELS))(images)
    outputs = []
    for number in range(layers):
        attention = keras.layers.MultiHeadAttention(2, CHANNELS, name=f"attention{number}")
        outputs.append(attention(tokens, tokens))
        query, bias, key = np.zeros((CHANNELS, 2, CHANNELS)), np.zeros((2, CHANNELS)), np.zeros((CHANNELS, 2, CHANNELS))
        bias[:, 0], key[0, :, 0] = attend, 1
        attention.query_dense.set_weights([query, bias])
        attention.key_dense.set_weights([key, np.zeros((2, CHANNELS))])
    x = keras.layers.Add()(outputs) if layers > 1 else outputs[0]
    maps = keras.layers.Reshape((SIDE, SIDE, CHANNELS))(x)
    return keras.Model(images, keras.layers.Dense(2, name="logits")(keras.layers.GlobalAveragePooling2D()(maps)))


def one_bright(place: tuple[int, int]) -> np.ndarray:
    images = np.zeros((1, SIDE, SIDE, CHANNELS), np.float32)
    images[(0, *place)] = 1
    return images


@pytest.mark.parametrize("layers", [1, 2, 3])
def test_even_attention_gives_an_even_map(layers):
    rollout = attention_rollout(small_transformer(layers, 0.0), one_bright((0, 0)))
    np.testing.assert_allclose(rollout, np.ones((1, SIDE, SIDE)), rtol=1e-6)


@pytest.mark.parametrize(("layers", "own"), [(1, 1 / 2), (2, 1 / 4), (3, 1 / 8)])
@pytest.mark.parametrize("place", [(0, 2), (1, 0)])
def test_the_patch_that_all_attend_to_has_all_but_what_tokens_keep_of_themselves(layers, own, place):
    """Each layer halves what a token keeps, so that a patch nobody attends to is `own` / tokens of the mean."""
    rollout = attention_rollout(small_transformer(layers, 2 * FAR), one_bright(place))[0]
    others = own / TOKENS
    expected = np.full((SIDE, SIDE), others / (1 - own + others))
    expected[place] = 1
    np.testing.assert_allclose(rollout, expected, rtol=1e-5)


def test_each_picture_has_its_own_map():
    model, images = small_transformer(2, 2 * FAR), np.concatenate([one_bright((0, 2)), one_bright((2, 1))])
    both = attention_rollout(model, images)
    assert [np.unravel_index(one.argmax(), one.shape) for one in both] == [(0, 2), (2, 1)]
    np.testing.assert_allclose(both[1:], attention_rollout(model, images[1:]), rtol=1e-6)


def test_a_network_without_attention_is_refused():
    assert not reads_patches(small_network())
    with pytest.raises(UserError, match="without attention between patches"):
        attention_rollout(small_network(), np.zeros((1, 8, 8, 3), np.float32))


def test_attention_behind_convolutions_is_no_transformer_on_patches():
    model = small_fused()
    assert any(isinstance(layer, keras.layers.MultiHeadAttention) for layer in model.layers)
    assert not reads_patches(model)
    assert shown_by_default(model) != ROLLOUT


@pytest.mark.slow
def test_the_vision_transformer_is_shown_by_its_attention():
    model = build_vit_s16(48, 2)
    images = np.random.default_rng(0).uniform(0, 255, (2, 48, 48, 3)).astype(np.float32)
    assert shown_by_default(model) == ROLLOUT
    assert attention_rollout(model, images).shape == (2, 3, 3)
    maps = compute_maps(model, [images], ROLLOUT)
    assert maps.cams.shape == (2, 48, 48)
    assert 0 < maps.cams.min() <= maps.cams.max() == 1
    # Grad-CAM is there as well, by name.
    assert compute_maps(model, [images], "top_maps").cams.shape == (2, 48, 48)
