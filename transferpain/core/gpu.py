"""What matters on an NVIDIA GPU, all of it: which are there, their memory, what they compute in, how cells share them.

None of this was ever run on a GPU, see docs/gpu.md. Nothing here imports TensorFlow.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from ctypes.util import find_library
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

VISIBLE = "CUDA_VISIBLE_DEVICES"
GROWTH = "TF_FORCE_GPU_ALLOW_GROWTH"
ANSWER_SECONDS = 10
QUERY = "uuid,name,compute_cap,memory.total"
# Tensor cores multiply bfloat16 from this compute capability on (NVIDIA Ampere).
BFLOAT16_CAPABILITY = 8.0
# What a cell takes at most: VGG16 at 224 pixels with batches of 32. Our estimate, measured on no GPU.
CELL_BYTES = 6e9


@dataclass(frozen=True)
class Gpu:
    """A GPU as its driver describes it.

    Attributes:
        uuid: names it, whatever the order in which GPUs are counted.
        capability: compute capability.
        memory: bytes.
    """

    uuid: str
    name: str
    capability: float
    memory: float


@dataclass(frozen=True)
class Gpus:
    """The GPUs that a process may use; `problem`: why the driver named none although its program is there, or empty."""

    found: tuple[Gpu, ...] = ()
    problem: str = ""


def find_gpus() -> Gpus:
    """Ask the driver's `nvidia-smi` for the GPUs; only those that `CUDA_VISIBLE_DEVICES` names, where it is set."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return Gpus()
    query = [program, f"--query-gpu={QUERY}", "--format=csv,noheader,nounits"]
    try:
        answer = subprocess.run(query, capture_output=True, text=True, timeout=ANSWER_SECONDS, errors="replace")
    except subprocess.TimeoutExpired:
        return Gpus(problem=f"nvidia-smi did not answer within {ANSWER_SECONDS} s")
    except OSError as error:
        return Gpus(problem=f"nvidia-smi cannot be started: {error.strerror}")
    said = answer.stdout.strip()
    if answer.returncode or not said:
        # The driver is missing or asleep, or too old to know the compute capability.
        words = (said or answer.stderr.strip() or "nothing").splitlines()[0]
        return Gpus(problem=f"nvidia-smi ended with status {answer.returncode} and says: {words}")
    try:
        found = tuple(map(_parse, said.splitlines()))
    except ValueError:
        return Gpus(problem=f"nvidia-smi says what is not understood: {said.splitlines()[0]}")
    return Gpus(visible(found, os.environ.get(VISIBLE)))


def _parse(line: str) -> Gpu:
    uuid, name, capability, mebibytes = (part.strip() for part in line.split(","))
    return Gpu(uuid, name, float(capability), float(mebibytes) * 2**20)


def visible(gpus: Sequence[Gpu], setting: str | None) -> tuple[Gpu, ...]:
    """Return the GPUs that `CUDA_VISIBLE_DEVICES` leaves; as CUDA does, up to the first part that names none."""
    if setting is None:
        return tuple(gpus)
    chosen = []
    for part in map(str.strip, setting.split(",")):
        named = [gpu for gpu in gpus if part.startswith("GPU-") and gpu.uuid.startswith(part)]
        if re.fullmatch(r"\d+", part) and int(part) < len(gpus):
            named = [gpus[int(part)]]
        if len(named) != 1:
            break
        chosen += named
    return tuple(chosen)


def missing_libraries() -> list[str]:
    """Return the packages of `tensorflow[and-cuda]` that are not installed."""
    named = [one for one in requires("tensorflow") or [] if "and-cuda" in one]
    missing = []
    for requirement in named:
        name = re.match(r"[\w.-]+", requirement)[0]
        try:
            version(name)
        except PackageNotFoundError:
            missing.append(name)
    return missing


