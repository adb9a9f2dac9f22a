"""Tables of clips for the tests of protocols."""

import numpy as np
import pandas as pd

from transferpain.data.datasets.biovid import HOLDOUT_SUBJECTS, LOW_REACTIVE_SUBJECTS
from transferpain.data.datasets.unbc_facts import SUBJECTS

# AI4Pain's own folders: subjects of each.
OFFICIAL = {"train": 41, "validation": 12, "test": 12}


def make_clips(subjects_by_split: dict[str, int], clips: int = 3, dataset: str = "ai4pain") -> pd.DataFrame:
    rows = []
    number = 0
    for split, subjects in subjects_by_split.items():
        for _ in range(subjects):
            number += 1
            rows += [
                {"dataset": dataset, "subject": f"{number:02d}", "split": split, "y": clip % 3} for clip in range(clips)
            ]
    return pd.DataFrame(rows).astype({"y": "Int64"})


def subjects(clips: pd.DataFrame, part: np.ndarray) -> set[str]:
    return set(clips["subject"].iloc[part])


OWN_SUBJECTS = tuple(f"P{number:02d}" for number in range(24))
BIOVID_SUBJECTS = (*HOLDOUT_SUBJECTS, *LOW_REACTIVE_SUBJECTS, *(f"{number:06d}_w_40" for number in range(30)))
MINTPAIN_SUBJECTS = tuple(f"Sub{number:02d}" for number in range(1, 21))


def draw_clips(dataset: str, subjects: tuple[str, ...], splits: tuple[str, ...] = ("",)) -> pd.DataFrame:
    """One to six clips per subject, in a drawn order; one label in nine is missing."""
    random = np.random.default_rng(list(dataset.encode()))
    subject = np.repeat(subjects, random.integers(1, 7, len(subjects)))
    split = dict(zip(subjects, np.resize(splits, len(subjects)), strict=True))
    y = pd.Series(random.integers(0, 3, len(subject)), dtype="Int64").mask(random.random(len(subject)) < 1 / 9)
    clips = pd.DataFrame({"dataset": dataset, "subject": subject, "split": [split[name] for name in subject], "y": y})
    return clips.sample(frac=1, random_state=1, ignore_index=True)


CLIPS = {
    "own": draw_clips("own", OWN_SUBJECTS, ("train", "train", "validation", "test")),
    "biovid": draw_clips("biovid", BIOVID_SUBJECTS),
    "unbc": draw_clips("unbc", SUBJECTS),
    "mintpain": draw_clips("mintpain", MINTPAIN_SUBJECTS),
}
CLIPS["two"] = pd.concat([CLIPS["biovid"], CLIPS["own"]], ignore_index=True)
CLIPS["both"] = pd.concat([CLIPS["unbc"], CLIPS["mintpain"]], ignore_index=True)


def make_unbc_clips() -> pd.DataFrame:
    """All 25 subjects; pain in four of ten rows, but none in 101-mg101."""
    clips = make_clips({"": 25}, clips=10, dataset="unbc")
    clips["subject"] = np.repeat(SUBJECTS, 10)
    clips["y"] = pd.array([int(row % 10 < 4) for row in range(250)], dtype="Int64")
    clips.loc[clips["subject"] == "101-mg101", "y"] = 0
    return clips
