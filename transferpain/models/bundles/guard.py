"""Nobody runs code through a model: what a model file may hold, checked before Keras sees it.

Hashes prove that a file is whole, not that it is harmless. So every class, function and module that the file's
configuration names must stand in the lists below (what this project's networks are made of), and its weights must
be plain numbers in the file itself.
"""

import io
import zipfile
from pathlib import Path
from typing import Any, BinaryIO

import h5py
import numpy as np

from transferpain.core.foreign import border, parse_json, read_plain
from transferpain.models.bundles import sizes
from transferpain.models.bundles.manifest import LARGEST_BYTES
from transferpain.models.bundles.sizes import Refused
from transferpain.networks.backbones.registry import BACKBONES
from transferpain.networks.heads.registry import HEADS

MEMBERS = {"config.json", "metadata.json", "model.weights.h5"}
# What the networks that read pictures and landmarks have beyond those of their backbone and of heads.
FUSED_LAYERS = frozenset(
    {"Bidirectional", "Concatenate", "GlobalAveragePooling1D", "MultiHeadAttention", "Multiply", "TimeDistributed"}
)
# What a saved network that reads pictures begins with, see scaling.py.
SCALING_LAYERS = frozenset({"Rescaling"})
LAYERS = FUSED_LAYERS.union(SCALING_LAYERS, *(entry.layers for entry in (*BACKBONES.values(), *HEADS.values())))
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
    # It reverses the channels of pictures.
    ("keras.src.ops.numpy", "Flip", "Flip"),
}
ACTIVATIONS = {"gelu", "linear", "relu", "sigmoid", "silu", "softmax", "tanh"}
# Of single tensors, a mask's among them; and the policy of every layer.
DTYPES = ("float32", "bool")
POLICY = {"name": "float32"}
NAMES_A_CLASS = {"module", "class_name", "registered_name"}
LEFT_OUT = ("constraint", "quantization_config", "compile_config")
# The end of an archive: its mark, its size, and within how many bytes from the end of the file it begins.
END_MARK, END_SIZE, END_BYTES = b"PK\x05\x06", 22, 22 + 65_535
ZIP64_MARK, ZIP64_BYTES = b"PK\x06\x07", 20
LARGEST_TEXT = 16 << 20  # bytes of a configuration or a schema; of ResNet-18, 67,000
MOST_ITEMS = 20_000  # groups and arrays in a file of weights; of ResNet-18, 500
LONGEST_LIST = 1 << 20  # bytes; of a forest of 1,000 trees, 300,000


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


def open_zip(content: bytes) -> zipfile.ZipFile:
    """Open an archive in memory; one whose list of members is longer than any of ours would take minutes to read."""
    check_list_of_members(io.BytesIO(content))
    return zipfile.ZipFile(io.BytesIO(content))


def check_list_of_members(file: BinaryIO) -> None:
    """Refuse an archive whose list of members is longer than `LONGEST_LIST`, before the list is read."""
    size = file.seek(0, io.SEEK_END)
    file.seek(max(0, size - ZIP64_BYTES - END_BYTES))
    tail = file.read()
    end = tail.rfind(END_MARK)
    if end < 0 or len(tail) < end + END_SIZE:
        raise Refused("a file that is not a zip file")
    if ZIP64_MARK in tail[max(0, end - ZIP64_BYTES) : end]:
        raise Refused("an archive in the form for more than 4 GB")
    length = int.from_bytes(tail[end + 12 : end + 16], "little")
    if length > LONGEST_LIST:
        raise Refused(f"a list of members of {length} bytes, longer than {LONGEST_LIST}")


def check_members(archive: zipfile.ZipFile, names: set[str]) -> None:
    """Refuse an archive that holds anything but exactly these files, each once and uncompressed."""
    found = [member.filename for member in archive.infolist()]
    if sorted(found) != sorted(names):
        raise Refused(f"an archive of {', '.join(found) or 'nothing'}, not of {', '.join(sorted(names))}")
    for member in archive.infolist():
        if member.filename.endswith(".json") and member.file_size > LARGEST_TEXT:
            raise Refused(f"{member.filename} of {member.file_size} bytes, more than {LARGEST_TEXT}")
    packed = [member.filename for member in archive.infolist() if member.compress_type != zipfile.ZIP_STORED]
    if packed:
        raise Refused(f"a compressed {packed[0]}, which may expand to any size")


def read_array(content: bytes, kinds: str = "fiu") -> np.ndarray:
    """Read a `.npy` file of plain numbers; numpy's own reader would set aside whatever memory its header asks for.

    Args:
        kinds: the kinds of dtype that it may have; those of all fields, if it has fields.
    """
    stream = io.BytesIO(content)
    if np.lib.format.read_magic(stream) != (1, 0):
        raise Refused("an array in an unknown format")
    shape, by_columns, dtype = np.lib.format.read_array_header_1_0(stream)
    fields = [dtype] if dtype.fields is None else [field for field, *_ in dtype.fields.values()]
    if any(field.fields or field.base.kind not in kinds for field in fields):
        raise Refused(f"an array of {dtype}")
    return np.frombuffer(stream.read(), dtype).reshape(shape, order="F" if by_columns else "C")


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


def check_weights(content: bytes) -> None:
    """Refuse an HDF5 file with links out of it, or with anything but plain numbers stored in it."""
    with h5py.File(io.BytesIO(content), "r") as file:
        _check_group(file, {_address(file)})


def _check_group(group: h5py.Group, seen: set[int]) -> None:
    for name in group:
        where = f"{group.name.rstrip('/')}/{name}"
        link = group.get(name, getlink=True)
        if not isinstance(link, h5py.HardLink):
            raise Refused(f"{type(link).__name__} {where} in the weights, which points elsewhere")
        item = group[name]
        if _address(item) in seen:
            raise Refused(f"{where} in the weights, which stands there twice")
        seen.add(_address(item))
        if len(seen) > MOST_ITEMS:
            raise Refused(f"more than {MOST_ITEMS} groups and arrays in the weights")
        if isinstance(item, h5py.Group):
            _check_group(item, seen)
        elif isinstance(item, h5py.Dataset):
            _check_array(item, where)
        else:
            raise Refused(f"{where} in the weights, which is neither a group nor an array")


def _check_array(array: h5py.Dataset, where: str) -> None:
    if array.external or array.is_virtual:
        raise Refused(f"{where} in the weights, whose numbers stand in another file")
    if array.dtype.kind not in "fiub":
        raise Refused(f"{where} in the weights, which holds {array.dtype}, not numbers")
    if array.id.get_create_plist().get_nfilters() or array.id.get_storage_size() != array.nbytes:
        raise Refused(f"{where} in the weights, which is not stored as it is")


def _address(item: h5py.Group | h5py.Dataset) -> int:
    return h5py.h5o.get_info(item.id).addr
