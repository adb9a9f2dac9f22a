"""Memory of extraction and head training, each in a process of its own: under a limit, and flat as clips grow."""

import multiprocessing
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from benchmarks.data import CLASSES, FEATURE_RATE, head_experiment, random_features, twin_faces, untrained
from benchmarks.measure import Figure, main
from transferpain.data.synthetic.settings import TwinSettings
from transferpain.experiments.executors.worker import PRELOADED

INTERVAL = 0.1
GROWTH = 4
LARGEST_GB = 3.0
FLAT = 1.10  # our reading of "flat": four times the clips take at most a tenth more
PICTURE = Path(__file__).parents[1] / "docs" / "memory.png"


class Sizes(NamedTuple):
    twin: TwinSettings
    side: int
    video_clips: int
    feature_clips: int
    frames: int


FULL = Sizes(TwinSettings(subjects=10, clips=3, seconds=1), 224, 8, 200, 300)
QUICK = Sizes(TwinSettings(subjects=3, clips=2, seconds=0.3), 32, 2, 10, 30)


def measure(folder: Path, quick: bool) -> dict:
    sizes = QUICK if quick else FULL
    faces = twin_faces(folder, sizes.twin, sizes.side)
    faces = faces[faces["level"] != "none"]
    clips = random_features(folder / "cache", GROWTH * sizes.feature_clips, sizes.frames)
    jobs = {
        "extraction": lambda times: (extract, faces.head(times * sizes.video_clips), sizes.side),
        "ANN": lambda times: (train, clips.head(times * sizes.feature_clips), "ann", sizes.frames),
        "LSTM": lambda times: (train, clips.head(times * sizes.feature_clips), "lstm", sizes.frames),
    }
    figures, curves = [], {}
    for name, job in jobs.items():
        curves[name] = {}
        for times in (1, GROWTH):
            work, *arguments = job(times)
            curves[name][f"{len(arguments[0])} clips"] = memory_curve(work, folder / f"{name}-{times}", *arguments)
        one, more = (max(curve["gigabytes"]) for curve in curves[name].values())
        figures.append(Figure(f"{name}: largest RssAnon", max(one, more), "GB", most=LARGEST_GB))
        figures.append(Figure(f"{name}: with {GROWTH} times the clips", more / one, "times", most=FLAT))
    if not quick:
        draw(curves, PICTURE)
    return {"figures": figures, "curves": curves}


def memory_curve(work: Callable, *arguments) -> dict[str, list[float]]:
    """Run `work(*arguments)` in a new process; return its RssAnon over time.

    Raises:
        RuntimeError: if the process fails.
    """
    # Forked from a process that has the libraries and nothing else, so that they are imported once.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([PRELOADED])
    process = context.Process(target=work, args=arguments)
    process.start()
    started, curve = time.monotonic(), {"seconds": [], "gigabytes": []}
    while process.is_alive():
        anonymous = anonymous_gigabytes(process.pid)
        if anonymous is not None:
            curve["seconds"].append(round(time.monotonic() - started, 1))
            curve["gigabytes"].append(round(anonymous, 3))
        process.join(INTERVAL)
    if process.exitcode:
        raise RuntimeError(f"{work.__name__} ended with exit code {process.exitcode}")
    return curve


def anonymous_gigabytes(pid: int) -> float | None:
    """Return RssAnon of a process in GB of 1e9 bytes; `None` once it has ended."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    except (FileNotFoundError, ProcessLookupError):
        return None
    sizes = [int(line.split()[1]) for line in status.splitlines() if line.startswith("RssAnon")]
    return sizes[0] * 1024 / 1e9 if sizes else None


def extract(folder: Path, faces: pd.DataFrame, side: int, backbone: str = "vgg16") -> None:
    """Extract features as a run does."""
    from transferpain.inputs.features.extract import extract_features
    from transferpain.inputs.features.extractors.source import SourceExtractor
    from transferpain.inputs.features.settings import FeatureSettings

    extract_features(SourceExtractor(untrained(side, backbone)), faces, FeatureSettings(), folder)


def train(folder: Path, clips: pd.DataFrame, kind: str, frames: int) -> None:
    """Train a head for an epoch as a run does, and predict."""
    from transferpain.data.protocols.fold import Fold
    from transferpain.networks.training.determinism import make_deterministic
    from transferpain.strategies.frozen.training import train_head

    make_deterministic()
    experiment = head_experiment(kind, FEATURE_RATE, frames / FEATURE_RATE, epochs=1)
    fold = Fold("all", *np.split(np.arange(len(clips)), [len(clips) * 8 // 10, len(clips) * 9 // 10]))
    train_head(experiment, clips, fold, 0, CLASSES, folder / "checkpoint.npz")


def draw(curves: dict[str, dict], path: Path) -> None:
    """Draw the curves: a panel for each kind of work, a line for each number of clips."""
    from matplotlib.figure import Figure as Canvas

    canvas = Canvas(figsize=(9, 3), layout="constrained")
    for panel, (name, lines) in zip(canvas.subplots(1, len(curves), sharey=True), curves.items(), strict=True):
        for label, curve in lines.items():
            panel.plot(curve["seconds"], curve["gigabytes"], label=label)
        panel.axhline(LARGEST_GB, color="grey", linestyle="--")
        panel.set(title=name, xlabel="seconds", ylim=(0, LARGEST_GB * 1.05))
        panel.legend()
    canvas.axes[0].set_ylabel("anonymous memory, GB")
    canvas.savefig(path, dpi=120)


if __name__ == "__main__":
    main("memory", measure)
