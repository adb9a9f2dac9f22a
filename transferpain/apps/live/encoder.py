"""The files that live mode answers with where nothing else is asked for: the fastest on this machine."""

import os
from pathlib import Path

from transferpain.apps.edge.export import ExportOptions, export_model
from transferpain.apps.edge.lite import HEAD_KIND, read_converted
from transferpain.apps.edge.openvino import multiplies_int8
from transferpain.apps.live.model import read_live_network
from transferpain.core.errors import UserError
from transferpain.core.gpu import gpu_capability
from transferpain.core.optional import is_installed
from transferpain.core.processor import processor_flags
from transferpain.core.progress import note
from transferpain.models.bundles.manifest import load_stated, split_digest
from transferpain.models.sources.picture_model import model_folder
from transferpain.strategies.frozen.joined import reads_features


def fastest_kinds(flags: frozenset[str], capability: float | None, openvino: bool = True) -> tuple[str, ...]:
    """Return the fastest kinds of file on a machine with these processor flags, and this GPU (`None`: none).

    AMX multiplies whole matrices of bfloat16. Without it, int8 is the fastest where it is multiplied natively and
    OpenVINO runs it (benchmarks/live.py); elsewhere `dynamic` needs no ranges from drawn faces.

    Args:
        openvino: whether it is installed.

    Returns:
        Of `lite.KINDS`, the fastest first, then what to take of networks that cannot be converted to it; none where
        Keras is the fastest.
    """
    if "amx_bf16" in flags or capability is not None:
        return ()
    return ("int8", "dynamic") if openvino and multiplies_int8(flags) else ("dynamic",)


def converted_encoder(address: str, cache: Path) -> Path | None:
    """Return the model's encoder as a TensorFlow Lite file, converted now if it is not in the cache.

    Args:
        address: as `load_live_model` takes it.
        cache: a folder; the file stands in `edge/<digest of the model>/`.

    Returns:
        `None` where Keras is faster, the model is a head on features or cannot be converted, or the cache cannot be
        written.

    Raises:
        UserError: as `read_live_network`, before anything is converted.
    """
    manifest, digest = load_stated(model_folder(split_digest(address)[0]))
    if reads_features(manifest):
        return None
    folder = cache / "edge" / digest[:16]
    kinds = fastest_kinds(processor_flags(), gpu_capability(), is_installed("edge"))
    files = {kind: folder / f"encoder-{kind}.tflite" for kind in kinds}
    for file in files.values():
        if _is_intact(file, digest):
            return file
    if files:
        read_live_network(address)  # what is no live model is refused before the minute
    for kind, file in files.items():
        note(f"Converting the network to TensorFlow Lite ({kind}), once: it takes up to a minute.")
        try:
            rows = export_model(
                address, folder, ExportOptions((kind,), os.cpu_count() or 1, head_kinds=(HEAD_KIND,))
            ).rows
        except OSError as error:
            note(f"It cannot be kept ({error}), so Keras answers.")
            return None
        problems = [row.problem for row in rows if row.part == "encoder" and row.problem]
        if not problems:
            return file
        note(f"It cannot be converted ({problems[0]}){', so Keras answers' if kind == kinds[-1] else ''}.")
    return None


def _is_intact(file: Path, digest: str) -> bool:
    try:
        read_converted(file, digest)
    except UserError:
        return False
    return True
