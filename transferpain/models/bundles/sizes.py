"""How large a network is, told from its configuration before Keras builds anything of it.

A file of a few kilobytes can ask for any number of parameters, and a picture of any size. For every kind of layer that
a bundle may hold there is a rule, here, in `size_rules` or in `size_rules_frames`, which gives the shape of its output
and what it costs; the limits stand below.
"""

import math
from functools import partial
from typing import Any

from transferpain.models.bundles import size_rules, size_rules_frames
from transferpain.models.bundles.size_checks import Cost, Refused, Rule, Shape, biases, only, rank, whole

ANY = 100
MOST_LAYERS = 1_000
# VGG16 on pictures of 224 pixels has 15 million activations and 15 billion products.
MOST_PARAMETERS = 200_000_000
GATES = {"LSTM": 4, "GRU": 3}  # each with a square of recurrent weights
MOST_ORTHOGONAL = 16_000_000  # of a layer; drawing them takes a power of their number
MASKS = {"mask", "value_mask"}  # of what a layer reads, or of what its attention reads
MOST_ACTIVATIONS = 1_000_000_000  # numbers that the layers put out for one row
MOST_PRODUCTS = 600_000_000_000  # multiplications for one row
RULE = (
    f"up to {MOST_LAYERS} layers, {MOST_PARAMETERS // 10**6} million parameters, and for one picture "
    f"{MOST_ACTIVATIONS // 10**6} million activations and {MOST_PRODUCTS // 10**9} billion multiplications"
)


def check_sizes(cost: Cost) -> None:
    """Refuse a network that is larger than the limits."""
    limits = Cost(MOST_PARAMETERS, MOST_ACTIVATIONS, MOST_PRODUCTS)
    for name, most in vars(limits).items():
        if (found := getattr(cost, name)) > most:
            raise Refused(f"a network of {found:.3g} {name}, more than {most}")


def measure(config: dict) -> Cost:
    """Return what a network costs for one row.

    Args:
        config: the content of a `config.json` of a functional model.

    Raises:
        Refused: if it is no such model of layers that are known here, each reading what an earlier one gives.
    """
    parts = config.get("config")
    layers = parts.get("layers") if isinstance(parts, dict) else None
    if not isinstance(layers, list) or len(layers) > MOST_LAYERS:
        raise Refused(f"a model without a list of up to {MOST_LAYERS} layers")
    tensors: dict[tuple, Shape] = {}
    total = Cost()
    for layer in layers:
        total += _add_layer(layer, tensors)
    _check_ends(parts, tensors)
    return total


def input_shapes(config: dict) -> list[tuple[int | None, ...]]:
    """Return the shape of each input of a network that was measured, without its rows; `None` is any number."""
    layers = config["config"]["layers"]
    return [tuple(one["config"]["batch_shape"][1:]) for one in layers if one["class_name"] == "InputLayer"]


def _add_layer(layer: Any, tensors: dict[tuple, Shape]) -> Cost:
    """Measure a layer at each of its uses, and note the shapes that it gives."""
    if not isinstance(layer, dict) or not isinstance(layer.get("name"), str):
        raise Refused("a layer without a name")
    name, nodes, total = layer["name"], layer.get("inbound_nodes"), Cost()
    if (name, 0, 0) in tensors:
        raise Refused(f"two layers of the name {name}")
    if layer.get("class_name") == "InputLayer":
        tensors[name, 0, 0] = _input_shape(_settings(layer))
        return Cost(activations=math.prod(tensors[name, 0, 0]))
    if not isinstance(nodes, list) or not 0 < len(nodes) <= MOST_LAYERS:
        raise Refused(f"a layer {name} that reads nothing")
    for number, node in enumerate(nodes):
        tensors[name, number, 0], cost = _apply(layer, _read_shapes(node, name, tensors))
        total += cost
    return total


