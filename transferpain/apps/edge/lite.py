"""Runs a TensorFlow Lite file that `export-edge` wrote."""

import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from transferpain.core.errors import UserError
from transferpain.core.quiet import standard_error_silenced
from transferpain.core.schema import read_stamped
from transferpain.core.store import file_hash

# float16 and dynamic store smaller weights and compute in float32 (dynamic: partly in int8); int8 does all in int8.
KINDS = ("float32", "float16", "dynamic", "int8")
HEAD_KIND = "float32"  # of the head that live mode takes, whatever the encoder's: it is small
PROBE = """
import sys
from ai_edge_litert.interpreter import Interpreter
Interpreter(model_path=sys.argv[1], num_threads=int(sys.argv[2])).allocate_tensors()
"""
EDGE = "edge.json"  # beside the files: what each of them is


@dataclass(frozen=True)
class Converted:
    """What `export-edge` wrote of a model: an encoder of one kind, and the head in float32 if it is there."""

    kind: str
    encoder: Path
    head: Path | None


def read_converted(encoder: Path, digest: str) -> Converted:
    """Read what an encoder's file is, from what stands beside it.

    Raises:
        UserError: if the file is not an encoder of the model with this digest, it or the head is not as it was written,
            or nothing beside it says what it is.
    """
    try:
        facts = read_stamped(encoder.with_name(EDGE))
        rows = {(row["part"], row["file"]): row for row in facts["rows"]}
        own, head = rows["encoder", encoder.name], rows.get(("head", f"head-{HEAD_KIND}.tflite"))
        converted = Converted(own["kind"], encoder, head and encoder.with_name(head["file"]))
        known = facts["model"] == digest and own["sha256"] == file_hash(encoder)
        known = known and (head is None or head["sha256"] == file_hash(converted.head))
    except (OSError, ValueError, KeyError, TypeError):
        known = False
    if not known:
        raise UserError(
            "The file is not an encoder of this model.",
            rule=f"It and the head must be as `transferpain export-edge` wrote them, with their {EDGE} beside them.",
            received=encoder,
            todo="Convert the model: transferpain export-edge MODEL --to FOLDER.",
        )
    return converted


def load_lite(path: Path, threads: int) -> Callable[..., np.ndarray]:
    """Return a function of a file of `convert`: float32 arrays `(1, *shape)` by their names in, its answer out.

    The answer has a batch of 1 and is a copy.

    Raises:
        RuntimeError: if this machine cannot run the file.
    """
    # LiteRT ends the whole process at a file for which the processor has no kernels: it does so to another one first.
    probe = subprocess.run([sys.executable, "-c", PROBE, str(path), str(threads)], capture_output=True, text=True)
    if probe.returncode:
        said = probe.stderr.strip().splitlines() or ["it ended without a word"]
        raise RuntimeError(f"TensorFlow Lite could not load it ({said[-1]}).")
    from ai_edge_litert.interpreter import Interpreter

    with standard_error_silenced():
        interpreter = Interpreter(model_path=str(path), num_threads=threads)
        interpreter.allocate_tensors()  # tells which kernels it takes, whether one asks or not
        runner = interpreter.get_signature_runner()

    def answer(**given: np.ndarray) -> np.ndarray:
        (said,) = runner(**given).values()
        return said

    return answer
