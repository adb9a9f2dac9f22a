"""Runs a TensorFlow Lite file that `export-edge` wrote."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from transferpain.errors import UserError
from transferpain.quiet import standard_error_silenced
from transferpain.store import file_hash, read_json

# float16 and dynamic store smaller weights and compute in float32 (dynamic: partly in int8); int8 does all in int8.
KINDS = ("float32", "float16", "dynamic", "int8")
EDGE = "edge.json"  # beside the files: what each of them is


@dataclass(frozen=True)
class Converted:
    """The files of a model in one kind (see `KINDS`): part -> file; a part that could not be converted is not there."""

    kind: str
    files: dict[str, Path]


def read_converted(encoder: Path, digest: str) -> Converted:
    """Read which files `export-edge` wrote of one kind, from what stands beside an encoder.

    Args:
        encoder: its file.
        digest: the model's.

    Raises:
        UserError: if the file is not an encoder of this model, any of the kind is not as it was written, or nothing
            beside it says what it is.
    """
    try:
        facts = read_json(encoder.with_name(EDGE))
        kind = next(row["kind"] for row in facts["rows"] if row["file"] == encoder.name and row["part"] == "encoder")
        rows = [row for row in facts["rows"] if row["kind"] == kind and row["file"]]
        files = {row["part"]: encoder.with_name(row["file"]) for row in rows}
        known = facts["model"] == digest and all(row["sha256"] == file_hash(files[row["part"]]) for row in rows)
    except (OSError, ValueError, KeyError, TypeError, StopIteration):
        known = False
    if not known:
        raise UserError(
            "The file is not an encoder of this model.",
            rule=f"It and its head must be as `transferpain export-edge` wrote them, with their {EDGE} beside them.",
            received=encoder,
            todo="Convert the model: transferpain export-edge MODEL --to FOLDER.",
        )
    return Converted(kind, files)


def load_lite(path: Path, threads: int) -> Callable[..., np.ndarray]:
    """Return a function of a file of `convert`: float32 arrays `(1, *shape)` by their names in, its answer out.

    The answer has a batch of 1 and is a copy.
    """
    import tensorflow as tf

    with standard_error_silenced(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that TensorFlow 2.20 will have it in another package
        interpreter = tf.lite.Interpreter(model_path=str(path), num_threads=threads)
        interpreter.allocate_tensors()  # tells which kernels it takes, whether one asks or not
        runner = interpreter.get_signature_runner()

    def answer(**given: np.ndarray) -> np.ndarray:
        (said,) = runner(**given).values()
        return said

    return answer
