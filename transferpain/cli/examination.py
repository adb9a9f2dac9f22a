"""What this machine has and which choices follow from it; nothing here imports TensorFlow."""

import importlib.metadata
import os
import platform
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from transferpain.core.errors import UserError
from transferpain.core.gpu import describe_gpus
from transferpain.core.numerics import numerics
from transferpain.core.optional import PARTS, is_installed
from transferpain.core.paths import everything_below
from transferpain.core.processor import ONEDNN, goes_without_onednn, processor_flags
from transferpain.data.datasets.registry import DATASETS
from transferpain.data.places import Places
from transferpain.experiments.environment import REPORTED_PACKAGES, installed_version, processor_name, project_commit
from transferpain.inputs.faces.mediapipe_tasks import SYSTEM_LIBRARIES, check_libraries
from transferpain.models.assets import ALL_ASSETS, AssetState, state_of
from transferpain.networks.compute import choose_compute_dtype

# All wheels unpack into one folder `cv2`: at two versions the later install silently wins.
PINNED_OPENCV = ("opencv-python", "opencv-contrib-python")
OTHER_OPENCV = ("opencv-python-headless", "opencv-contrib-python-headless")

# What decides how fast a convolution is, and whether bfloat16 pays.
SHOWN_FLAGS = frozenset({"avx2", "fma", "avx512f", "avx512_vnni", "avx512_bf16", "amx_tile", "amx_bf16"})


@dataclass(frozen=True)
class Finding:
    """One line of the report: `state` is "ok", "absent" or "problem"."""

    topic: str
    value: str
    state: str = "ok"


def examine(places: Places) -> list[Finding]:
    """Return everything that `transferpain doctor` shows, in the order shown."""
    parts = {part.name: is_installed(part.name) for part in PARTS.values() if part.full}
    dtype, reason = choose_compute_dtype("auto")
    features = sorted(processor_flags() & SHOWN_FLAGS)
    return [
        Finding("Python", platform.python_version()),
        set_finding(parts),
        *[package_finding(name) for name in REPORTED_PACKAGES],
        opencv_finding({name: installed_version(name) for name in (*PINNED_OPENCV, *OTHER_OPENCV)}),
        libraries_finding(),
        *[asset_finding(state_of(asset)) for asset in ALL_ASSETS.values()],
        engine_finding(parts["edge"]),
        Finding("commit", project_commit()),
        Finding("processor", f"{processor_name()}, {os.cpu_count()} cores"),
        Finding("processor features", ", ".join(features) or "none that matter here"),
        onednn_finding(numerics().get(ONEDNN), processor_flags()),
        *[Finding(*row) for row in describe_gpus()],
        Finding("compute dtype", f"{dtype}: {reason}"),
        Finding("data root", str(places.data_root.resolve())),
        *[dataset_finding(name, places.data_root) for name in DATASETS],
        Finding("cache", f"{folder_size(places.cache) / 1e9:.2f} GB in {places.cache.resolve()}"),
    ]


def onednn_finding(said: str | None, flags: frozenset[str]) -> Finding:
    """Tell whether TensorFlow computes with oneDNN.

    Args:
        said: the value of the variable that decides, `None` where the user has not set it.
        flags: of the processor.
    """
    if said is not None:
        return Finding("oneDNN", f"{'off, which is slow' if said == '0' else 'on'}: {ONEDNN}={said}")
    if goes_without_onednn(flags):
        how = f"with {ONEDNN}=1 in your environment convolutions train several times faster, with other last bits"
        return Finding("oneDNN", f"left off by TensorFlow on this processor; {how}")
    return Finding("oneDNN", "as TensorFlow chooses for this processor")


def package_finding(name: str) -> Finding:
    """Return the installed version of a package, or that it is absent, which only the lean set's must not be."""
    if version := installed_version(name):
        return Finding(name, version)
    if any(requirement.startswith(f"{name}==") for part in PARTS.values() for requirement in part.requirements):
        return Finding(name, "not installed; the full set has it: `make setup`", "absent")
    return Finding(name, "not installed: run `make setup`", "problem")


def set_finding(parts: dict[str, bool]) -> Finding:
    """Tell which set is installed.

    Args:
        parts: of each that the lean set leaves out, whether it is installed.
    """
    if all(parts.values()):
        return Finding("installed set", "full")
    absent = ", ".join(name for name, there in parts.items() if not there)
    return Finding("installed set", f"lean; without {absent}")


def opencv_finding(versions: dict[str, str | None]) -> Finding:
    """Check that the OpenCV packages, which share one folder, are the two that are pinned, of one version.

    Args:
        versions: of each package that is one; `None` for those that are not installed.
    """
    there = {name: version for name, version in versions.items() if version}
    if there.keys() == set(PINNED_OPENCV) and len(set(there.values())) == 1:
        return Finding("OpenCV packages", f"agree ({there[PINNED_OPENCV[0]]})")
    seen = ", ".join(f"{name} {version}" for name, version in there.items()) or "none"
    asked = importlib.metadata.requires("transferpain") or []
    pins = " ".join(line for line in asked if line.startswith(PINNED_OPENCV))
    return Finding(
        "OpenCV packages",
        f"unpack into one folder, so that the last one wins: {seen}. Remove all that are named here with `python -m "
        f"pip uninstall`, then: python -m pip install --no-deps {pins}",
        "problem",
    )


def libraries_finding(libraries: tuple[str, ...] = SYSTEM_LIBRARIES) -> Finding:
    """Tell whether the system has the libraries that MediaPipe is linked with."""
    try:
        check_libraries(libraries)
    except UserError as error:
        return Finding("libraries of MediaPipe", " ".join(str(error).splitlines()), "problem")
    return Finding("libraries of MediaPipe", ", ".join(libraries))


def asset_finding(state: AssetState) -> Finding:
    """Tell where an asset lies, or how it is to be had."""
    topic = f"asset: {state.asset.name}"
    if state.state == "here":
        return Finding(topic, state.where)
    said = f"{state.where or state.state}; `transferpain assets verify` says what to do"
    return Finding(topic, said, "problem") if state.fault else Finding(topic, "missing, and not required", "absent")


def engine_finding(openvino: bool) -> Finding:
    """Tell what runs converted networks in live mode."""
    if openvino:
        return Finding("converted networks", "OpenVINO where it is the fastest, else TensorFlow Lite")
    return Finding("converted networks", "TensorFlow Lite, since OpenVINO is not installed", "absent")


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
    for path in everything_below(folder):
        with suppress(FileNotFoundError):
            total += 0 if path.is_dir() and not path.is_symlink() else path.stat().st_size
    return total
