"""Mean, maximum and standard deviation of a window's features: what is known without the order of its frames."""

from typing import TYPE_CHECKING, Literal

from transferpain.networks.heads.base import Fitted, HeadSettings, HeadTraining, Reads, Rows
from transferpain.networks.heads.frames import (
    answer,
    equal_weights,
    normalized,
    weighted_mean,
    window_input,
    zeroed,
)

if TYPE_CHECKING:
    import keras


class StatisticsSettings(HeadSettings):
    """Mean, maximum and standard deviation over the window's frames, and one linear layer."""

    kind: Literal["statistics"]


class Statistics:
    """The head `statistics`, see `build_statistics`."""

    name = "statistics"
    Settings = StatisticsSettings
    reads: Reads = "window"
    steps = ("batch normalisation",)
    layers = frozenset(
        {
            "InputLayer",
            "BatchNormalization",
            "Rescaling",
            "Softmax",
            "Dot",
            "Reshape",
            "Subtract",
            "Multiply",
            "GlobalMaxPooling1D",
            "Add",
            "Concatenate",
            "Dense",
            "Activation",
        }
    )
    estimators = frozenset()
    rows_per_second = 9_000.0

    def fit(self, settings: StatisticsSettings, training: HeadTraining, train: Rows, selection: Rows) -> Fitted:
        from transferpain.networks.heads.keras_head import fit_network

        def build(seed: int) -> "keras.Model":
            return build_statistics(training.frames, training.dimension, training.classes, seed)

        return fit_network(build, settings, training, train, selection)


STATISTICS = Statistics()


def build_statistics(length: int, dimension: int, classes: int, seed: int) -> "keras.Model":
    """Build a linear softmax layer on the mean, the maximum and the standard deviation of each feature over time.

    Features are normalised before, by what the training frames have: that learns nothing. Of `3 D K + K` parameters
    all are trained, and `2 D` are averages of the normalisation. A frame without a face counts in none of the three;
    a window of such frames alone has zeros in their place. The standard deviation is that of the frames (divided by
    their number).

    Args:
        length: frames of a window, T.
        dimension: number of features of a frame, D.
        classes: number of classes, K.
        seed: seeds the initial weights.

    Returns:
        A model from float32 `(batch, length, dimension)` to probabilities, float32 `(batch, classes)`.
    """
    import keras

    features, shown = window_input(length, dimension)
    # Where no face is shown stands what the averages make of 0, which is no feature of anything.
    x = zeroed(normalized(features, shown, "norm", learned=False), shown, "faces")
    weights = equal_weights(shown)
    mean = weighted_mean(x, weights, "mean")
    around = keras.layers.Subtract(name="from_mean")([x, keras.layers.Reshape((1, dimension), name="centre")(mean)])
    around = zeroed(around, shown, "around")
    squares = keras.layers.Multiply(name="squares")([around, around])
    deviation = keras.ops.sqrt(weighted_mean(squares, weights, "variance"))
    # What varies around a mean is somewhere 0 or above it: the zeros of frames without a face are no maximum.
    above = keras.layers.GlobalMaxPooling1D(name="above_mean")(around)
    maximum = keras.layers.Add(name="maximum")([mean, above])
    x = keras.layers.Concatenate(name="statistics")([mean, maximum, deviation])
    return keras.Model(features, answer(x, classes, seed), name="statistics")
