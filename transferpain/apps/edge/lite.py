"""Runs a TensorFlow Lite file that `export-edge` wrote."""

import hashlib
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from transferpain.core.foreign import border, parse_json, read_plain
from transferpain.core.quiet import standard_error_silenced
from transferpain.core.schema import as_today

# float16 and dynamic store smaller weights and compute in float32 (dynamic: partly in int8); int8 does all in int8.
KINDS = ("float32", "float16", "dynamic", "int8")
HEAD_KIND = "float32"  # of the head that live mode takes, whatever the encoder's: it is small
PROBE = """
import sys
from ai_edge_litert.interpreter import Interpreter
content = sys.stdin.buffer.read()
Interpreter(model_content=content, num_threads=int(sys.argv[1])).allocate_tensors()
"""
EDGE = "edge.json"  # beside the files: what each of them is
# Far above any of them (our choice).
LARGEST_BYTES = 2 << 30
LARGEST_FACTS = 1 << 20


@dataclass(frozen=True, repr=False)
class Converted:
    """What `export-edge` wrote of a model: an encoder of one kind, and the head in float32 if it is there, as bytes."""

    kind: str
    encoder: bytes
    head: bytes | None


def read_converted(encoder: Path, digest: str) -> Converted:
    """Read an encoder and what stands beside it, once: what is checked is what is returned.

    Raises:
        UserError: if the file is not an encoder of the model with this digest, it or the head is not as it was written,
            or nothing beside it says what it is.
    """
    with border(
        f"{encoder} is not an encoder of this model.",
        rule=f"It and the head must be as `transferpain export-edge` wrote them, with their {EDGE} beside them.",
        todo="Convert the model: transferpain export-edge MODEL --to FOLDER.",
    ):
        beside = encoder.with_name(EDGE)
        facts = as_today(parse_json(read_plain(beside, LARGEST_FACTS)), beside)
        rows = {(row["part"], row["file"]): row for row in facts["rows"]}
        own, head = rows["encoder", encoder.name], rows.get(("head", f"head-{HEAD_KIND}.tflite"))
        if facts["model"] != digest:
            raise ValueError(f"one of the model {facts['model']!s:.16}")
        if own["kind"] not in KINDS:
            raise ValueError(f"one of the kind {own['kind']!s:.20}")
        return Converted(
            own["kind"], _as_written(encoder, own), head and _as_written(encoder.with_name(head["file"]), head)
        )


def _as_written(path: Path, row: dict) -> bytes:
    content = read_plain(path, LARGEST_BYTES)
    if hashlib.sha256(content).hexdigest() != row["sha256"]:
        raise ValueError(f"{path.name}, which is not as it was written")
    return content


def load_lite(content: bytes, threads: int) -> Callable[..., np.ndarray]:
    """Return a function of what `convert` wrote: float32 arrays `(1, *shape)` by their names in, its answer out.

    The answer has a batch of 1 and is a copy.

    Args:
        content: the bytes of the file.
        threads: that it computes with.

    Raises:
        RuntimeError: if this machine cannot run the file.
    """
    # LiteRT ends the whole process at a file for which the processor has no kernels: it does so to another one first.
    probe = subprocess.run([sys.executable, "-c", PROBE, str(threads)], input=content, capture_output=True)
    if probe.returncode:
        said = probe.stderr.decode(errors="replace").strip().splitlines() or ["it ended without a word"]
        raise RuntimeError(f"TensorFlow Lite could not load it ({said[-1]}).")
    from ai_edge_litert.interpreter import Interpreter

    with standard_error_silenced():
        interpreter = Interpreter(model_content=content, num_threads=threads)
        interpreter.allocate_tensors()  # tells which kernels it takes, whether one asks or not
        runner = interpreter.get_signature_runner()

    def answer(**given: np.ndarray) -> np.ndarray:
        (said,) = runner(**given).values()
        return said

    return answer
