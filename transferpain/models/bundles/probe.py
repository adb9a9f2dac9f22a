"""The probe: a few inputs that travel with a model, and what it answered when its run was finished.

Whoever receives the model runs them again: the same answers mean the same numbers on this machine, too.
`probe.npz` holds `inputs` and `outputs`, float32 `(inputs, classes)`. An image model is shown drawn faces, uint8
`(3, size, size, 3)`; a head is shown random features, float16 `(3, D)` or `(3, frames, D)`, for faces would need the
source that it stands on. A model of pictures and landmarks has its second input in `landmarks`, random as well, and if
it reads several pictures at once, sees each face so often.
"""

import io
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Union

import cv2
import numpy as np

from transferpain.core.errors import UserError
from transferpain.core.foreign import border
from transferpain.data.synthetic.camera import FERPLUS, seat
from transferpain.data.synthetic.face import Pose, draw_face
from transferpain.data.synthetic.subjects import invent_look
from transferpain.models.bundles.containers import check_members, open_zip, read_array
from transferpain.models.bundles.manifest import HEAD, NETWORK, TREES, Contents, answers_by, not_a_bundle, opened
from transferpain.models.bundles.sizes import Refused
from transferpain.models.bundles.sklearn_bundle import SklearnHead, read_any_bundle
from transferpain.models.sources.preprocessing import stated_preprocessing
from transferpain.networks.backbones.base import IN_FLOAT32

if TYPE_CHECKING:
    import keras

Model = Union["keras.Model", SklearnHead]

PROBE = "probe.npz"
INPUTS = ("inputs", "landmarks")  # names of a model's first and second input
# At rest, in pain, smiling.
EXPRESSIONS = (
    {},
    {"AU4": 4.0, "AU6": 3.0, "AU7": 4.0, "AU9": 2.0, "AU10": 3.0, "AU43": 0.8},
    {"AU6": 3.0, "AU12": 4.0},
)
ROWS = len(EXPRESSIONS)
# The largest difference of a probability that counts as the same (our choice): float32 differs by the order of
# sums between processors and versions, bfloat16 keeps eight bits of each number.
TOLERANCES = {"float32": 1e-4, "bfloat16": 0.1}
COMPARED_VERSIONS = {NETWORK: ("keras", "tensorflow"), HEAD: ("scikit-learn",), TREES: ("xgboost-cpu",)}


@dataclass(frozen=True)
class Reproduction:
    """How far the answers of one compute dtype are from those in the bundle."""

    dtype: str
    difference: float
    tolerance: float

    @property
    def agrees(self) -> bool:
        return self.difference <= self.tolerance


def make_probe(model: Model) -> bytes:
    """Run a model (float32), as a bundle is read, on its probe inputs; returns the content of `probe.npz`.

    It is the same for the same model.
    """
    inputs = tuple(probe_input(shape) for shape in input_shapes(model))
    named = dict(zip(INPUTS, inputs, strict=False))
    buffer = io.BytesIO()
    np.savez(buffer, **named, outputs=answers(model, inputs))
    return buffer.getvalue()


def input_shapes(model: Model) -> list[tuple[int, ...]]:
    """Return the shape of each input of a model, without the number of rows."""
    if isinstance(model, SklearnHead):
        return [(model.dimension,)]
    return [tuple(given.shape[1:]) for given in model.inputs]


def probe_input(shape: tuple[int, ...]) -> np.ndarray:
    """Return what one input of a model is shown, `(3, *shape)`: pictures have three axes, or four if many."""
    if len(shape) >= 3:
        faces = drawn_faces(shape[-3])
        return faces if len(shape) == 3 else np.repeat(faces[:, None], shape[0], axis=1)
    random = np.random.default_rng(0)
    return np.maximum(random.standard_normal((len(EXPRESSIONS), *shape)), 0).astype(np.float16)


@cache
def drawn_faces(size: int) -> np.ndarray:
    """Return one invented person with three expressions, uint8 RGB `(3, size, size, 3)`."""
    sitter = seat(FERPLUS, invent_look("probe"), "probe")
    pictures = [draw_face(sitter, units, Pose()) for units in EXPRESSIONS]
    return np.stack([cv2.resize(picture, (size, size), interpolation=cv2.INTER_LINEAR) for picture in pictures])


def answers(model: Model, inputs: tuple[np.ndarray, ...]) -> np.ndarray:
    """Return what a model answers to probe inputs, float32 `(inputs, classes)`."""
    numbers = [one.astype(np.float32) for one in inputs]
    if isinstance(model, SklearnHead):
        return model.answer(*numbers)
    return np.asarray(model(numbers if len(numbers) > 1 else numbers[0], training=False), dtype=np.float32)


