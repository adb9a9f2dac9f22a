"""What a run is computed with: versions, machine and commit."""

import importlib.metadata
import os
import platform
import subprocess
from pathlib import Path

from transferpain.core.errors import UserError
from transferpain.core.schema import read_stamped, write_stamped
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


# Another version of these may change the last bits of a training.
FRAMEWORKS = ("tensorflow", "keras")


def environment() -> dict:
    """Return versions, machine and commit as JSON types."""
    return {
        "python": platform.python_version(),
        "versions": {name: installed_version(name) or "not installed" for name in REPORTED_PACKAGES},
        "machine": {"system": platform.platform(), "processor": processor_name(), "cores": os.cpu_count()},
        "commit": project_commit(),
        "written": now(),
    }


def installed_version(package: str) -> str | None:
    """Return the version of a package; `None` if it is not installed: the lean set has not all of them."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def write_environment(folder: RunFolder) -> None:
    """Record versions, machine and commit in `environment.json`; of former sessions, the versions that differ."""
    path, today = folder.path / "environment.json", environment()
    write_stamped(path, today | earlier_versions(path, today["versions"]))


def earlier_versions(path: Path, today: dict[str, str]) -> dict[str, dict[str, list[str]]]:
    """Return `earlier_versions`, package -> versions of former sessions; nothing where there are none."""
    try:
        before = read_stamped(path)
        known = {name: {before["versions"][name], *before.get("earlier_versions", {}).get(name, [])} for name in today}
    except (OSError, UserError, ValueError, KeyError, TypeError, AttributeError):
        return {}
    others = {name: sorted(known[name] - {version}) for name, version in today.items()}
    others = {name: versions for name, versions in others.items() if versions}
    return {"earlier_versions": others} if others else {}


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
