"""A small network of 3-D convolutions on a window of faces, after C3D (Tran et al., ICCV 2015, arXiv 1412.0767)."""

import math
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from transferpain.core.seeds import derive_seed
from transferpain.networks.clips.base import ClipNetworkSettings, check_pixels

if TYPE_CHECKING:
    import keras

KERNEL = 3  # along time, height and width
SMALLEST = 32
# Of the moving averages: a fold has a few hundred steps, and Keras' own .99 follows too slowly for them.
AVERAGES = 0.9


class Cnn3dSettings(ClipNetworkSettings):
    """3-D convolutions with few channels, after C3D (Tran et al. 2015).

    Attributes:
        channels: of the convolutions, one a stage; the first at most 64.
        dropout: share of numbers before the output that are left out in a step of training.
    """

    kind: Literal["cnn_3d"]
    channels: tuple[Annotated[int, Field(ge=1, le=256)], ...] = Field((8, 16, 32, 64), min_length=2, max_length=5)
    dropout: float = Field(0.5, ge=0, lt=1)


class Cnn3d:
    """The clip network `cnn_3d`, see `build_cnn_3d`."""

    name = "cnn_3d"
    title = "3-D CNN"
    Settings = Cnn3dSettings
    layers = frozenset(
        {
            "InputLayer",
            "Conv3D",
            "BatchNormalization",
            "Activation",
            "MaxPooling3D",
            "Reshape",
            "AveragePooling2D",
            "Dropout",
            "Dense",
        }
    )
    normalizes = True

    def check(self, settings: Cnn3dSettings, size: int) -> None:
        check_pixels(settings, size)
        if size < SMALLEST:
            raise ValueError(f"faces.size: `cnn_3d` reads at least {SMALLEST}x{SMALLEST} pixels; received {size}")
        if settings.channels[0] > 64:
            raise ValueError(f"network.channels: at most 64 in the first stage; received {settings.channels[0]}")

    def cost(self, settings: Cnn3dSettings, size: int) -> int:
        places = [steps * side * side for steps, side in _shapes(settings, size)]
        channels = pairwise((3, *settings.channels))
        return sum(place * KERNEL**3 * read * given for place, (read, given) in zip(places, channels, strict=False))

    def build(self, settings: Cnn3dSettings, size: int, classes: int, seed: int) -> "keras.Model":
        return build_cnn_3d(settings, size, classes, seed)


CNN_3D = Cnn3d()


def build_cnn_3d(settings: Cnn3dSettings, size: int, classes: int, seed: int) -> "keras.Model":
    """Build stages of a convolution of 3x3x3, ReLU and maximum pooling, then the output.

    As in C3D all kernels are 3x3x3 at steps of 1, the first pooling is 1x2x2, so that time is not merged too early, and
    all others are 2x2x2. Ours: one convolution a stage in place of up to two, and fewer channels; batch normalisation;
    before the output the mean over height and width, while the steps of time that are left stay apart in their
    order, in place of two dense layers of 4096; dropout there alone.

    With channels c_1 .. c_n (c_0 = 3) it has `27 c_(i-1) c_i + 4 c_i` parameters a stage, of which `2 c_i` are moving
    averages, and behind them `K (S c_n + 1)`, where S is T halved n - 1 times, rounded up.

    Args:
        size: side of the square pictures in pixels.
        classes: number of classes, K.
        seed: seeds the initial weights and the dropout.
    """
    import keras

    images = keras.Input((settings.frames, size, size, 3), name="images")
    x = images
    for number, filters in enumerate(settings.channels, start=1):
        name = f"stage{number}"
        drawn = keras.initializers.HeNormal(seed=derive_seed(seed, f"{name}_conv"))
        x = keras.layers.Conv3D(
            filters, KERNEL, padding="same", use_bias=False, kernel_initializer=drawn, name=f"{name}_conv"
        )(x)
        x = keras.layers.BatchNormalization(momentum=AVERAGES, name=f"{name}_bn")(x)
        x = keras.layers.Activation("relu", name=f"{name}_relu")(x)
        pool = (1, 2, 2) if number == 1 else 2
        x = keras.layers.MaxPooling3D(pool, padding="same", name=f"{name}_pool")(x)
    steps, height, width, filters = x.shape[1:]
    x = keras.layers.Reshape((steps, height * width, filters), name="top_places")(x)
    x = keras.layers.AveragePooling2D((1, height * width), name="top_mean")(x)
    x = keras.layers.Reshape((steps * filters,), name="top_steps")(x)
    x = keras.layers.Dropout(settings.dropout, seed=derive_seed(seed, "top_dropout"), name="top_dropout")(x)
    kernel = keras.initializers.GlorotUniform(seed=derive_seed(seed, "logits"))
    x = keras.layers.Dense(classes, kernel_initializer=kernel, name="logits")(x)
    return keras.Model(
        images, keras.layers.Activation("softmax", dtype="float32", name="probabilities")(x), name="cnn_3d"
    )


def _shapes(settings: Cnn3dSettings, size: int) -> list[tuple[int, int]]:
    """Return how many steps of time, and which side, each convolution has."""
    halved = range(len(settings.channels))
    return [(math.ceil(settings.frames / 2 ** max(0, number - 1)), math.ceil(size / 2**number)) for number in halved]
