"""What this machine has and which choices follow from it; nothing here imports TensorFlow."""

import importlib.metadata
import os
import platform
from dataclasses import dataclass
from pathlib import Path

from transferpain.data.datasets.registry import DATASETS
from transferpain.data.places import Places
from transferpain.experiments.environment import REPORTED_PACKAGES, processor_name, project_commit
from transferpain.networks.compute import choose_compute_dtype, gpu_capability, processor_flags

# Both wheels unpack into one folder `cv2`: at two versions the later install silently wins.
SHARED_FOLDER_PACKAGES = ("opencv-python", "opencv-contrib-python")

# What decides how fast a convolution is, and whether bfloat16 pays.
SHOWN_FLAGS = frozenset({"avx2", "fma", "avx512f", "avx512_bf16", "amx_tile", "amx_bf16"})


@dataclass(frozen=True)
class Finding:
    """One line of the report: `state` is "ok", "absent" or "problem"."""

    topic: str
    value: str
    state: str = "ok"


def examine(places: Places) -> list[Finding]:
    """Return everything that `transferpain doctor` shows, in the order shown."""
    dtype, reason = choose_compute_dtype("auto")
    features = sorted(processor_flags() & SHOWN_FLAGS)
    capability = gpu_capability()
    return [
        Finding("Python", platform.python_version()),
        *[package_finding(name) for name in REPORTED_PACKAGES],
        opencv_finding(),
        Finding("commit", project_commit()),
        Finding("processor", f"{processor_name()}, {os.cpu_count()} cores"),
        Finding("processor features", ", ".join(features) or "none that matter here"),
        Finding("GPU", "none found", "absent")
        if capability is None
        else Finding("GPU", f"compute capability {capability}"),
        Finding("compute dtype", f"{dtype}: {reason}"),
        Finding("data root", str(places.data_root.resolve())),
        *[dataset_finding(name, places.data_root) for name in DATASETS],
        Finding("cache", f"{folder_size(places.cache) / 1e9:.2f} GB in {places.cache.resolve()}"),
    ]


def package_finding(name: str) -> Finding:
    """Return the installed version of a package, or that it is absent."""
    try:
        return Finding(name, importlib.metadata.version(name))
    except importlib.metadata.PackageNotFoundError:
        return Finding(name, "not installed: run `make setup`", "problem")


def opencv_finding() -> Finding:
    """Check that the two OpenCV packages, which share one folder, are of one version."""
    findings = [package_finding(name) for name in SHARED_FOLDER_PACKAGES]
    versions = {finding.value for finding in findings}
    if len(versions) == 1 and findings[0].state == "ok":
        return Finding("OpenCV packages", f"agree ({versions.pop()})")
    seen = ", ".join(f"{finding.topic} {finding.value}" for finding in findings)
    return Finding("OpenCV packages", f"differ: {seen}; reinstall with `make setup`", "problem")


def dataset_finding(name: str, data_root: Path) -> Finding:
    """Tell whether a dataset's folder is under the data root, and whether it is a synthetic twin."""
    dataset = DATASETS[name]
    folder = data_root / dataset.folder
    if not folder.is_dir():
        return Finding(f"data: {name}", f"not here; request it at {dataset.request_url}", "absent")
    kind = "synthetic twin" if (folder / "SYNTHETIC.json").is_file() else "found"
    return Finding(f"data: {name}", f"{kind} in {folder}")


def folder_size(folder: Path) -> int:
    """Return the bytes of all files below a folder; a file that vanishes meanwhile counts as nothing."""
    total = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.path.getsize(os.path.join(parent, name))
            except FileNotFoundError:
                continue
    return total
