"""Models that somebody else made: archives, manifests, and each file of a bundle."""

import io
import json
import shutil
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np

from tests.fuzz.mutations import other_byte, other_number, other_text
from tests.fuzz.reader import Choices, Reader, of_file
from transferpain.core.errors import UserError
from transferpain.models.bundles.archive import unpack_archive
from transferpain.models.bundles.bundle import read_settings
from transferpain.models.bundles.guard import check_model_file
from transferpain.models.bundles.manifest import MANIFEST, Contents, load_manifest, read_manifest, write_manifest
from transferpain.models.bundles.probe import read_probe
from transferpain.models.bundles.sklearn_part import check_part
from transferpain.models.bundles.training_log import read_log
from transferpain.models.sources.preprocessing import stated_preprocessing

TENSOR = {"class_name": "__keras_tensor__", "config": {"shape": [None, 3], "keras_history": ["features", 0, 0]}}
INPUT = {
    "module": "keras.layers",
    "class_name": "InputLayer",
    "registered_name": None,
    "config": {"name": "features", "batch_shape": [None, 3]},
    "name": "features",
    "inbound_nodes": [],
}
DENSE = {
    "module": "keras.layers",
    "class_name": "Dense",
    "registered_name": None,
    "config": {"name": "logits", "units": 2, "activation": "linear"},
    "name": "logits",
    "inbound_nodes": [{"args": [TENSOR], "kwargs": {}}],
}
CONFIG = {
    "module": "keras.src.models.functional",
    "class_name": "Functional",
    "registered_name": "Functional",
    "config": {
        "name": "small",
        "layers": [INPUT, DENSE],
        "input_layers": [["features", 0, 0]],
        "output_layers": [["logits", 0, 0]],
    },
}
SCALER = {
    "__class__": "ndarray",
    "__module__": "numpy",
    "__loader__": "NdArrayNode",
    "type": "numpy",
    "file": "1.npy",
    "__id__": 1,
}
PART = {"__class__": "list", "__module__": "builtins", "__loader__": "ListNode", "content": [SCALER], "protocol": 2}
PREPROCESSING = b'{"size": 32, "scaling": "unit", "detector": "mediapipe", "margin": 0.25}'
TRAINING = (
    b'{"epochs": [{"epoch": 1, "phase": "", "loss": 0.7, "val_loss": 0.8, "val_accuracy": 0.5, "learning_rate": 0.01}]}'
)
FACTS = {
    "synthetic": True,
    "weights_hash": "0" * 64,
    "versions": {"keras": "3"},
    "parents": ["1" * 64],
    "experiment": "a",
}


