"""A small factorised video transformer: model 2 of ViViT (Arnab et al., ICCV 2021, arXiv 2103.15691)."""

from typing import TYPE_CHECKING, Literal, Self

from pydantic import Field, model_validator

from transferpain.core.seeds import derive_seed
from transferpain.networks.clips.base import ClipNetworkSettings, check_pixels

if TYPE_CHECKING:
    import keras

WIDER = 4  # of the dense layers of a block, as many times the width
EPSILON = 1e-6
# Of the positions before training. Those of steps are as large as what they are added to (ours): a fold has few hundred
# steps of training to find the order in.
SPREAD = {"places": 0.02, "steps": 0.5}
MOST_PLACES = 14 * 14  # as of pictures of 224 pixels in patches of 16; attention compares each with each


class VivitSettings(ClipNetworkSettings):
    """A factorised video transformer: first over the places of a step of time, then over the steps (ViViT, model 2).

    Attributes:
        patch: side of a patch in pixels; the side of the pictures is a multiple of it.
        tubelet: frames of a patch; 1 embeds each frame by itself. `frames` is a multiple of it.
        width: numbers that stand for a patch, and for a step of time; a multiple of `heads`.
        heads: of each attention.
        spatial_blocks, temporal_blocks: attention and dense layers, one after the other, of either transformer.
        dropout: share of numbers that are left out of what each part adds, in a step of training.
    """

    kind: Literal["vivit"]
    patch: int = Field(16, ge=4, le=32)
    tubelet: int = Field(2, ge=1, le=8)
    width: int = Field(64, ge=4, le=256)
    heads: int = Field(4, ge=1, le=8)
    spatial_blocks: int = Field(2, ge=1, le=8)
    temporal_blocks: int = Field(2, ge=1, le=8)
    dropout: float = Field(0.1, ge=0, lt=1)

    @model_validator(mode="after")
    def _divides(self) -> Self:
        if self.frames % self.tubelet:
            raise ValueError(f"frames: a multiple of `tubelet`; received frames {self.frames}, tubelet {self.tubelet}")
        if self.width % self.heads:
            raise ValueError(f"width: a multiple of `heads`; received width {self.width}, heads {self.heads}")
        return self


