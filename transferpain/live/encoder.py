"""The encoder that live mode answers with where nothing else is asked for: the fastest on this machine."""

import os
from pathlib import Path

from transferpain.edge.export import Wanted, export_model
from transferpain.edge.lite import check_encoder
from transferpain.errors import UserError
from transferpain.features.compute import gpu_capability, processor_flags
from transferpain.progress import note
from transferpain.sharing.manifest import manifest_hash, split_digest
from transferpain.sources.picture_model import model_folder

KIND = "dynamic"  # needs no pictures to be calibrated on, and is as fast as int8 (benchmarks/live.py)


def keras_is_fastest(flags: frozenset[str], capability: float | None) -> bool:
    """Tell whether Keras is the fastest on a machine with these processor flags, and this GPU (`None`: none).

    AMX multiplies whole matrices of bfloat16; without it, `dynamic` is 1.6 times as fast (benchmarks/live.py).
    """
    return "amx_bf16" in flags or capability is not None


def converted_encoder(address: str, cache: Path) -> Path | None:
    """Return the model's encoder as a TensorFlow Lite file, converted now if it is not in the cache.

    Args:
        address: as `load_live_model` takes it.
        cache: a folder; the file stands in `edge/<digest of the model>/`.

    Returns:
        `None` where Keras is faster, the model cannot be converted, or the cache cannot be written.
    """
    if keras_is_fastest(processor_flags(), gpu_capability()):
        return None
    digest = manifest_hash(model_folder(split_digest(address)[0]))
    file = cache / "edge" / digest[:16] / f"encoder-{KIND}.tflite"
    try:
        check_encoder(file, digest)
    except UserError:
        note("Converting the network to TensorFlow Lite, once: it takes up to a minute.")
        return _convert(address, file)
    return file


def _convert(address: str, file: Path) -> Path | None:
    try:
        rows = export_model(address, file.parent, Wanted((KIND,), os.cpu_count() or 1)).rows
    except OSError as error:
        note(f"It cannot be kept ({error}), so Keras answers.")
        return None
    problems = [row.problem for row in rows if row.part == "encoder" and row.problem]
    if problems:
        note(f"It cannot be converted ({problems[0]}), so Keras answers.")
    return None if problems else file
