import keras
import numpy as np
import pytest

from transferpain.apps.explain.grad_cam import enlarge, grad_cam, map_layers, randomised
from transferpain.apps.explain.shares import compute_maps
from transferpain.core.errors import UserError
from transferpain.networks.backbones.registry import BACKBONES
from transferpain.networks.backbones.resnet18 import build_resnet18
from transferpain.networks.backbones.vgg16 import build_vgg16_gap
from transferpain.networks.outputs.registry import OUTPUTS, ending_in
from transferpain.strategies.fused.network import build_fusion
from transferpain.strategies.fused.settings import FusionSettings

SIDE = 8
RED, GREEN, BLUE = np.eye(3)
# A red patch speaks for the first class, a blue one for the second, and green against both.
CHANNELS = np.stack([RED, BLUE, GREEN], axis=1) - 0.1
SAY = np.array([[3.0, -1.0], [-1.0, 2.0], [-1.0, -1.0]])


def small_network(kernel: np.ndarray = CHANNELS, say: np.ndarray = SAY) -> keras.Model:
    """Return a network whose weights are written by hand: a convolution, average pooling, a dense layer."""
    images = keras.Input((SIDE, SIDE, 3), name="images")
    maps = keras.layers.Conv2D(kernel.shape[1], 1, activation="relu", name="maps")(images)
    x = keras.layers.GlobalAveragePooling2D(name="gap")(maps)
    x = keras.layers.Dense(say.shape[1], name="logits")(x)
    model = keras.Model(images, keras.layers.Activation("softmax", name="probabilities")(x))
    model.get_layer("maps").set_weights([kernel[None, None], np.zeros(kernel.shape[1])])
    model.get_layer("logits").set_weights([say, np.zeros(say.shape[1])])
    return model


def patches() -> np.ndarray:
    """Return two pictures, the first with a large red and a small blue patch, the second the other way round."""
    images = np.zeros((2, SIDE, SIDE, 3), np.float32)
    images[0, :4, :4], images[0, 6:, 6:] = RED, BLUE
    images[1, :4, :4], images[1, 6:, 6:] = BLUE, RED
    return images


def test_behind_average_pooling_it_is_the_class_activation_map():
    model, images = small_network(), np.random.default_rng(0).random((5, SIDE, SIDE, 3), dtype=np.float32)
    maps = np.maximum(images @ CHANNELS, 0)
    answered = (maps.mean(axis=(1, 2)) @ SAY).argmax(axis=1)
    # Selvaraju et al., section 3.1: there the weights of the channels are those of the dense layer.
    expected = np.maximum(np.einsum("bhwk,bk->bhw", maps, SAY[:, answered].T), 0)
    expected /= expected.max(axis=(1, 2), keepdims=True)
    received = grad_cam(model, images, "maps")
    assert received.dtype == np.float32
    np.testing.assert_allclose(received, expected, atol=1e-5)


def test_it_shows_what_speaks_for_the_class_asked_for():
    model, images = small_network(), patches()
    assert np.asarray(model(images)).argmax(axis=1).tolist() == [0, 1]
    red, blue = (grad_cam(model, images, "maps", np.full(2, chosen)) for chosen in (0, 1))
    assert (red[0, :4, :4] == 1).all()
    assert red[0].sum() == 16
    assert (blue[0, 6:, 6:] == 1).all()
    assert blue[0].sum() == 4
    np.testing.assert_array_equal(grad_cam(model, images, "maps"), [red[0], blue[1]])


def test_a_frozen_network_has_the_same_maps():
    model, images = small_network(), patches()
    before = grad_cam(model, images, "maps")
    model.trainable = False
    np.testing.assert_array_equal(grad_cam(model, images, "maps"), before)


def test_where_nothing_speaks_for_the_class_the_map_is_empty():
    images = np.zeros((1, SIDE, SIDE, 3), np.float32)
    images[0, :2] = GREEN
    assert not grad_cam(small_network(), images, "maps").any()


@pytest.mark.parametrize(("build", "layer"), [(build_vgg16_gap, "block5_conv3"), (build_resnet18, "stage4_block2_out")])
def test_the_last_maps_of_the_backbones(build, layer):
    model = build(64, 3)
    assert layer in map_layers(model)
    maps = grad_cam(model, np.random.default_rng(0).random((2, 64, 64, 3), dtype=np.float32), layer)
    assert maps.shape[0] == 2
    assert min(maps.shape[1:]) > 1
    assert maps.min() >= 0
    assert maps.max() == 1


