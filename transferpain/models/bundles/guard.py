"""Nobody runs code through a model: what a model file may hold, checked before Keras sees it.

Hashes prove that a file is whole, not that it is harmless. So every class, function and module that the file's
configuration names must stand in the lists below (what this project's networks are made of), and its weights must
be plain numbers in the file itself.
"""

from pathlib import Path
from typing import Any

from transferpain.core.foreign import border, parse_json, read_plain
from transferpain.models.bundles import sizes
from transferpain.models.bundles.containers import check_members, check_weights, open_zip
from transferpain.models.bundles.manifest import LARGEST_BYTES
from transferpain.models.bundles.sizes import Refused
from transferpain.networks.backbones.registry import BACKBONES
from transferpain.networks.clips.registry import CLIP_NETWORKS
from transferpain.networks.heads.registry import HEADS
from transferpain.networks.outputs.registry import OUTPUTS

MEMBERS = {"config.json", "metadata.json", "model.weights.h5"}
# What the networks that read pictures and landmarks have beyond those of their backbone and of heads.
FUSED_LAYERS = frozenset(
    {"Bidirectional", "Concatenate", "GlobalAveragePooling1D", "MultiHeadAttention", "Multiply", "TimeDistributed"}
)
# What a saved network that reads pictures begins with, see scaling.py.
SCALING_LAYERS = frozenset({"Rescaling"})
ENTRIES = (*BACKBONES.values(), *CLIP_NETWORKS.values(), *HEADS.values(), *OUTPUTS.values())
LAYERS = FUSED_LAYERS.union(SCALING_LAYERS, *(entry.layers for entry in ENTRIES))
INITIALIZERS = ("GlorotUniform", "HeNormal", "Ones", "Orthogonal", "RandomNormal", "VarianceScaling", "Zeros")
REGULARIZERS = ("L1", "L1L2", "L2")
# (module, class_name, registered_name), exactly as Keras writes them.
CLASSES = {
    ("keras.src.models.functional", "Functional", "Functional"),
    (None, "__keras_tensor__", None),
    ("keras", "DTypePolicy", None),
    *(("keras.layers", name, None) for name in LAYERS),
    *(("keras.initializers", name, None) for name in INITIALIZERS),
    *(("keras.regularizers", name, None) for name in REGULARIZERS),
    # Keras computes the mask of a Masking layer by two operations.
    ("keras.src.ops.numpy", "NotEqual", "NotEqual"),
    ("keras.src.ops.numpy", "Any", "Any"),
    # The head `statistics` takes the root of a variance.
    ("keras.src.ops.numpy", "Sqrt", "Sqrt"),
    # One reverses the channels of pictures.
    ("keras.src.ops.numpy", "Flip", "Flip"),
}
ACTIVATIONS = {"exponential", "gelu", "linear", "log_sigmoid", "relu", "sigmoid", "silu", "softmax", "softplus", "tanh"}
# Of single tensors, a mask's among them; and the policy of every layer.
DTYPES = ("float32", "bool")
POLICY = {"name": "float32"}
NAMES_A_CLASS = {"module", "class_name", "registered_name"}
LEFT_OUT = ("constraint", "quantization_config", "compile_config")


def check_model_file(path: Path) -> None:
    """Check a `.keras` file without loading it.

    Raises:
        UserError: if it is not such a file, names anything that is not on the lists, or has weights that are not
            plain numbers of its own.
    """
    check_model(read_plain(path, LARGEST_BYTES), path)


def check_model(content: bytes, path: Path) -> list[tuple[int | None, ...]]:
    """Check what stands in a `.keras` file; as `check_model_file`.

    Args:
        content: all of the file.
        path: where it stands, for the message.

    Returns:
        The shape of each input, without its rows.
    """
    with border(
        f"The model {path} is refused, and was not loaded.",
        rule="A shared model is a .keras file of core Keras layers, with named activations and its own weights, "
        f"{sizes.RULE}.",
        todo="Ask whoever gave it to you for a model without code in it.",
    ):
        with open_zip(content) as archive:
            check_members(archive, MEMBERS)
            config = parse_json(archive.read("config.json"))
            weights = archive.read("model.weights.h5")
        check_config(config)
        check_weights(weights)
        return sizes.input_shapes(config)


def check_config(config: Any) -> None:
    """Refuse a configuration that names a class, function or activation that is not on the lists, or is too large."""
    if not isinstance(config, dict) or config.get("class_name") != "Functional":
        raise Refused("a model that is no functional Keras model")
    _check_part(config, "model")
    _check_numbering(config)
    sizes.check_sizes(sizes.measure(config))


def _check_part(part: Any, where: str) -> None:
    if isinstance(part, list):
        for element in part:
            _check_part(element, where)
    if not isinstance(part, dict):
        return
    where = str(part.get("name") or where)
    if NAMES_A_CLASS & part.keys():
        named = tuple(part.get(key) for key in ("module", "class_name", "registered_name"))
        if not all(isinstance(name, str | None) for name in named) or named not in CLASSES:
            module, name, registered = named
            raise Refused(f"{module}.{name} (registered as {registered}) in {where}, which is not on the list")
    for key, value in part.items():
        _check_value(key, value, where)
        _check_part(value, where)


def _check_numbering(config: dict) -> None:
    """Refuse two different objects of one number: Keras would put the first of them where the other stands."""
    known: dict[Any, dict] = {}
    waiting: list[Any] = [config]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            if "shared_object_id" in part and known.setdefault(part["shared_object_id"], part) != part:
                raise Refused(f"two different objects of the number {part['shared_object_id']!s:.40}")
            waiting += part.values()
        elif isinstance(part, list):
            waiting += part


def _check_value(key: str, value: Any, where: str) -> None:
    named = value.get("config", {}) if isinstance(value, dict) else {}
    if key == "dtype" and value not in DTYPES and not (isinstance(named, dict) and named == POLICY):
        raise Refused(f"the dtype {value!s:.100} in {where}, which is not on the list")
    if key.endswith("activation") and not (isinstance(value, str) and value in ACTIVATIONS):
        raise Refused(f"the activation {value!r} in {where}, which is not on the list")
    # Spelt out, a class is checked as any other is; by its bare name Keras would look it up elsewhere.
    spelt_out = value is None or (isinstance(value, dict) and value.keys() >= NAMES_A_CLASS)
    if key.endswith(("initializer", "regularizer")) and not spelt_out:
        raise Refused(f"the {key} {value!r} in {where}, which is not on the list")
    if key.endswith(LEFT_OUT) and value not in (None, {}):
        raise Refused(f"a {key} in {where}; a shared model has none")
