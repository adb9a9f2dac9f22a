"""Tables of clips for the tests of protocols."""

import numpy as np
import pandas as pd

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
