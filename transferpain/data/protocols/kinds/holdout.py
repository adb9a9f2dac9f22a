"""A named list of test subjects; all others are trained on."""

import numpy as np
import pandas as pd

from transferpain.data.protocols.kinds.kind import ProtocolKind, Split, SplitSettings
from transferpain.data.protocols.subject_lists import HOLDOUTS, check_dataset


def check(settings: SplitSettings) -> None:
    """Refuse the name of a list that does not exist."""
    if settings.holdout not in HOLDOUTS:
        raise ValueError(f"holdout: known are {', '.join(HOLDOUTS)}, received {settings.holdout}")


def split(
    clips: pd.DataFrame, subjects: np.ndarray, labelled: np.ndarray, settings: SplitSettings, seed: int
) -> list[Split]:
    """Test on the subjects of the list `holdout`.

    Raises:
        UserError: if the list is of another dataset.
    """
    chosen = HOLDOUTS[settings.holdout]
    check_dataset(clips, chosen.dataset, settings.holdout)
    test = np.isin(subjects, chosen.subjects)
    return [("test", ~test, test)]


def provenance(settings: SplitSettings) -> tuple[str, ...]:
    """Say whose the list is."""
    return (f"{settings.holdout}: {HOLDOUTS[settings.holdout].whose}",)


HOLDOUT = ProtocolKind(
    name="holdout", split=split, needs={"holdout": ""}, columns=("dataset",), check=check, provenance=provenance
)
