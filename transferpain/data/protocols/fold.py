"""A fold: which clips are trained on, selected on and tested on."""

from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class Fold:
    """Positions (int64) into the table of clips that the fold was made from, ascending.

    Attributes:
        name: "fold0", ... or the subject left out; "test" where there is one fold.
        train: clips to fit on; all have a label.
        selection: clips to stop and select on; all have a label.
        test: clips to predict; their label may be missing.
        reference: clips that nothing is trained or tested on, but that an adaptation of the features sees.
    """

    name: str
    train: np.ndarray
    selection: np.ndarray
    test: np.ndarray
    reference: np.ndarray = field(default_factory=lambda: np.empty(0, np.int64))

    @property
    def parts(self) -> dict[str, np.ndarray]:
        """Each part's positions by its name."""
        return {part.name: getattr(self, part.name) for part in fields(self) if part.name != "name"}


def learn_from_each_other(folds: Sequence[Fold]) -> bool:
    """Tell whether any fold trains or selects on labels of clips that another one tests, as in cross-validation."""
    learned = np.concatenate([part for fold in folds for part in (fold.train, fold.selection)])
    return bool(np.isin(np.concatenate([fold.test for fold in folds]), learned).any())


def keep_used(clips: pd.DataFrame, folds: list[Fold]) -> tuple[pd.DataFrame, list[Fold]]:
    """Leave out the clips that no fold uses, so that no stage works on them.

    Returns:
        The used clips in their order, numbered anew, and the folds with positions into them.
    """
    used = np.unique(np.concatenate([part for fold in folds for part in fold.parts.values()]))
    moved = [
        replace(fold, **{name: np.searchsorted(used, part) for name, part in fold.parts.items()}) for fold in folds
    ]
    return clips.iloc[used].reset_index(drop=True), moved
