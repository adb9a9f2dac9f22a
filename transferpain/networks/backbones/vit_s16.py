"""ViT-S/16: a small vision transformer (Dosovitskiy et al., ICLR 2021; its small size: Touvron et al., ICML 2021).

As Beyer et al. (Better plain ViT baselines for ImageNet-1k, 2022) found to be better, the mean of all patches is what
is classified, and there is no class token. The bias of the patches and their positions are one number for each place
and channel, as they are only ever added.
"""

from typing import TYPE_CHECKING

from transferpain.core.seeds import derive_seed
from transferpain.networks.backbones.base import Backbone, blocks_of

if TYPE_CHECKING:
    import keras

EMBEDDING = 1024
PATCH, WIDTH, DEPTH, HEADS, WIDER = 16, 384, 12, 6, 4
EPSILON = 1e-6
SPREAD = 0.02  # of the positions before training


def build_vit_s16(size: int, classes: int, seed: int = 0, embedding: int = EMBEDDING) -> "keras.Model":
    """Build ViT-S/16, global average pooling and a dense embedding, our choice.

    It knows where patches are by their numbers: a trained network reads pictures of its own size alone.

    Args:
        size: side of the square images in pixels, a multiple of 16, at least 32.
        classes: number of outputs.
        seed: seeds the initial weights, each layer by its name.
        embedding: features of an image, D.

    Returns:
        A model from float `(batch, size, size, 3)` to probabilities, float32 `(batch, classes)`. For pictures of 224
        pixels 21,664,512 parameters stand below `gap`.
    """
    import keras

    from transferpain.networks.backbones.surgery import classifier

    side = size // PATCH
    images = keras.Input((size, size, 3), name="images")
    x = keras.layers.Reshape((side, PATCH, side, PATCH * 3), name="patches_rows")(images)
    x = keras.layers.Permute((1, 3, 2, 4), name="patches_order")(x)
    x = keras.layers.Reshape((side, side, PATCH * PATCH * 3), name="patches_maps")(x)
    x = keras.layers.EinsumDense(
        "bhwc,cd->bhwd",
        (side, side, WIDTH),
        bias_axes="hwd",
        kernel_initializer=_glorot(seed, "patches_dense"),
        bias_initializer=keras.initializers.RandomNormal(0.0, SPREAD, seed=derive_seed(seed, "patches", "positions")),
        name="patches_dense",
    )(x)
    x = keras.layers.Reshape((side * side, WIDTH), name="patches_tokens")(x)
    for number in range(1, DEPTH + 1):
        x = _block(x, f"encoder{number}", seed)
    x = keras.layers.LayerNormalization(epsilon=EPSILON, name="top_norm")(x)
    x = keras.layers.Reshape((side, side, WIDTH), name="top_maps")(x)
    return keras.Model(images, classifier(x, classes, embedding, seed), name="vit_s16")


def _block(x, name: str, seed: int):
    """Attention, then two dense layers, on tokens `(batch, patches, 384)`, each beside what it reads."""
    import keras

    read = keras.layers.LayerNormalization(epsilon=EPSILON, name=f"{name}_norm1")(x)
    attention = keras.layers.MultiHeadAttention(HEADS, WIDTH // HEADS, name=f"{name}_attention")
    x = keras.layers.Add(name=f"{name}_add1")([x, attention(read, read)])
    # One seeded initialiser for all would start queries, keys and values with the same weights.
    for part in ("query", "key", "value", "output"):
        kernel = getattr(attention, f"{part}_dense").kernel
        kernel.assign(_glorot(seed, f"{name}_attention", part)(kernel.shape))
    read = keras.layers.LayerNormalization(epsilon=EPSILON, name=f"{name}_norm2")(x)
    for units, activation, layer in ((WIDER * WIDTH, "gelu", f"{name}_dense1"), (WIDTH, None, f"{name}_dense2")):
        read = keras.layers.Dense(units, activation, kernel_initializer=_glorot(seed, layer), name=layer)(read)
    return keras.layers.Add(name=f"{name}_add2")([x, read])


def _glorot(seed: int, *names: str) -> "keras.initializers.Initializer":
    import keras

    return keras.initializers.GlorotUniform(seed=derive_seed(seed, *names))


VIT_S16 = Backbone(
    name="vit_s16",
    title="ViT-S/16",
    min_size=32,
    width=EMBEDDING,
    channels=WIDTH,
    blocks=blocks_of(
        ("encoder12", "encoder11", "encoder10", "top"),
        ("encoder9", "encoder8", "encoder7"),
        ("encoder6", "encoder5", "encoder4"),
        ("encoder3", "encoder2", "encoder1"),
        ("patches",),
    ),
    layers=frozenset(
        {
            "InputLayer",
            "Reshape",
            "Permute",
            "EinsumDense",
            "LayerNormalization",
            "MultiHeadAttention",
            "Add",
            "GlobalAveragePooling2D",
            "Dense",
            "Activation",
        }
    ),
    cost=4_574_035_968,
    slower=2.1,
    normalizes=False,
    network=build_vit_s16,
    step=PATCH,
)