def _apply(layer: Any, shapes: list[Shape]) -> tuple[Shape, Cost]:
    """Return the output's shape and the cost of a layer that reads these shapes."""
    kind = layer.get("class_name") if isinstance(layer, dict) else None
    if kind not in RULES or not shapes:
        raise Refused(f"a layer {kind} on {len(shapes)} inputs, whose size no rule in models/bundles/sizes.py tells")
    shape, cost = RULES[kind](_settings(layer), shapes)
    if any(size < 1 for size in shape):
        raise Refused(f"a layer {kind} that turns {shapes} into {shape}")
    only(_settings(layer), lora_rank=(None,))
    for stated in _shapes_in(layer.get("build_config")):
        if tuple(ANY if size is None else size for size in stated[1:]) not in shapes:
            raise Refused(f"a layer {kind} that reads {shapes}, and is to be built for {stated!s:.100}")
    _check_orthogonal(layer, cost)
    return shape, cost + Cost(activations=math.prod(shape))


def _shapes_in(build: Any) -> list[list]:
    """Return the shapes for which Keras builds a layer before it puts it where it reads something."""
    if isinstance(build, list) and not any(isinstance(part, dict | list) for part in build):
        return [build]
    parts = build.values() if isinstance(build, dict) else build if isinstance(build, list) else ()
    return [shape for part in parts for shape in _shapes_in(part)]


def _check_orthogonal(layer: dict, cost: Cost) -> None:
    """Refuse weights that take minutes to draw at random, which Keras does before it reads the right ones."""
    settings = _settings(layer)
    drawn = [value for key, value in settings.items() if key.endswith("initializer") and isinstance(value, dict)]
    if layer["class_name"] in GATES:  # whose default they are, and of whose weights most have another
        orthogonal = GATES[layer["class_name"]] * settings["units"] ** 2
    else:
        orthogonal = cost.parameters if any(value.get("class_name") == "Orthogonal" for value in drawn) else 0
    if orthogonal > MOST_ORTHOGONAL:
        raise Refused(
            f"a layer {layer['class_name']} of {orthogonal:.3g} orthogonal weights, more than {MOST_ORTHOGONAL}"
        )


def _settings(layer: dict) -> dict:
    settings = layer.get("config")
    if not isinstance(settings, dict):
        raise Refused(f"a layer {layer.get('class_name')} without settings")
    return settings


def _input_shape(settings: dict) -> Shape:
    shape = settings.get("batch_shape")
    if not isinstance(shape, list) or not 2 <= len(shape) <= 6 or settings.get("sparse") or settings.get("ragged"):
        raise Refused(f"an input of the shape {shape!s:.100}")
    return tuple(ANY if size is None else whole(size, "batch_shape") for size in shape[1:])


def _read_shapes(node: Any, name: str, tensors: dict[tuple, Shape]) -> list[Shape]:
    """Return the shapes of the tensors that a layer reads at one of its uses; a mask gives none."""
    if not isinstance(node, dict) or not isinstance(node.get("kwargs", {}), dict):
        raise Refused(f"a layer {name} that reads {node!s:.100}")
    aside = {key: value for key, value in node.get("kwargs", {}).items() if isinstance(value, dict | list)}
    if aside.keys() - MASKS:
        raise Refused(f"a layer {name} that reads {', '.join(aside)} beside its input")
    known = partial(_known_shape, name=name, tensors=tensors)
    shapes = [known(part) for part in _tensors_in(node.get("args"))]
    for part in _tensors_in(aside):
        mask = known(part)
        # Keras would spread any other mask, and what it masks with it.
        if not shapes or shapes[-1][: len(mask)] != mask:
            raise Refused(f"a layer {name} that reads {shapes} with a mask {mask}")
    return shapes


def _tensors_in(part: Any) -> list[dict]:
    if isinstance(part, dict) and part.get("class_name") == "__keras_tensor__":
        return [part]
    children = part.values() if isinstance(part, dict) else part if isinstance(part, list) else ()
    return [tensor for child in children for tensor in _tensors_in(child)]


