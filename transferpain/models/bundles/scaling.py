"""Scaling as layers of a saved network: it takes RGB pixels 0 to 255, whatever its backbone was trained on.

A network is trained on scaled pictures (`preprocessing.scale_pixels`). Saved, it begins with `scaling`, a core layer of
Keras, and for `caffe` with `scaling_order` behind it, which reverses the channels: whoever loads the file gives it the
pixels as they are. What is trained further, and what features are made by, is the network without them.

Both are put on, and taken off, in the configuration in a `.keras` file: weights, their names and their hash stay.
"""

import io
import json
import zipfile
from collections.abc import Callable
from typing import TYPE_CHECKING

from transferpain.models.bundles.sizes import Refused
from transferpain.models.sources.preprocessing import CAFFE_MEAN, TORCH_DEVIATION, TORCH_MEAN
from transferpain.networks.backbones.base import SCALING

if TYPE_CHECKING:
    import keras

ORDER = f"{SCALING}_order"
CONFIG = "config.json"
ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)
# Of `Preprocessing.scaling`: by what each channel is multiplied, and what is added to it, in the order of RGB.
RESCALING = {
    "unit": (1 / 255, 0.0),
    "symmetric": (1 / 127.5, -1.0),
    "caffe": (1.0, [-float(mean) for mean in CAFFE_MEAN[::-1]]),
    "torch": (
        [1 / (255 * float(deviation)) for deviation in TORCH_DEVIATION],
        [-float(mean / deviation) for mean, deviation in zip(TORCH_MEAN, TORCH_DEVIATION, strict=True)],
    ),
}
FLOAT32 = {"module": "keras", "class_name": "DTypePolicy", "config": {"name": "float32"}, "registered_name": None}


def with_scaling(config: dict, scaling: str) -> dict:
    """Return the configuration of a network that takes pixels.

    Args:
        config: of a functional model that takes scaled pictures, `config.json` of its file; one that reads no pictures
            comes back as it is.
        scaling: a key of `RESCALING`.

    Raises:
        Refused: if there is no such scaling, a layer has a name of those that are put on, or pictures are read by
            several inputs.
    """
    layers = config["config"]["layers"]
    inputs = [layer for layer in layers if _reads_pictures(layer)]
    if not inputs:
        return config
    if scaling not in RESCALING:
        raise Refused(f"the scaling {scaling!s:.100}, not {', '.join(RESCALING)}")
    if len(inputs) > 1 or any(layer["name"] in (SCALING, ORDER) for layer in layers):
        raise Refused(f"a network with {len(inputs)} inputs of pictures, or a layer {SCALING} before it is put on")
    pictures = inputs[0]
    shape, dtype = pictures["config"]["batch_shape"], pictures["config"]["dtype"]
    added = [_rescaling(scaling, shape, _node(shape, dtype, pictures["name"]))]
    if scaling == "caffe":
        added.append(_order(_node(shape, dtype, SCALING)))
    place = layers.index(pictures) + 1
    moved = [_reading(layer, {pictures["name"]: added[-1]["name"]}) for layer in layers]
    return config | {"config": config["config"] | {"layers": [*moved[:place], *added, *moved[place:]]}}


def without_scaling(config: dict) -> dict:
    """Return the configuration of the network behind `with_scaling`; one without these layers comes back as it is."""
    layers = config["config"]["layers"]
    pictures = next((layer["name"] for layer in layers if _reads_pictures(layer)), None)
    if pictures is None or all(layer["name"] != SCALING for layer in layers):
        return config
    kept = [layer for layer in layers if layer["name"] not in (SCALING, ORDER)]
    moved = [_reading(layer, dict.fromkeys((SCALING, ORDER), pictures)) for layer in kept]
    return config | {"config": config["config"] | {"layers": moved}}


def check_scaling(config: dict, scaling: str) -> None:
    """Refuse a network that does not begin with the scaling that its bundle states.

    Raises:
        Refused: if it does not.
    """
    if with_scaling(without_scaling(config), scaling) != config:
        raise Refused(f"a network that does not begin with a layer {SCALING} for the scaling `{scaling!s:.20}`")


def pixel_model(model: "keras.Model", scaling: str) -> "keras.Model":
    """Return a copy of a network on scaled pictures that takes pixels, as `read_bundle` gives it of a saved one."""
    import keras

    copy = keras.models.model_from_json(json.dumps(with_scaling(json.loads(model.to_json()), scaling)))
    copy.set_weights(model.get_weights())
    return copy


def change_config(content: bytes, change: Callable[[dict], dict]) -> bytes:
    """Return a `.keras` file with another configuration.

    Args:
        content: a file that was checked.
        change: takes the configuration, returns the new one.
    """
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    members[CONFIG] = json.dumps(change(json.loads(members[CONFIG]))).encode()
    return stored(members)


def stored(members: dict[str, bytes]) -> bytes:
    """Return a zip file of members as they are, without times: the same members give the same bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name, ZIP_EPOCH), content)
    return buffer.getvalue()


def _reads_pictures(layer: dict) -> bool:
    shape = layer["config"].get("batch_shape") if layer["class_name"] == "InputLayer" else None
    return shape is not None and len(shape) >= 4 and shape[-1] == 3


def _rescaling(scaling: str, shape: list[int | None], node: dict) -> dict:
    scale, offset = RESCALING[scaling]
    return {
        "module": "keras.layers",
        "class_name": "Rescaling",
        "config": {"name": SCALING, "trainable": True, "dtype": FLOAT32, "scale": scale, "offset": offset},
        "registered_name": None,
        "build_config": {"input_shape": shape},
        "name": SCALING,
        "inbound_nodes": [node],
    }


def _order(node: dict) -> dict:
    return {
        "module": "keras.src.ops.numpy",
        "class_name": "Flip",
        "config": {"name": ORDER, "axis": -1},
        "registered_name": "Flip",
        "name": ORDER,
        "inbound_nodes": [node],
    }


def _node(shape: list[int | None], dtype: str, name: str) -> dict:
    """Return how a layer reads the tensor that the layer of a name gives."""
    tensor = {"shape": shape, "dtype": dtype, "keras_history": [name, 0, 0]}
    return {"args": [{"class_name": "__keras_tensor__", "config": tensor}], "kwargs": {}}


def _reading(layer: dict, others: dict[str, str]) -> dict:
    """Return a layer that reads, in the place of what some layers give, what others do."""

    def moved(part):
        if isinstance(part, list):
            return [moved(one) for one in part]
        if not isinstance(part, dict):
            return part
        changed = {key: moved(value) for key, value in part.items()}
        history = part.get("keras_history")
        if isinstance(history, list) and history and history[0] in others:
            changed["keras_history"] = [others[history[0]], *history[1:]]
        return changed

    return layer | {"inbound_nodes": moved(layer["inbound_nodes"])}