@pytest.mark.parametrize("fusion", ["dense", pytest.param("bilstm", marks=pytest.mark.slow)])
def test_the_picture_branch_of_the_fused_network(fusion):
    settings = FusionSettings(fusion=fusion, frames=2)
    model = build_fusion(build_vgg16_gap(32, 2), settings, 3, seed=0)
    random = np.random.default_rng(0)
    steps = (2,) if fusion == "bilstm" else ()
    inputs = [random.random((2, *steps, 32, 32, 3)), random.normal(size=(2, *settings.landmark_shape))]
    assert grad_cam(model, inputs, "scale").shape == (2, *steps, 2, 2)


@pytest.mark.parametrize("layer", ["gap", "images", "block9"])
def test_a_layer_without_maps_is_refused(layer):
    with pytest.raises(UserError, match=f"cannot show the layer {layer}[\\s\\S]*Name one of: maps"):
        grad_cam(small_network(), patches(), layer)


def test_maps_are_enlarged_to_the_picture():
    maps = np.zeros((1, 2, 2), np.float32)
    maps[0, 0, 0] = 1
    large = enlarge(maps, 8)
    assert large.shape == (1, 8, 8)
    assert large[0, 0, 0] == 1
    assert large[0, 4:, 4:].max() < 0.3
    assert np.all(np.diff(large[0, 0]) <= 0)


def test_the_maps_change_when_the_weights_are_randomised():
    random = np.random.default_rng(0)
    kernel = np.concatenate([CHANNELS, random.normal(0, 0.02, (3, 29))], axis=1)
    say = np.concatenate([SAY, random.normal(0, 0.02, (29, 2))])
    model, images = small_network(kernel, say), random.random((16, SIDE, SIDE, 3), dtype=np.float32)
    similar = compute_maps(model, [images], "maps").similarity
    assert similar.shape == (16,)
    assert np.abs(similar.mean()) < 0.5


def test_maps_that_do_not_depend_on_the_weights_are_told():
    # Kernels without any deviation are drawn as they were.
    model = small_network(np.full((3, 2), 0.5), np.full((2, 2), 0.5))
    images = np.random.default_rng(0).random((4, SIDE, SIDE, 3), dtype=np.float32)
    assert compute_maps(model, [images], "maps").similarity == pytest.approx(np.ones(4))


def test_a_randomised_copy_leaves_the_model_as_it_is():
    model = small_network()
    copy = randomised(model, seed=1)
    assert not np.allclose(copy.get_layer("maps").get_weights()[0], CHANNELS[None, None])
    np.testing.assert_allclose(model.get_layer("maps").get_weights()[0], CHANNELS[None, None], rtol=1e-6)
    again = randomised(model, seed=1)
    np.testing.assert_array_equal(copy.get_layer("maps").get_weights()[0], again.get_layer("maps").get_weights()[0])


@pytest.mark.parametrize("loss", [name for name, output in OUTPUTS.items() if output.ordered])
def test_a_network_of_ordered_levels_shows_what_raises_the_level(loss):
    model = ending_in(small_network(), loss, 3, 0)
    # Whatever the output, a higher score is a higher level; here the red channel raises it and nothing else does.
    kernel, bias = model.get_layer("logits").get_weights()
    model.get_layer("logits").set_weights([np.zeros_like(kernel) + np.array([[1.0], [0.0], [0.0]]), bias])
    images = patches()
    maps = grad_cam(model, images, "maps", np.zeros(len(images), np.int64))
    expected = np.maximum(np.asarray(keras.Model(model.input, model.get_layer("maps").output)(images))[..., 0], 0)
    highest = expected.max(axis=(1, 2), keepdims=True)
    np.testing.assert_allclose(
        maps, np.divide(expected, highest, out=np.zeros_like(expected), where=highest > 0), atol=1e-5
    )


@pytest.mark.slow
@pytest.mark.parametrize("name", ["squeezenet", "shufflenet_v2", "resnext50", "efficientnet_b0", "enet", "vit_s16"])
def test_a_backbone_shows_where_it_looks(name):
    size = BACKBONES[name].min_size
    model = BACKBONES[name].build(size, 8, 0)
    images = np.random.default_rng(0).uniform(-1, 1, (2, size, size, 3)).astype(np.float32)
    maps = [grad_cam(model, images, map_layers(model)[-1], np.full(2, chosen)) for chosen in range(8)]
    height, width = maps[0].shape[1:]
    assert height == width >= 1
    # A picture may have nothing that speaks for a class, but not for every class of an untrained network.
    assert (np.max(maps, axis=(0, 2, 3)) == 1).all()
