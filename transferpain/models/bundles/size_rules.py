"""Rules of `sizes` for layers on maps `(height, width, channels)`, and for those that only move numbers."""

import math
from typing import Any

from transferpain.models.bundles.size_checks import Cost, Refused, Shape, biases, only, pair, rank, triple, whole

DILATIONS = range(1, 17)  # ENet has 16


def convolution(settings: dict, shapes: list[Shape]) -> tuple[Shape, Cost]:
    """`Conv2D`, also in groups and dilated."""
    groups = whole(settings.get("groups", 1), "groups")
    filters, channels = whole(settings.get("filters"), "filters"), rank(shapes, 1, 3)[2]
    if channels % groups or filters % groups:
        raise Refused(f"{groups} groups of {channels} channels and {filters} filters")
    weights = math.prod(pair(settings, "kernel_size")) * (channels // groups) * filters
    places = _slide(settings, shapes[0], "kernel_size")
    return (*places, filters), Cost(weights + biases(settings, filters), products=math.prod(places) * weights)


def depthwise_convolution(settings: dict, shapes: list[Shape]) -> tuple[Shape, Cost]:
    """`DepthwiseConv2D`."""
    filters = rank(shapes, 1, 3)[2] * whole(settings.get("depth_multiplier", 1), "depth_multiplier")
    weights = math.prod(pair(settings, "kernel_size")) * filters
    places = _slide(settings, shapes[0], "kernel_size")
    return (*places, filters), Cost(weights + biases(settings, filters), products=math.prod(places) * weights)


def pooling(settings: dict, shapes: list[Shape]) -> tuple[Shape, Cost]:
    """`MaxPooling2D`, `AveragePooling2D`."""
    shape = (*_slide(settings, rank(shapes, 1, 3), "pool_size"), shapes[0][2])
    return shape, Cost(products=math.prod(shape) * math.prod(pair(settings, "pool_size")))


def _slide(settings: dict, shape: Shape, window: str) -> tuple[int, int]:
    """Return at how many places a window stands, down and across."""
    only(settings, data_format=("channels_last",), padding=("same", "valid"))
    dilations = settings.get("dilation_rate", [1, 1])
    if (
        not isinstance(dilations, list)
        or len(dilations) != 2
        or not all(type(one) is int and one in DILATIONS for one in dilations)
    ):
        raise Refused(f"dilation_rate {dilations!s:.100}, which is no pair of numbers up to {DILATIONS[-1]}")
    places = []
    for size, width, step, apart in zip(
        shape, pair(settings, window), pair(settings, "strides"), dilations, strict=False
    ):
        room = size if settings.get("padding") == "same" else size - (width - 1) * apart
        places.append(max(0, -(-room // step)))
    return places[0], places[1]


def convolution_3d(settings: dict, shapes: list[Shape]) -> tuple[Shape, Cost]:
    """`Conv3D` on frames of maps, neither in groups nor dilated."""
    only(settings, groups=(1,), dilation_rate=([1, 1, 1],))
    filters, channels = whole(settings.get("filters"), "filters"), rank(shapes, 1, 4)[3]
    weights = math.prod(triple(settings, "kernel_size")) * channels * filters
    places = _slide_3d(settings, shapes[0], "kernel_size")
    return (*places, filters), Cost(weights + biases(settings, filters), products=math.prod(places) * weights)


def pooling_3d(settings: dict, shapes: list[Shape]) -> tuple[Shape, Cost]:
    """`MaxPooling3D`."""
    shape = (*_slide_3d(settings, rank(shapes, 1, 4), "pool_size"), shapes[0][3])
    return shape, Cost(products=math.prod(shape) * math.prod(triple(settings, "pool_size")))


def _slide_3d(settings: dict, shape: Shape, window: str) -> tuple[int, ...]:
    """Return at how many places a window stands: along time, down and across."""
    only(settings, data_format=("channels_last",), padding=("same", "valid"))
    same = settings.get("padding") == "same"
    sizes = zip(shape, triple(settings, window), triple(settings, "strides"), strict=False)
    return tuple(max(0, -(-(size if same else size - width + 1) // step)) for size, width, step in sizes)


def mean(settings: dict, shapes: list[Shape], axes: int) -> tuple[Shape, Cost]:
    """`GlobalAveragePooling1D`, `GlobalMaxPooling1D` and `GlobalAveragePooling2D`, of so many axes."""
    only(settings, data_format=("channels_last",), keepdims=(True, False))
    channels = rank(shapes, 1, axes)[-1]
    return (*[1] * (axes - 1 if settings.get("keepdims") else 0), channels), Cost()


def normalization(settings: dict, shapes: list[Shape]) -> tuple[Shape, Cost]:
    """`BatchNormalization`: two moving statistics a channel, and what it learns."""
    return _normalized(settings, shapes, 2)


def layer_normalization(settings: dict, shapes: list[Shape]) -> tuple[Shape, Cost]:
    """`LayerNormalization`, which keeps no statistics."""
    only(settings, rms_scaling=(False,))
    return _normalized(settings, shapes, 0)


def _normalized(settings: dict, shapes: list[Shape], kept: int) -> tuple[Shape, Cost]:
    shape = rank(shapes, 1)
    only(settings, axis=(-1, len(shape), [-1]), renorm=(False,), scale=(True, False), center=(True, False))
    learned = settings.get("scale", True) + settings.get("center", True)
    return shape, Cost((kept + learned) * shape[-1])


def rectifier(settings: dict, shapes: list[Shape]) -> tuple[Shape, Cost]:
    """`PReLU` with one slope a channel."""
    channels = rank(shapes, 1, 3)[-1]
    only(settings, shared_axes=([1, 2],))
    if "shared_axes" not in settings:
        raise Refused("a PReLU with a slope for each place")
    return shapes[0], Cost(channels)


def padding(settings: dict, shapes: list[Shape]) -> tuple[Shape, Cost]:
    """`ZeroPadding2D`."""
    return _at_edges(settings, shapes, "padding", 1)


def cropping(settings: dict, shapes: list[Shape]) -> tuple[Shape, Cost]:
    """`Cropping2D`."""
    return _at_edges(settings, shapes, "cropping", -1)


def _at_edges(settings: dict, shapes: list[Shape], key: str, sign: int) -> tuple[Shape, Cost]:
    only(settings, data_format=("channels_last",))
    height, width, channels = rank(shapes, 1, 3)
    edges = settings.get(key)
    if not isinstance(edges, list) or [len(one) if isinstance(one, list) else 0 for one in edges] != [2, 2]:
        raise Refused(f"{key} {edges!s:.100}, which is no pair of pairs")
    down, across = (sum(_at_least_0(one, key) for one in pair_of) for pair_of in edges)
    return (height + sign * down, width + sign * across, channels), Cost()


def _at_least_0(value: Any, key: str) -> int:
    if type(value) is not int or value < 0:
        raise Refused(f"{key} {value!s:.100}, which is no number from 0 on")
    return value


def permutation(settings: dict, shapes: list[Shape]) -> tuple[Shape, Cost]:
    """`Permute`."""
    shape, order = rank(shapes, 1), settings.get("dims")
    if not isinstance(order, list) or sorted(map(str, order)) != sorted(str(one + 1) for one in range(len(shape))):
        raise Refused(f"dims {order!s:.100} of {len(shape)} axes")
    return tuple(shape[one - 1] for one in order), Cost()


def reshaping(settings: dict, shapes: list[Shape]) -> tuple[Shape, Cost]:
    """`Reshape`, of which one axis may be left open."""
    shape, target = rank(shapes, 1), settings.get("target_shape")
    if not isinstance(target, list) or not 0 < len(target) <= 6:
        raise Refused(f"target_shape {target!s:.100}")
    known = math.prod(whole(one, "target_shape") for one in target if one != -1)
    if target.count(-1) > 1 or math.prod(shape) % known:
        raise Refused(f"a layer that reads {shape}, and is to give {target}")
    given = tuple(math.prod(shape) // known if one == -1 else one for one in target)
    if math.prod(given) != math.prod(shape):
        raise Refused(f"a layer that reads {shape}, and is to give {target}")
    return given, Cost()


def patches(settings: dict, shapes: list[Shape]) -> tuple[Shape, Cost]:
    """`EinsumDense` as a dense layer on each place of maps, with a bias of its own for each place, or each column."""
    only(settings, equation=("bhwc,cd->bhwd",), bias_axes=("hwd", "wd"))
    if "equation" not in settings or "bias_axes" not in settings:
        raise Refused("an EinsumDense without equation and bias_axes")
    height, width, channels = rank(shapes, 1, 3)
    output = settings.get("output_shape")
    if not isinstance(output, list) or output[:2] != [height, width] or len(output) != 3:
        raise Refused(f"output_shape {output!s:.100}")
    shape = (height, width, whole(output[2], "output_shape"))
    weights, rows = channels * shape[2], height if settings["bias_axes"] == "hwd" else 1
    return shape, Cost(weights + rows * width * shape[2], products=height * width * weights)