def npy(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


def hdf5() -> bytes:
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        file["layers/logits/vars/0"] = np.arange(6, dtype=np.float32).reshape(3, 2)
    return buffer.getvalue()


def zipped(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content)
    return buffer.getvalue()


def member_of(name: str, others: dict[str, bytes], read: Callable[[Path], object]) -> Callable[[Path, bytes], object]:
    """Return a reader of an archive of which one member is the content: its checksum always fits."""

    def write_and_read(folder: Path, content: bytes) -> object:
        (folder / "file").write_bytes(zipped({**others, name: content}))
        return read(folder / "file")

    return write_and_read


KERAS = {"config.json": json.dumps(CONFIG).encode(), "metadata.json": b"{}", "model.weights.h5": hdf5()}
PARTS = {"schema.json": json.dumps(PART).encode(), "1.npy": npy(np.arange(3.0))}
PROBE = {"inputs.npy": npy(np.ones((3, 4), np.float16)), "outputs.npy": npy(np.full((3, 2), 0.5, np.float32))}


def model(path: Path) -> object:
    return check_model_file(path) or path.read_bytes()


def part(path: Path) -> object:
    return check_part(path.read_bytes(), path) or path.read_bytes()


def held(name: str, content: bytes) -> Contents:
    """Return a bundle in memory that holds one file."""
    return Contents(Path("bundle"), {}, "", {name: content})


def probe(path: Path) -> object:
    inputs, outputs = read_probe(held("probe.npz", path.read_bytes()))
    return [(one.dtype.str, one.shape, one.tobytes()) for one in (*inputs, outputs)]


def manifest_in(folder: Path, content: bytes) -> object:
    prepare(folder)
    (folder / "bundle" / MANIFEST).write_bytes(content)
    return json.dumps(read_manifest(folder / "bundle"))


def vouched(folder: Path, content: bytes) -> object:
    """Read a manifest whose checksum fits whatever else stands in it."""
    prepare(folder)
    path = folder / "bundle" / MANIFEST
    try:
        facts = dict(json.loads(content))
    except (ValueError, TypeError, RecursionError):
        raise UserError("No manifest can be made of it.") from None
    write_manifest(folder / "bundle", facts)
    path.write_text(json.dumps(json.loads(path.read_text())))
    return json.dumps(load_manifest(folder / "bundle"))


def prepare(folder: Path) -> None:
    bundle = folder / "bundle"
    bundle.mkdir(exist_ok=True)
    for name, content in {"model.keras": b"m", "preprocess.json": PREPROCESSING, "labels.json": b'["a", "b"]'}.items():
        (bundle / name).write_bytes(content)
    write_manifest(bundle, FACTS)


def settings(folder: Path, content: bytes) -> object:
    contents = held("preprocess.json", content)
    contents.files["labels.json"] = b'["none", "pain"]'
    preprocessing, labels = read_settings(contents)
    return stated_preprocessing(preprocessing, contents.folder), labels


def log(folder: Path, content: bytes) -> object:
    return read_log(held("training.json", content))


def unpacked(folder: Path, content: bytes) -> object:
    (folder / "a.zip").write_bytes(content)
    target = folder / "unpacked"
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir()
    unpack_archive(folder / "a.zip", target)
    return {path.relative_to(target): path.read_bytes() for path in target.rglob("*") if path.is_file()}


def written_manifest() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        prepare(Path(folder))
        return (Path(folder) / "bundle" / MANIFEST).read_bytes()


def change_outputs(choices: Choices, seed: bytes) -> bytes:
    """Give other answers, in an archive whose checksums fit."""
    return zipped({**PROBE, "outputs.npy": change_numbers(choices, PROBE["outputs.npy"])})


def change_numbers(choices: Choices, seed: bytes) -> bytes:
    """Change one of the numbers behind the header."""
    start = len(seed) - 24
    return seed[:start] + other_byte(choices, seed[start:])


READERS = (
    Reader(
        "manifest",
        (written_manifest(),),
        manifest_in,
        lambda choices, seed: other_text(
            choices,
            seed,
            {
                b'"synthetic": true': (b'"synthetic": false', b'"synthetic": 1'),
                b'"experiment": "a"': (b'"experiment": "b"', b'"experiment": 1'),
                b"1111": (b"1112",),
                b'"size": 1': (b'"size": 2', b'"size": true'),
                b'"keras": "3"': (b'"keras": "4"', b'"keras": "3", "x": "y"'),
            },
        ),
        4000,
        prepare,
    ),
    Reader(
        "manifest with a right checksum",
        (json.dumps(FACTS).encode(),),
        vouched,
        lambda choices, seed: other_text(
            choices,
            seed,
            {b"true": (b"false", b"1"), b'"a"': (b'"b"', b"[]"), b'"3"': (b'"4"', b"4"), b"1111": (b"2111",)},
        ),
        4000,
        prepare,
    ),
    Reader(
        "archive",
        (zipped({"manifest.json": b"{}", "model.keras": b"m" * 64, "parts/a.skops": b"p"}),),
        unpacked,
        lambda choices, seed: other_text(
            choices, seed, {b"mmmm": (b"mmmn", b"nmmm"), b"{}": (b"[]",), b"a.skops": (b"b.skops",)}
        ),
        4000,
    ),
    Reader(
        "preprocess.json",
        (PREPROCESSING,),
        settings,
        lambda choices, seed: other_text(
            choices,
            seed,
            {b"32": (b"33", b"3.2"), b"unit": (b"symmetric",), b"0.25": (b"0.5",), b"mediapipe": (b"dlib",)},
        ),
        4000,
    ),
    Reader(
        "training.json",
        (TRAINING,),
        log,
        lambda choices, seed: other_number(choices, seed, rb"0\.([578])", range(10)),
        4000,
    ),
    Reader(
        "Keras configuration",
        (KERAS["config.json"],),
        member_of("config.json", KERAS, model),
        lambda choices, seed: other_text(
            choices,
            seed,
            {b'"units": 2': (b'"units": 3',), b"linear": (b"relu", b"evil"), b"Dense": (b"Lambda", b"LSTM")},
        ),
        4000,
    ),
    Reader(
        "HDF5 weights",
        (KERAS["model.weights.h5"],),
        member_of("model.weights.h5", KERAS, model),
        other_byte,
        3000,
    ),
    Reader(
        "skops schema",
        (PARTS["schema.json"],),
        member_of("schema.json", PARTS, part),
        lambda choices, seed: other_text(
            choices,
            seed,
            {b"ndarray": (b"matrix", b"int64"), b"1.npy": (b"2.npy",), b'"protocol": 2': (b'"protocol": 1',)},
        ),
        4000,
    ),
    Reader("skops array", (PARTS["1.npy"],), member_of("1.npy", PARTS, part), change_numbers, 4000),
    Reader("probe array", (PROBE["outputs.npy"],), member_of("outputs.npy", PROBE, probe), change_numbers, 4000),
    Reader("probe", (zipped(PROBE),), of_file("probe.npz", probe), change_outputs, 3000),
)
