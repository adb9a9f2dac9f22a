"""The network of El-Ghaish: VGG16 with squeeze-and-excitation on pictures, a Bi-LSTM with attention on landmarks.

All three networks are un-nested functional models of core Keras layers that end in `logits` and a float32 softmax
`probabilities`. A layer has the same name in each, so that branches are trained alone and then fused. Widths, order and
what the picture branch sees are our choices where the paper is silent.
"""

import keras

from transferpain.core.seeds import derive_seed
from transferpain.networks.backbones.surgery import copied
from transferpain.networks.heads.keras_head import seed_attention, seeded_dense
from transferpain.strategies.fused.settings import FusionSettings

CUT = "block5_conv3"  # 14x14x512 for pictures of 224 pixels (El-Ghaish, Table 5)
SQUEEZE_RATIO = 16
IMAGE_WIDTH = 256
LSTM_UNITS = 128  # in each direction
HEADS, HEAD_WIDTH = 8, 16
FUSION_WIDTH = 256
EMBEDDING_WIDTH = 128
DROPOUT = 0.4
# Batch normalisation answers with averages, which follow in some thirty steps; Keras' own .99 takes several hundred,
# more than a fold of a small dataset has.
AVERAGES = 0.9


def build_fusion(vgg16: keras.Model, settings: FusionSettings, classes: int, seed: int) -> keras.Model:
    """Build the whole network: both branches, joined late, then 256 - 128 - classes.

    With the default settings and five classes it has 16,782,053 parameters.

    Args:
        vgg16: a VGG16-GAP; the fused network reads pictures of its size and starts with its convolutions.
        seed: seeds all other weights, each layer by its name.

    Returns:
        A model from `[images, landmarks]` to probabilities, float32 `(batch, classes)`. Images are scaled, `(batch,
        size, size, 3)`, or `(batch, T, size, size, 3)` with the fusion `bilstm`; landmarks are `(batch,
        *settings.landmark_shape)`, without NaN.
    """
    images, pictured = _image_branch(vgg16, settings, seed)
    landmarks, traced = _landmark_branch(settings, seed)
    if settings.fusion == "dense":
        traced = keras.layers.GlobalAveragePooling1D(name="landmark_gap")(traced)
    x = keras.layers.Concatenate(name="fusion")([pictured, traced])
    x = _normalize(x, "fusion")
    if settings.fusion == "bilstm":
        x = _read_in_order(x, "fusion", settings.attention, seed)
        x = keras.layers.GlobalAveragePooling1D(name="fusion_gap")(x)
    for width, name in ((FUSION_WIDTH, "fusion_dense"), (EMBEDDING_WIDTH, "embedding")):
        x = _dense(x, width, name, seed)
        x = keras.layers.Dropout(DROPOUT, seed=derive_seed(seed, name, "dropout"), name=f"{name}_dropout")(x)
    return keras.Model([images, landmarks], _outputs(x, classes, seed), name="fusion")


def build_image_branch(vgg16: keras.Model, settings: FusionSettings, classes: int, seed: int) -> keras.Model:
    """Build the picture branch with an output of its own: what is trained first, and what fusion is compared with.

    Returns:
        A model from scaled images `(batch, size, size, 3)` to probabilities. It takes one frame, even where the fused
        network takes several.
    """
    images, x = _image_branch(vgg16, settings.model_copy(update={"fusion": "dense"}), seed)
    return keras.Model(images, _outputs(x, classes, seed), name="image_branch")


def build_landmark_branch(settings: FusionSettings, classes: int, seed: int) -> keras.Model:
    """Build the landmark branch with an output of its own.

    Returns:
        A model from landmarks `(batch, *settings.landmark_shape)` to probabilities.
    """
    landmarks, x = _landmark_branch(settings, seed)
    x = keras.layers.GlobalAveragePooling1D(name="landmark_gap")(x)
    return keras.Model(landmarks, _outputs(x, classes, seed), name="landmark_branch")


def take_branch(fused: keras.Model, branch: keras.Model) -> None:
    """Copy a branch that was trained alone into the fused network, all but its output."""
    for layer in branch.layers:
        if layer.weights and layer.name != "logits":
            fused.get_layer(layer.name).set_weights(layer.get_weights())


def _image_branch(vgg16: keras.Model, settings: FusionSettings, seed: int):
    """VGG16's convolutions, squeeze-and-excitation, average pooling, dense 256; on each frame for `bilstm`."""

    def each(layer: keras.Layer) -> keras.Layer:
        if settings.fusion != "bilstm":
            return layer
        # The wrapper computes in its own dtype, whatever that of the layer is.
        return keras.layers.TimeDistributed(layer, name=layer.name, dtype=layer.dtype_policy)

    size = vgg16.input_shape[1]
    steps = (settings.frames,) if settings.fusion == "bilstm" else ()
    images = keras.Input((*steps, size, size, 3), name="images")
    convolutions = keras.Model(vgg16.input, vgg16.get_layer(CUT).output)
    copy = copied(convolutions, images, wrap=each)
    x = copy.output
    if settings.squeeze_excitation:
        x = keras.layers.Multiply(name="scale")([x, _excitation(x, each, seed)])
    x = each(keras.layers.GlobalAveragePooling2D(name="gap"))(x)
    return copy.input, _dense(x, IMAGE_WIDTH, "image_dense", seed)


def _excitation(x, each, seed: int):
    """Return the weight of each channel, from the channels' means (Hu et al., CVPR 2018)."""
    channels = x.shape[-1]
    mean = each(keras.layers.GlobalAveragePooling2D(keepdims=True, name="squeeze_gap"))(x)
    squeezed = seeded_dense(channels // SQUEEZE_RATIO, seed, "squeeze", "relu")(mean)
    return seeded_dense(channels, seed, "excite", "sigmoid")(squeezed)


def _landmark_branch(settings: FusionSettings, seed: int):
    landmarks = keras.Input(settings.landmark_shape, name="landmarks")
    return landmarks, _read_in_order(landmarks, "landmark", settings.attention, seed)


def _read_in_order(x, name: str, attention: bool, seed: int):
    """Bi-LSTM, batch normalisation, and attention of the sequence to itself."""

    def direction(backwards: bool) -> keras.layers.LSTM:
        own = f"{name}_{'backward' if backwards else 'forward'}"
        return keras.layers.LSTM(
            LSTM_UNITS,
            return_sequences=True,
            go_backwards=backwards,
            kernel_initializer=keras.initializers.GlorotUniform(seed=derive_seed(seed, own, "kernel")),
            recurrent_initializer=keras.initializers.Orthogonal(seed=derive_seed(seed, own, "recurrent")),
            name=own,
        )

    # Left to itself, the wrapper would start both directions with the same weights.
    both = keras.layers.Bidirectional(direction(False), backward_layer=direction(True), name=f"{name}_lstm")
    x = _normalize(both(x), f"{name}_lstm")
    return _attend(x, f"{name}_attention", seed) if attention else x


def _attend(x, name: str, seed: int):
    attention = keras.layers.MultiHeadAttention(HEADS, HEAD_WIDTH, name=name)
    attended = attention(x, x)
    seed_attention(attention, seed)
    return attended


def _dense(x, units: int, name: str, seed: int):
    return _normalize(seeded_dense(units, seed, name, "relu")(x), name)


def _normalize(x, name: str):
    return keras.layers.BatchNormalization(momentum=AVERAGES, name=f"{name}_norm")(x)


def _outputs(x, classes: int, seed: int):
    x = seeded_dense(classes, seed, "logits")(x)
    return keras.layers.Activation("softmax", dtype="float32", name="probabilities")(x)