def _known_shape(tensor: dict, name: str, tensors: dict[tuple, Shape]) -> Shape:
    history = _settings(tensor).get("keras_history")
    key = tuple(history) if isinstance(history, list) and all(type(part) in (str, int) for part in history) else ()
    if key not in tensors:
        raise Refused(f"a layer {name} that reads {history!s:.100}, which no earlier layer gives")
    return tensors[key]


def _check_ends(parts: dict, tensors: dict[tuple, Shape]) -> None:
    """Refuse inputs and outputs of the model that no layer gives."""
    for end in ("input_layers", "output_layers"):
        histories = parts.get(end)
        if isinstance(histories, list) and histories and not isinstance(histories[0], list):
            histories = [histories]
        known = isinstance(histories, list) and histories and all(isinstance(one, list) for one in histories)
        if not known or not all(all(type(part) in (str, int) for part in one) for one in histories):
            raise Refused(f"{end} {histories!s:.100}")
        for one in histories:
            if tuple(one) not in tensors:
                raise Refused(f"{end} {one!s:.100}, which no layer gives")


def _same(settings: dict, shapes: list[Shape]) -> tuple[Shape, Cost]:
    only(settings, noise_shape=(None,))
    return rank(shapes, 1), Cost()


def _rescaling(settings: dict, shapes: list[Shape]) -> tuple[Shape, Cost]:
    shape = rank(shapes, 1)
    for key in ("scale", "offset"):
        values = settings.get(key)
        numbers = values if isinstance(values, list) and len(values) == shape[-1] else [values]
        if not all(type(one) in (int, float) and math.isfinite(one) for one in numbers):
            raise Refused(f"{key} {values!s:.100}, which is no number, and not one for each channel")
    return shape, Cost()


def _flip(settings: dict, shapes: list[Shape]) -> tuple[Shape, Cost]:
    if settings.get("axis") != -1:
        raise Refused(f"axis {settings.get('axis')!s:.100}, not -1")
    return rank(shapes, 1), Cost()


def _dense(settings: dict, shapes: list[Shape]) -> tuple[Shape, Cost]:
    *before, width = rank(shapes, 1)
    units = whole(settings.get("units"), "units")
    weights = width * units
    return (*before, units), Cost(weights + biases(settings, units), products=math.prod(before) * weights)


def _element_by_element(settings: dict, shapes: list[Shape]) -> tuple[Shape, Cost]:
    if len({len(shape) for shape in shapes}) != 1:
        raise Refused(f"a layer that reads {shapes}")
    return tuple(max(sizes) for sizes in zip(*shapes, strict=True)), Cost()


def _concatenate(settings: dict, shapes: list[Shape]) -> tuple[Shape, Cost]:
    if len({shape[:-1] for shape in shapes}) != 1:
        raise Refused(f"a layer that reads {shapes}")
    only(settings, axis=(-1, len(shapes[0])))
    return (*shapes[0][:-1], sum(shape[-1] for shape in shapes)), Cost()


def _lstm(settings: dict, shapes: list[Shape]) -> tuple[Shape, Cost]:
    only(settings, unroll=(False,), stateful=(False,), return_state=(False,))
    steps, width = rank(shapes, 1, 2)
    units = whole(settings.get("units"), "units")
    weights = 4 * units * (width + units)
    cost = Cost(weights + biases(settings, 4 * units), steps * 4 * units, steps * weights)
    return ((steps, units) if settings.get("return_sequences") else (units,)), cost


def _both_ways(settings: dict, shapes: list[Shape]) -> tuple[Shape, Cost]:
    only(settings, merge_mode=("concat", "sum"), stateful=(False,))
    forward, cost = _apply(settings.get("layer"), shapes)
    backward, more = _apply(settings.get("backward_layer") or settings.get("layer"), shapes)
    if settings.get("merge_mode") == "sum":
        if forward != backward:
            raise Refused(f"two directions of {forward} and {backward} that are added up")
        return forward, cost + more
    return (*forward[:-1], forward[-1] + backward[-1]), cost + more


