"""A bidirectional LSTM whose states are pooled by attention (Zhou et al. 2016, ACL, P16-2034)."""

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from transferpain.core.seeds import derive_seed
from transferpain.networks.heads.base import Fitted, HeadSettings, HeadTraining, Reads, Rows
from transferpain.networks.heads.frames import answer, normalized, weighted_mean, window_input, zeroed

if TYPE_CHECKING:
    import keras


class BilstmAttentionSettings(HeadSettings):
    """A bidirectional LSTM on the window's frames, pooled by attention (Zhou et al. 2016).

    Attributes:
        units: of the LSTM, in each direction.
        dropout: share of numbers that are left out of the pooled state in a step of training.
    """

    kind: Literal["bilstm_attention"]
    units: int = Field(32, ge=1, le=256)
    dropout: float = Field(0.3, ge=0, lt=1)


class BilstmAttention:
    """The head `bilstm_attention`, see `build_bilstm_attention`."""

    name = "bilstm_attention"
    Settings = BilstmAttentionSettings
    reads: Reads = "window"
    steps = ("batch normalisation",)
    layers = frozenset(
        {
            "InputLayer",
            "BatchNormalization",
            "Bidirectional",
            "Multiply",
            "Activation",
            "Dense",
            "Reshape",
            "Softmax",
            "Dot",
            "Dropout",
        }
    )
    estimators = frozenset()
    rows_per_second = 1_600.0

    def fit(self, settings: BilstmAttentionSettings, training: HeadTraining, train: Rows, selection: Rows) -> Fitted:
        from transferpain.networks.heads.keras_head import fit_network

        def build(seed: int) -> "keras.Model":
            return build_bilstm_attention(training.frames, training.dimension, training.classes, seed, settings)

        return fit_network(build, settings, training, train, selection)


BILSTM_ATTENTION = BilstmAttention()


def build_bilstm_attention(
    length: int, dimension: int, classes: int, seed: int, settings: BilstmAttentionSettings
) -> "keras.Model":
    """Build the Bi-LSTM with attention of Zhou et al. 2016 on features in the place of words.

    The states of both directions are added up, `H`; the weights of the frames are `a = softmax(w' tanh(H))`, over the
    frames that show a face alone; the softmax layer reads `tanh(H a)` (their equations 8 to 12). It is the additive
    attention of Bahdanau et al. 2015 (arXiv 1409.0473) without a decoder that asks. That features are normalised
    before, and that dropout stands behind the pooling alone, is our choice.

    The LSTM has `2 * 4 u (D + u + 1)` parameters, the attention `u`, the output `K (u + 1)`, the normalisation `4 D`.
    The layer `attention` gives the weights, float32 `(batch, length)`.

    Args:
        length: frames of a window, T.
        dimension: number of features of a frame, D.
        classes: number of classes, K.
        seed: seeds the initial weights and the dropout.
        settings: units, u, and dropout.

    Returns:
        A model from float32 `(batch, length, dimension)` to probabilities, float32 `(batch, classes)`.
    """
    import keras

    features, shown = window_input(length, dimension)
    x = normalized(features, shown, "norm")
    forward, backward = (_direction(settings.units, backwards, seed) for backwards in (False, True))
    # Left to itself, the wrapper would start both directions with the same weights.
    both = keras.layers.Bidirectional(forward, backward_layer=backward, merge_mode="sum", name="bilstm")
    states = zeroed(both(x, mask=shown), shown, "states")
    scores = keras.layers.Dense(
        1,
        use_bias=False,
        kernel_initializer=keras.initializers.GlorotUniform(seed=derive_seed(seed, "scores")),
        name="scores",
    )(keras.layers.Activation("tanh", name="bent")(states))
    scores = keras.layers.Reshape((length,), name="score_of_frame")(scores)
    weights = keras.layers.Softmax(name="attention")(scores, mask=shown)
    x = keras.layers.Activation("tanh", name="pooled_bent")(weighted_mean(states, weights, "pooled"))
    x = keras.layers.Dropout(settings.dropout, seed=derive_seed(seed, "dropout"), name="dropout")(x)
    return keras.Model(features, answer(x, classes, seed), name="bilstm_attention")


def _direction(units: int, backwards: bool, seed: int) -> "keras.layers.LSTM":
    import keras

    name = "backward" if backwards else "forward"
    return keras.layers.LSTM(
        units,
        return_sequences=True,
        go_backwards=backwards,
        kernel_initializer=keras.initializers.GlorotUniform(seed=derive_seed(seed, name, "kernel")),
        recurrent_initializer=keras.initializers.Orthogonal(seed=derive_seed(seed, name, "recurrent")),
        use_cudnn=False,  # it accepts masks at the end of a sequence only, and a face may be missing anywhere
        name=name,
    )