def system_has_libraries() -> bool:
    """Tell whether CUDA's library of networks is installed beside Python, where TensorFlow finds it, too."""
    folders = map(Path, filter(None, os.environ.get("LD_LIBRARY_PATH", "").split(os.pathsep)))
    return any(any(folder.glob("libcudnn.so*")) for folder in folders) or find_library("cudnn") is not None


def usable_gpus() -> tuple[Gpu, ...]:
    """Return the GPUs that TensorFlow can compute on: none without CUDA's libraries, then the processor does."""
    found = find_gpus().found
    return found if found and (not missing_libraries() or system_has_libraries()) else ()


def let_memory_grow() -> None:
    """Let TensorFlow take a GPU's memory as it needs it, not all at once; before it first asks for a GPU.

    Child processes inherit it. Who has set the variable otherwise is followed.
    """
    os.environ.setdefault(GROWTH, "true")


def gpu_capability() -> float | None:
    """Return the lowest compute capability of the GPUs that TensorFlow can use, or `None` if there is none."""
    return min((gpu.capability for gpu in usable_gpus()), default=None)


def gpu_dtype(capability: float) -> tuple[str, str]:
    """Return what a GPU computes features in, `float32` or `bfloat16`, and one sentence that says why."""
    if capability >= BFLOAT16_CAPABILITY:
        return "bfloat16", f"The GPU has compute capability {capability}: it multiplies bfloat16 natively."
    return "float32", f"The GPU has compute capability {capability}: below {BFLOAT16_CAPABILITY}, no bfloat16."


def cells_at_once(gpus: Sequence[Gpu]) -> int:
    """Return how many cells of a matrix the GPUs' memory holds at a time: at least one each."""
    return sum(max(1, int(gpu.memory // CELL_BYTES)) for gpu in gpus)


def next_gpu(gpus: Sequence[Gpu], used: Mapping[str, str | None]) -> str | None:
    """Return which of several GPUs the next cell sees, the one with the fewest cells; `None` where there is no choice.

    Args:
        used: cell that runs -> the GPU that it sees.
    """
    if len(gpus) < 2:
        return None
    cells = list(used.values())
    return min((gpu.uuid for gpu in gpus), key=cells.count)


def show_only(uuid: str | None) -> None:
    """Let this process, which has not asked for a GPU yet, see one alone; `None` changes nothing."""
    if uuid is not None:
        os.environ[VISIBLE] = uuid


def describe_gpus() -> list[tuple[str, str, str]]:
    """Return what `transferpain doctor` says of GPUs: topic, value, and "ok", "absent" or "problem"."""
    gpus = find_gpus()
    if not gpus.found:
        return [("GPU", gpus.problem or "none found", "absent")]
    rows = [
        ("GPU", f"{gpu.name}, compute capability {gpu.capability}, {gpu.memory / 1e9:.1f} GB", "ok")
        for gpu in gpus.found
    ]
    if not usable_gpus():
        install = f".venv/bin/pip install 'tensorflow[and-cuda]=={version('tensorflow')}'"
        return [*rows, ("GPU libraries", f"not there, so that the processor computes; {install}", "absent")]
    growth = os.environ.get(GROWTH, "true")
    cells, shared = cells_at_once(gpus.found), "each sees one GPU" if len(gpus.found) > 1 else "they share the GPU"
    return [
        *rows,
        ("GPU libraries", "those that TensorFlow needs were found", "ok"),
        ("GPU memory", f"taken as it is needed ({GROWTH}={growth})", "ok")
        if growth == "true"
        else ("GPU memory", f"{GROWTH}={growth} is set: TensorFlow may take all of it at once", "ok"),
        ("GPU determinism", "deterministic operations only: slower, and one that has no such form is an error", "ok"),
        ("GPU cells", f"--jobs 1 by default; the memory is enough for about {cells} at a time, {shared}", "ok"),
        ("GPU standing", "never run on one by the authors: please send this table, see docs/gpu.md", "ok"),
    ]