def _each_frame(settings: dict, shapes: list[Shape]) -> tuple[Shape, Cost]:
    frames, *shape = rank(shapes, 1)
    inner, cost = _apply(settings.get("layer"), [tuple(shape)])
    return (frames, *inner), Cost(cost.parameters, frames * cost.activations, frames * cost.products)


def _attention(settings: dict, shapes: list[Shape]) -> tuple[Shape, Cost]:
    only(settings, output_shape=(None,), use_gate=(False,), sliding_window=(None,))
    *asked, width = rank(shapes, 2)
    *read, read_width = shapes[1]
    heads, key = (whole(settings.get(name), name) for name in ("num_heads", "key_dim"))
    value = key if settings.get("value_dim") is None else whole(settings["value_dim"], "value_dim")
    # Over the last axis alone each place before it is read by itself; the shapes are the same then.
    axes, last = settings.get("attention_axes"), [len(asked)]
    if axes not in (None, last, list(range(1, len(asked) + 1))) or (axes == last and asked[:-1] != read[:-1]):
        raise Refused(f"attention_axes {axes!s:.100} of {shapes}")
    scores = heads * math.prod(asked) * (read[-1] if axes == last else math.prod(read))
    into, out = heads * (width * key + read_width * (key + value)), heads * value * width
    added = biases(settings, heads * (2 * key + value) + width)
    products = max(math.prod(asked), math.prod(read)) * (into + out) + scores * (key + value)
    kept = heads * (math.prod(asked) * (key + value) + math.prod(read) * (key + value))
    return shapes[0], Cost(into + out + added, 2 * scores + kept, products)


def _einsum(settings: dict, shapes: list[Shape]) -> tuple[Shape, Cost]:
    rule = size_rules.patches if len(rank(shapes, 1)) == 3 else size_rules_frames.positions
    return rule(settings, shapes)


def _any_feature(settings: dict, shapes: list[Shape]) -> tuple[Shape, Cost]:
    only(settings, axis=(-1,), keepdims=(False,))
    return rank(shapes, 1)[:-1], Cost()


RULES: dict[str, Rule] = {
    "Activation": _same,
    "Add": _element_by_element,
    "Any": _any_feature,
    "AveragePooling2D": size_rules.pooling,
    "BatchNormalization": size_rules.normalization,
    "Bidirectional": _both_ways,
    "Concatenate": _concatenate,
    "Conv1D": size_rules_frames.convolution,
    "Conv2D": size_rules.convolution,
    "Conv3D": size_rules.convolution_3d,
    "Cropping2D": size_rules.cropping,
    "Dense": _dense,
    "DepthwiseConv2D": size_rules.depthwise_convolution,
    "Dot": size_rules_frames.weighted_sum,
    "Dropout": _same,
    "EinsumDense": _einsum,
    "Flip": _flip,
    "GRU": size_rules_frames.gated_units,
    "GlobalAveragePooling1D": partial(size_rules.mean, axes=2),
    "GlobalAveragePooling2D": partial(size_rules.mean, axes=3),
    "GlobalMaxPooling1D": partial(size_rules.mean, axes=2),
    "LSTM": _lstm,
    "LayerNormalization": size_rules.layer_normalization,
    "Masking": _same,
    "MaxPooling1D": size_rules_frames.pooling,
    "MaxPooling2D": size_rules.pooling,
    "MaxPooling3D": size_rules.pooling_3d,
    "MultiHeadAttention": _attention,
    "Multiply": _element_by_element,
    "NotEqual": _same,
    "PReLU": size_rules.rectifier,
    "Permute": size_rules.permutation,
    "ReLU": _same,
    "Rescaling": _rescaling,
    "Reshape": size_rules.reshaping,
    "Softmax": size_rules_frames.probabilities,
    "SpatialDropout1D": _same,
    "Sqrt": _same,
    "Subtract": _element_by_element,
    "TimeDistributed": _each_frame,
    "ZeroPadding2D": size_rules.padding,
}