def is_pictures(inputs: np.ndarray) -> bool:
    """Tell whether inputs are pictures, and not features or landmarks."""
    return inputs.ndim >= 4


def read_probe(contents: Contents) -> tuple[tuple[np.ndarray, ...], np.ndarray]:
    """Read inputs, an array for each input of the model, and outputs from a bundle's probe; nothing is ever unpickled.

    Raises:
        UserError: if there is none, or it does not hold plain arrays of numbers, at most `ROWS` rows each.
    """
    path = contents.folder / PROBE
    if PROBE not in contents.files:
        raise not_a_bundle(contents.folder, f"no {PROBE}")
    with border(
        f"The probe {path} is refused.",
        rule="It holds arrays of numbers: inputs, landmarks where the model reads them as well, and outputs, "
        f"at most {ROWS} rows each.",
        todo="Ask whoever gave you the model for another one.",
    ):
        with open_zip(contents.files[PROBE]) as archive:
            names = INPUTS if f"{INPUTS[1]}.npy" in archive.namelist() else INPUTS[:1]
            check_members(archive, {f"{name}.npy" for name in (*names, "outputs")})
            arrays = [read_array(archive.read(f"{name}.npy")) for name in (*names, "outputs")]
        for array in arrays:
            if array.dtype.fields is not None or array.ndim < 2 or len(array) > ROWS or not array.size:
                raise Refused(f"an array of {array.dtype} of the shape {array.shape}")
        return tuple(arrays[:-1]), arrays[-1]


def reproduce(place: Path | Contents) -> list[Reproduction]:
    """Run a bundle's probe again, in float32 and, where a network answers, in bfloat16.

    Args:
        place: its folder, or what was read of it.

    Raises:
        UserError: if the bundle or its probe cannot be read, or the probe does not fit the model.
    """
    contents = opened(place)
    folder = contents.folder
    inputs, expected = read_probe(contents)
    bundle = read_any_bundle(contents)
    wanted = [(ROWS, *shape) for shape in input_shapes(bundle.model)], (ROWS, len(bundle.labels))
    received = [one.shape for one in inputs], expected.shape
    if received != wanted or not np.isfinite(expected).all():
        raise UserError(
            f"The probe of {folder} does not fit its model.",
            rule=f"Inputs {describe(wanted[0])}, outputs {wanted[1]}, all finite.",
            received=f"inputs {describe(received[0])}, outputs {received[1]}",
            todo="Get the bundle again.",
        )
    if any(map(is_pictures, inputs)):
        stated_preprocessing(bundle.preprocessing, folder)
    with border(
        f"The model in {folder} does not answer to its probe.",
        rule="Each input of the probe has an answer.",
        todo="Ask whoever gave you the model for another one.",
    ):
        models = {"float32": bundle.model}
        if not isinstance(bundle.model, SklearnHead):
            models["bfloat16"] = in_bfloat16(bundle.model)
        return [
            Reproduction(dtype, _difference(answers(model, inputs), expected), TOLERANCES[dtype])
            for dtype, model in models.items()
        ]


def _difference(received: np.ndarray, expected: np.ndarray) -> float:
    if received.shape != expected.shape:
        raise Refused(f"answers of the shape {received.shape}")
    return float(np.abs(received - expected).max())


def describe(shapes: list[tuple[int, ...]]) -> str:
    """Return shapes as text."""
    return " and ".join(map(str, shapes))


def in_bfloat16(model: "keras.Model") -> "keras.Model":
    """Return a copy of any bundle's model that computes in bfloat16; the softmax and the scaling stay float32."""
    import keras

    def copy(layer: "keras.Layer") -> "keras.Layer":
        config = layer.get_config()
        if not layer.name.startswith(IN_FLOAT32):
            lower(config)
        return layer.__class__.from_config(config)

    def lower(config: dict) -> None:
        if "dtype" in config:  # an operation, such as a mask's, has none
            config["dtype"] = "bfloat16"
        # Some initial weights cannot be drawn in bfloat16, and none of them stays.
        config |= {key: "zeros" for key in config if key.endswith("initializer")}
        for wrapped in ("layer", "backward_layer"):
            if wrapped in config:
                lower(config[wrapped]["config"])

    clone = keras.models.clone_model(model, clone_function=copy)
    clone.set_weights(model.get_weights())
    return clone


def other_versions(manifest: dict) -> list[str]:
    """Name the packages whose version differs from the one that saved the model, a sentence each."""
    return [
        f"{name} {version(name)} runs here, the model was saved with {manifest['versions'].get(name, 'an unknown one')}"
        for name in COMPARED_VERSIONS[answers_by(manifest)]
        if version(name) != manifest["versions"].get(name)
    ]
