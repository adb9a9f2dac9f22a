"""Rules of `sizes` for layers on frames in their order, `(frames, channels)`."""

import math

from transferpain.models.bundles.size_checks import Cost, Refused, Shape, biases, only, rank, whole

MOST_APART = 512  # frames between two that a convolution looks at, as far as the head `tcn` goes


def convolution(settings: dict, shapes: list[Shape]) -> tuple[Shape, Cost]:
    """`Conv1D` with a step of 1, also dilated; where it is causal, what is put before the first frame is kept too."""
    only(settings, data_format=("channels_last",), strides=(1, [1]), groups=(1,), padding=("causal", "same", "valid"))
    frames, channels = rank(shapes, 1, 2)
    filters = whole(settings.get("filters"), "filters")
    width, apart = _one(settings, "kernel_size"), _one(settings, "dilation_rate", 1)
    if apart > MOST_APART:
        raise Refused(f"dilation_rate {apart}, more than {MOST_APART}")
    before = (width - 1) * apart
    places = max(0, frames - before) if settings.get("padding", "valid") == "valid" else frames
    weights = width * channels * filters
    return (places, filters), Cost(weights + biases(settings, filters), (frames + before) * channels, places * weights)


def pooling(settings: dict, shapes: list[Shape]) -> tuple[Shape, Cost]:
    """`MaxPooling1D`."""
    only(settings, data_format=("channels_last",), padding=("same", "valid"))
    frames, channels = rank(shapes, 1, 2)
    width, step = _one(settings, "pool_size"), _one(settings, "strides")
    room = frames if settings.get("padding") == "same" else frames - width + 1
    places = max(0, -(-room // step))
    return (places, channels), Cost(products=places * channels * width)


def _one(settings: dict, key: str, default: int | None = None) -> int:
    """Return a number from 1 on that Keras writes as a list of one."""
    value = settings.get(key, default)
    return whole(value[0] if isinstance(value, list) and len(value) == 1 else value, key)


def gated_units(settings: dict, shapes: list[Shape]) -> tuple[Shape, Cost]:
    """`GRU`, whose recurrent product has biases of its own where the reset gate stands behind it."""
    only(settings, unroll=(False,), stateful=(False,), return_state=(False,), reset_after=(True,))
    frames, width = rank(shapes, 1, 2)
    units = whole(settings.get("units"), "units")
    weights = 3 * units * (width + units)
    cost = Cost(weights + biases(settings, 6 * units), frames * 3 * units, frames * weights)
    return ((frames, units) if settings.get("return_sequences") else (units,)), cost


def weighted_sum(settings: dict, shapes: list[Shape]) -> tuple[Shape, Cost]:
    """`Dot` of frames with one weight for each of them."""
    if settings.get("axes") != 1 or settings.get("normalize"):
        raise Refused(f"axes {settings.get('axes')!s:.100}, not 1, or normalize")
    shape = rank(shapes, 2, 2)
    if shapes[1] != shape[:1]:
        raise Refused(f"a layer that reads {shapes}")
    return shape[1:], Cost(products=math.prod(shape))


def positions(settings: dict, shapes: list[Shape]) -> tuple[Shape, Cost]:
    """`EinsumDense` as a factor for each channel, with a bias of its own for each frame."""
    if (settings.get("equation"), settings.get("bias_axes")) != ("btd,d->btd", "td"):
        raise Refused(f"equation {settings.get('equation')!s:.100}, bias_axes {settings.get('bias_axes')!s:.100}")
    shape = rank(shapes, 1, 2)
    if settings.get("output_shape") != list(shape):
        raise Refused(f"output_shape {settings.get('output_shape')!s:.100}")
    return shape, Cost(shape[1] + math.prod(shape), products=math.prod(shape))


def probabilities(settings: dict, shapes: list[Shape]) -> tuple[Shape, Cost]:
    """`Softmax` over the last axis."""
    only(settings, axis=(-1, [-1]))
    return rank(shapes, 1), Cost()