class Vivit:
    """The clip network `vivit`, see `build_vivit`."""

    name = "vivit"
    title = "ViViT (factorised encoder)"
    Settings = VivitSettings
    layers = frozenset(
        {
            "InputLayer",
            "Reshape",
            "Permute",
            "EinsumDense",
            "LayerNormalization",
            "MultiHeadAttention",
            "Dropout",
            "Add",
            "Dense",
            "AveragePooling2D",
            "GlobalAveragePooling1D",
            "Activation",
        }
    )
    normalizes = False

    def check(self, settings: VivitSettings, size: int) -> None:
        check_pixels(settings, size)
        if size % settings.patch:
            raise ValueError(
                f"network.patch: the side of the pictures is a multiple of it; received patch {settings.patch}, "
                f"faces.size {size}"
            )
        if (size // settings.patch) ** 2 > MOST_PLACES:
            raise ValueError(
                f"network.patch: at most {MOST_PLACES} patches a picture; received patch {settings.patch}, "
                f"faces.size {size}"
            )

    def cost(self, settings: VivitSettings, size: int) -> int:
        steps, places, width = settings.frames // settings.tubelet, (size // settings.patch) ** 2, settings.width
        tokens, dense = steps * places, (4 + 2 * WIDER) * width * width
        return (
            tokens * settings.tubelet * settings.patch**2 * 3 * width
            + settings.spatial_blocks * tokens * (dense + 2 * places * width)
            + settings.temporal_blocks * steps * (dense + 2 * steps * width)
        )

    def build(self, settings: VivitSettings, size: int, classes: int, seed: int) -> "keras.Model":
        return build_vivit(settings, size, classes, seed)


VIVIT = Vivit()


def build_vivit(settings: VivitSettings, size: int, classes: int, seed: int) -> "keras.Model":
    """Build the embedding of tubelets, a spatial transformer for each step of time, and a temporal one over the steps.

    As in the paper: patches of several frames are embedded by one dense layer (section 3.2), each step of time is
    encoded by itself by the same transformer, the mean of its places stands for it, and a second transformer reads the
    steps (section 3.3, model 2); blocks normalise before attention and before two dense layers with GELU. Where the
    paper leaves the choice, the mean takes the place of a class token, in the second transformer as well (ours). Ours
    too: few small blocks with random weights, where the paper starts from ImageNet's; dropout of what each part adds.
    Positions are learned: those of places are the bias of the embedding, those of steps the bias of the layer
    `positions`, which is scale and shift of the last spatial normalisation at once.

    With N places, S steps, tubelets of P = t p p 3 numbers and width w, the embedding has `P w + N w` parameters, a
    block `12 w w + 13 w`, the positions `w + S w`, the last normalisation `2 w` and the output `K (w + 1)`.

    Args:
        size: side of the square pictures in pixels, a multiple of `patch`.
        classes: number of classes, K.
        seed: seeds the initial weights and the dropout.
    """
    import keras

    steps, side, patch, width = (
        settings.frames // settings.tubelet,
        size // settings.patch,
        settings.patch,
        settings.width,
    )
    images = keras.Input((settings.frames, size, size, 3), name="images")
    x = keras.layers.Reshape((steps, settings.tubelet, side, patch, side, patch * 3), name="tubelets_cut")(images)
    x = keras.layers.Permute((1, 3, 5, 2, 4, 6), name="tubelets_order")(x)
    x = keras.layers.Reshape((steps, side * side, settings.tubelet * patch * patch * 3), name="tubelets_numbers")(x)
    x = keras.layers.EinsumDense(
        "bhwc,cd->bhwd",
        (steps, side * side, width),
        bias_axes="wd",
        kernel_initializer=_glorot(seed, "tubelets_dense"),
        bias_initializer=_positions(seed, "places"),
        name="tubelets_dense",
    )(x)
    for number in range(1, settings.spatial_blocks + 1):
        x = _block(x, f"spatial{number}", seed, settings)
    x = keras.layers.LayerNormalization(epsilon=EPSILON, center=False, scale=False, name="spatial_norm")(x)
    x = keras.layers.AveragePooling2D((1, side * side), name="spatial_mean")(x)
    x = keras.layers.Reshape((steps, width), name="steps")(x)
    x = keras.layers.EinsumDense(
        "btd,d->btd",
        (steps, width),
        bias_axes="td",
        kernel_initializer="ones",
        bias_initializer=_positions(seed, "steps"),
        name="positions",
    )(x)
    for number in range(1, settings.temporal_blocks + 1):
        x = _block(x, f"temporal{number}", seed, settings)
    x = keras.layers.LayerNormalization(epsilon=EPSILON, name="top_norm")(x)
    x = keras.layers.GlobalAveragePooling1D(name="top_mean")(x)
    x = keras.layers.Dense(classes, kernel_initializer=_glorot(seed, "logits"), name="logits")(x)
    return keras.Model(
        images, keras.layers.Activation("softmax", dtype="float32", name="probabilities")(x), name="vivit"
    )


def _block(x, block: str, seed: int, settings: VivitSettings):
    """Attention over the last axis but one, then two dense layers, each beside what it reads."""
    import keras

    width = settings.width
    read = keras.layers.LayerNormalization(epsilon=EPSILON, name=f"{block}_norm1")(x)
    attention = keras.layers.MultiHeadAttention(
        settings.heads, width // settings.heads, attention_axes=(len(x.shape) - 2,), name=f"{block}_attention"
    )
    attended = attention(read, read)
    # One seeded initialiser for all would start queries, keys and values with the same weights.
    for part in ("query", "key", "value", "output"):
        kernel = getattr(attention, f"{part}_dense").kernel
        kernel.assign(_glorot(seed, f"{block}_attention", part)(kernel.shape))
    x = _added(x, attended, f"{block}_add1", seed, settings)
    read = keras.layers.LayerNormalization(epsilon=EPSILON, name=f"{block}_norm2")(x)
    for units, activation, name in ((WIDER * width, "gelu", f"{block}_dense1"), (width, None, f"{block}_dense2")):
        read = keras.layers.Dense(units, activation, kernel_initializer=_glorot(seed, name), name=name)(read)
    return _added(x, read, f"{block}_add2", seed, settings)


def _added(x, part, name: str, seed: int, settings: VivitSettings):
    import keras

    dropout = f"{name}_dropout"
    part = keras.layers.Dropout(settings.dropout, seed=derive_seed(seed, dropout), name=dropout)(part)
    return keras.layers.Add(name=name)([x, part])


def _glorot(seed: int, *names: str) -> "keras.initializers.Initializer":
    import keras

    return keras.initializers.GlorotUniform(seed=derive_seed(seed, *names))


def _positions(seed: int, name: str) -> "keras.initializers.Initializer":
    import keras

    return keras.initializers.RandomNormal(0.0, SPREAD[name], seed=derive_seed(seed, "positions", name))
