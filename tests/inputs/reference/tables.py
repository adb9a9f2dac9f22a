"""Samples of a few people with neutral clips, as the references of an experiment are drawn from."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd

from transferpain.data.datasets.dataset import Neutral
from transferpain.data.datasets.index import Index
from transferpain.data.protocols.fold import Fold
from transferpain.inputs.reference.settings import ReferenceSettings

WITHHELD = ReferenceSettings(form="withheld")
LEAVE_OUT = ReferenceSettings(form="withheld", missing="leave_out")


def labelled(levels: dict[str, list[str]], name: str = "mine") -> tuple[Index, pd.DataFrame]:
    """Return an index of videos, and the samples of a task that leaves `rest` out; `low` is class 0, `high` class 1.

    Args:
        levels: subject -> the level of each clip.
    """
    rows = [
        {"subject": subject, "clip": f"{subject}{number}", "level": level}
        for subject, own in levels.items()
        for number, level in enumerate(own)
    ]
    clips = pd.DataFrame(rows).assign(dataset=name, kind="video", split="")
    clips["media"] = clips["clip"] + ".mp4"
    index = Index(SimpleNamespace(name=name, neutral=Neutral("level", ("rest", "none"))), Path(), clips, False, "h", ())
    y = clips["level"].map({"none": 0, "low": 0, "high": 1}).astype("Int64")
    samples = clips[clips["level"] != "rest"].assign(y=y, file_clip=clips["clip"], row=-1)
    return index, samples.reset_index(drop=True)


def by_subject(samples: pd.DataFrame) -> list[Fold]:
    """Return one fold: the first half of the subjects is trained on, the next selected on, the others are tested."""
    people = sorted(samples["subject"].unique())
    parts = (people[: len(people) // 2], people[len(people) // 2 : -1], people[-1:])
    return [Fold("fold0", *(np.flatnonzero(samples["subject"].isin(part)) for part in parts))]
