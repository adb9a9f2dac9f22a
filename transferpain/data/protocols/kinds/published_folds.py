"""A named list of folds, as somebody published it."""

import numpy as np
import pandas as pd

from transferpain.data.protocols.kinds.kind import ProtocolKind, Split, SplitSettings, number_folds
from transferpain.data.protocols.subject_lists import FOLD_LISTS, check_dataset


def check(settings: SplitSettings) -> None:
    """Refuse the name of a list that does not exist."""
    if settings.fold_list not in FOLD_LISTS:
        raise ValueError(f"fold_list: known are {', '.join(FOLD_LISTS)}, received {settings.fold_list}")


def split(
    clips: pd.DataFrame, subjects: np.ndarray, labelled: np.ndarray, settings: SplitSettings, seed: int
) -> list[Split]:
    """Test on each fold of the list `fold_list` in turn.

    Raises:
        UserError: if the list is of another dataset.
    """
    dataset, chosen = FOLD_LISTS[settings.fold_list]
    check_dataset(clips, dataset, settings.fold_list)
    return number_folds([np.isin(subjects, names) for names in chosen.folds])


def provenance(settings: SplitSettings) -> tuple[str, ...]:
    """Say whose the list is."""
    return (f"{settings.fold_list}: {FOLD_LISTS[settings.fold_list][1].whose}",)


PUBLISHED_FOLDS = ProtocolKind(
    name="published_folds",
    split=split,
    needs={"fold_list": ""},
    columns=("dataset",),
    check=check,
    provenance=provenance,
)
