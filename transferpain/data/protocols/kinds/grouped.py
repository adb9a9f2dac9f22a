"""All subjects of a dataset in groups that are the same for every task; each in turn, or one of them, is tested on."""

import numpy as np
import pandas as pd

from transferpain.core.seeds import derive_seed
from transferpain.data.protocols.kinds.kind import ProtocolKind, Split, SplitSettings, labelled_people

NAME = "grouped"
PLACE = "place"


def draw_places(subjects: np.ndarray, dataset: str, seed: int) -> dict[str, int]:
    """Return each subject's place in an order of a dataset's subjects that is drawn at random.

    Args:
        subjects: of all clips of the dataset, labelled or not: a task that leaves some out must not move the others.
    """
    drawn = np.random.default_rng(derive_seed(seed, NAME, dataset)).permutation(sorted(set(subjects)))
    return {str(subject): place for place, subject in enumerate(drawn)}


def groups(clips: pd.DataFrame, folds: int, seed: int) -> np.ndarray:
    """Return the group of each row's subject among those of its dataset, int64 `(clips,)`, from 0 to `folds` - 1.

    The column `place` says who a dataset's subjects are; without it they are those of the table.
    """
    if PLACE in clips:
        return clips[PLACE].to_numpy(dtype=np.int64) % folds
    found = np.empty(len(clips), np.int64)
    for dataset, rows in clips.groupby("dataset", sort=True).indices.items():
        subjects = clips["subject"].iloc[rows].to_numpy(dtype=str)
        place = draw_places(subjects, str(dataset), seed)
        found[rows] = [place[subject] for subject in subjects]
    return found % folds


def split(
    clips: pd.DataFrame, subjects: np.ndarray, labelled: np.ndarray, settings: SplitSettings, seed: int
) -> list[Split]:
    """Test on each of `folds` groups in turn, or on the group `fold` alone; all other groups are trained on.

    Raises:
        UserError: if there are fewer subjects than groups.
    """
    labelled_people(subjects, labelled, settings.folds, NAME)
    group = groups(clips, settings.folds, seed)
    chosen = range(settings.folds) if settings.fold is None else (settings.fold,)
    return [(f"fold{number}", group != number, group == number) for number in chosen]


GROUPED = ProtocolKind(name=NAME, split=split, columns=("dataset",), takes_fold=True)
