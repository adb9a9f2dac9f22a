"""Samples and features without a video: tables, and the files that a cache would hold."""

from pathlib import Path

import numpy as np
import pandas as pd

from transferpain.data.datasets.index import Index
from transferpain.data.datasets.registry import DATASETS
from transferpain.data.tasks.task import load_task
from transferpain.experiments.notebook.clips import Clips
from transferpain.experiments.notebook.features import Features
from transferpain.experiments.notebook.samples import Samples, label
from transferpain.inputs.features.cache import write_features
from transferpain.models.sources.origin import built_origin
from transferpain.models.sources.preprocessing import Preprocessing

WIDTH = 1024


def made_clips(subjects: int = 4, levels=("BL1", "PA4", "BL1", "PA4")) -> Clips:
    """Return drawn clips of BioVid, `levels` of each subject."""
    rows = [
        {"dataset": "biovid", "subject": f"s{subject}", "clip": f"s{subject}-{number}", "media": "x.mp4"}
        | {"kind": "video", "split": "", "stimulus": level}
        for subject in range(subjects)
        for number, level in enumerate(levels)
    ]
    index = Index(DATASETS["biovid"], Path("data"), pd.DataFrame(rows), True, "00ff", ())
    return Clips(index.clips, index)


def made_samples(subjects: int = 4) -> Samples:
    """Return labelled clips of two classes."""
    return label(made_clips(subjects), load_task("biovid-bl1-pa4"))


def made_features(
    folder: Path, samples: Samples, faceless: tuple[int, ...] = (), rows: list[int] | None = None
) -> Features:
    """Write features of three frames per sample, of which the last has no face, and return them."""
    generator = np.random.default_rng(0)
    files = []
    for place, y in enumerate(samples.y):
        values = generator.normal(0, 0.1, (3, WIDTH)).astype(np.float16) + np.float16(int(y))
        values[slice(None) if place in faceless else slice(2, None)] = np.nan
        write_features(folder / f"{place}.npy", values)
        files.append(str(folder / f"{place}.npy"))
    origin = built_origin("untrained", "resnet18", Preprocessing(size=32))
    stretch = np.array([-1] * len(samples) if rows is None else rows)
    return Features(
        samples, origin, np.array(files), stretch, pd.DataFrame(columns=["clip", "problem"]), "source", WIDTH
    )
