"""What a run is computed with: versions, machine and commit."""

import importlib.metadata
import os
import platform
import subprocess
from pathlib import Path

from transferpain.core.errors import UserError
from transferpain.core.numerics import NOT_SET, numerics
from transferpain.core.progress import note
from transferpain.core.schema import read_stamped, write_stamped
from transferpain.core.store import make_way
from transferpain.experiments.run_folder import RunFolder, now

REPORTED_PACKAGES = (
    "transferpain",
    "tensorflow",
    "keras",
    "keras-cv",
    "numpy",
    "opencv-python",
    "mediapipe",
    "dlib-bin",
    "face-alignment",
    "torch",
    "scikit-learn",
    "pandas",
    "pyarrow",
)


# How a process is told which machine of a cluster it is on.
NODE = "TRANSFERPAIN_NODE"
# Another version of these may change the last bits of a training.
FRAMEWORKS = ("tensorflow", "keras")


def environment() -> dict:
    """Return versions, machine and commit as JSON types."""
    machine = {"system": platform.platform(), "processor": processor_name(), "cores": os.cpu_count()}
    return {
        "python": platform.python_version(),
        "versions": {name: installed_version(name) or "not installed" for name in REPORTED_PACKAGES},
        "numerics": numerics() | {"processor": processor_name()},
        "machine": machine | node_here(),
        "commit": project_commit(),
        "written": now(),
    }


def node_here() -> dict[str, str]:
    """Return how a cluster calls this machine, if it computes for one."""
    return {"node": os.environ[NODE]} if os.environ.get(NODE) else {}


def installed_version(package: str) -> str | None:
    """Return the version of a package; `None` if it is not installed: the lean set has not all of them."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def write_environment(folder: RunFolder) -> None:
    """Record versions, numerics, machine and commit in `environment.json`; of former sessions what differs."""
    path, today = folder.path / "environment.json", environment()
    earlier: dict[str, dict[str, list[str]]] = {}
    if path.exists():
        try:
            before = read_stamped(path)
            earlier |= earlier_values("versions", before, today["versions"])
            earlier |= earlier_values("numerics", before, today["numerics"])
        except (OSError, UserError, ValueError, KeyError, TypeError, AttributeError):
            note(f"{path} is damaged: it is begun anew, and versions of former sessions are forgotten.")
            make_way(path)
    write_stamped(path, today | earlier)


def earlier_values(key: str, before: dict, today: dict[str, str]) -> dict[str, dict[str, list[str]]]:
    """Return `earlier_<key>`, name -> values of former sessions; nothing where there are none.

    Args:
        before: what the environment of the last session states.
        today: name -> value of this one.
    """
    last, former = before.get(key), before.get(f"earlier_{key}", {})
    if last is None:
        return {}  # a version before it was written down
    names = sorted({*last, *former, *today})
    known = {name: {*former.get(name, []), last.get(name, NOT_SET)} for name in names}
    others = {name: sorted(known[name] - {today.get(name, NOT_SET)}) for name in names}
    others = {name: values for name, values in others.items() if values}
    return {f"earlier_{key}": others} if others else {}


def processor_name() -> str:
    """Return the processor's name as the system states it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "unknown")


def project_commit() -> str:
    """Return the commit of the checkout that this package runs from, or `not a checkout`."""
    command = ["git", "describe", "--always", "--dirty", "--abbrev=12"]
    try:
        result = subprocess.run(command, cwd=Path(__file__).parent, capture_output=True, text=True, check=False)
    except OSError:
        return "git is not installed"
    return result.stdout.strip() or "not a checkout"
