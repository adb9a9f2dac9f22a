"""Runs a TensorFlow Lite file that `export-edge` wrote."""

import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np

from transferpain.errors import UserError
from transferpain.quiet import standard_error_silenced
from transferpain.store import file_hash, read_json

# float16 and dynamic store smaller weights and compute in float32 (dynamic: partly in int8); int8 does all in int8.
KINDS = ("float32", "float16", "dynamic", "int8")
EDGE = "edge.json"  # beside the files: what each of them is


def check_encoder(file: Path, digest: str) -> None:
    """Check that a file is an encoder of the model with this digest, as it was written.

    Raises:
        UserError: if it is not, or nothing beside it says what it is.
    """
    try:
        facts = read_json(file.with_name(EDGE))
        row = next(row for row in facts["rows"] if row["file"] == file.name and row["part"] == "encoder")
        known = facts["model"] == digest and row["sha256"] == file_hash(file)
    except (OSError, ValueError, KeyError, TypeError, StopIteration):
        known = False
    if not known:
        raise UserError(
            "The file is not an encoder of this model.",
            rule=f"It must be as `transferpain export-edge` wrote it, with its {EDGE} beside it.",
            received=file,
            todo="Convert the model: transferpain export-edge MODEL --to FOLDER.",
        )


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
