"""The probe: a few inputs that travel with a model, and what it answered when its run was finished.

Whoever receives the model runs them again: the same answers mean the same numbers on this machine, too.
`probe.npz` holds `inputs` and `outputs`, float32 `(inputs, classes)`. An image model is shown drawn faces, uint8
`(3, size, size, 3)`; a head is shown random features, float16 `(3, D)` or `(3, frames, D)`, for faces would need the
source that it stands on.
"""

import io
import zipfile
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from transferpain.errors import UserError
from transferpain.sharing.guard import check_members, read_array
from transferpain.sources.preprocessing import scale_pixels, stated_preprocessing
from transferpain.synthetic.camera import FERPLUS, seat
from transferpain.synthetic.face import Pose, draw_face
from transferpain.synthetic.subjects import invent_look

if TYPE_CHECKING:
    import keras

PROBE = "probe.npz"
# At rest, in pain, smiling.
EXPRESSIONS = (
    {},
    {"AU4": 4.0, "AU6": 3.0, "AU7": 4.0, "AU9": 2.0, "AU10": 3.0, "AU43": 0.8},
    {"AU6": 3.0, "AU12": 4.0},
)
# The largest difference of a probability that counts as the same (our choice): float32 differs by the order of
# sums between processors and versions, bfloat16 keeps eight bits of each number.
TOLERANCES = {"float32": 1e-4, "bfloat16": 0.1}
COMPARED_VERSIONS = ("keras", "tensorflow")


@dataclass(frozen=True)
class Reproduction:
    """How far the answers of one compute dtype are from those in the bundle."""

    dtype: str
    difference: float
    tolerance: float

    @property
    def agrees(self) -> bool:
        return self.difference <= self.tolerance


def make_probe(model: "keras.Model", preprocessing: dict) -> bytes:
    """Run a model (float32) on its probe inputs; returns the content of `probe.npz`, the same for the same model."""
    shape = model.input_shape[1:]
    if len(shape) == 3:
        inputs = drawn_faces(shape[0])
    else:
        random = np.random.default_rng(0)
        inputs = np.maximum(random.standard_normal((len(EXPRESSIONS), *shape)), 0).astype(np.float16)
    buffer = io.BytesIO()
    np.savez(buffer, inputs=inputs, outputs=answers(model, inputs, preprocessing))
    return buffer.getvalue()


@cache
def drawn_faces(size: int) -> np.ndarray:
    """Return one invented person with three expressions, uint8 RGB `(3, size, size, 3)`."""
    sitter = seat(FERPLUS, invent_look("probe"), "probe")
    pictures = [draw_face(sitter, units, Pose()) for units in EXPRESSIONS]
    return np.stack([cv2.resize(picture, (size, size), interpolation=cv2.INTER_LINEAR) for picture in pictures])


def answers(model: "keras.Model", inputs: np.ndarray, preprocessing: dict) -> np.ndarray:
    """Return what a model answers to probe inputs, float32 `(inputs, classes)`."""
    numbers = inputs.astype(np.float32)
    if inputs.ndim == 4:
        numbers = scale_pixels(numbers, preprocessing["scaling"])
    return np.asarray(model(numbers, training=False), dtype=np.float32)


def read_probe(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Read inputs and outputs from a bundle's probe; nothing in it is ever unpickled.

    Raises:
        UserError: if it does not hold plain arrays of numbers.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            check_members(archive, {"inputs.npy", "outputs.npy"})
            return read_array(archive.read("inputs.npy")), read_array(archive.read("outputs.npy"))
    except Exception as error:  # as in check_model_file
        raise UserError(
            f"The probe {path} is refused.",
            rule="It holds two arrays of numbers, inputs and outputs.",
            received=error,
            todo="Ask whoever gave you the model for another one.",
        ) from error


def reproduce(folder: Path) -> list[Reproduction]:
    """Run a bundle's probe again, in float32 and in bfloat16.

    Raises:
        UserError: if the bundle or its probe cannot be read, or the probe does not fit the model.
    """
    from transferpain.sharing.bundle import read_bundle

    bundle = read_bundle(folder)
    inputs, expected = read_probe(folder / PROBE)
    wanted = (len(inputs), *bundle.model.input_shape[1:]), (len(inputs), len(bundle.labels))
    if (inputs.shape, expected.shape) != wanted or not np.isfinite(expected).all():
        raise UserError(
            f"The probe of {folder} does not fit its model.",
            rule=f"Inputs {wanted[0]}, outputs {wanted[1]}, all finite.",
            received=f"inputs {inputs.shape}, outputs {expected.shape}",
            todo="Get the bundle again.",
        )
    if inputs.ndim == 4:
        stated_preprocessing(bundle.preprocessing, folder)
    models = {"float32": bundle.model, "bfloat16": in_bfloat16(bundle.model)}
    return [
        Reproduction(
            dtype, float(np.abs(answers(models[dtype], inputs, bundle.preprocessing) - expected).max()), tolerance
        )
        for dtype, tolerance in TOLERANCES.items()
    ]


def in_bfloat16(model: "keras.Model") -> "keras.Model":
    """Return a copy of any bundle's model that computes in bfloat16; the softmax stays float32."""
    import keras

    def copy(layer: "keras.Layer") -> "keras.Layer":
        config = layer.get_config()
        if "dtype" in config and layer.name != "probabilities":  # an operation, such as a mask's, has none
            config["dtype"] = "bfloat16"
        # Some initial weights cannot be drawn in bfloat16, and none of them stays.
        config |= {key: "zeros" for key in config if key.endswith("initializer")}
        return layer.__class__.from_config(config)

    clone = keras.models.clone_model(model, clone_function=copy)
    clone.set_weights(model.get_weights())
    return clone


def other_versions(manifest: dict) -> list[str]:
    """Name the packages whose version differs from the one that saved the model, a sentence each."""
    return [
        f"{name} {version(name)} runs here, the model was saved with {manifest['versions'].get(name, 'an unknown one')}"
        for name in COMPARED_VERSIONS
        if version(name) != manifest["versions"].get(name)
    ]
