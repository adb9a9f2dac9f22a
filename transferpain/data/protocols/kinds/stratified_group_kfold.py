"""Groups of subjects between which the classes are shared out as evenly as subjects allow."""

import warnings

import numpy as np
import pandas as pd

from transferpain.core.errors import UserError
from transferpain.core.seeds import derive_seed
from transferpain.data.protocols.kinds.kind import ProtocolKind, Split, SplitSettings, labelled_people, number_folds

NAME = "stratified_group_kfold"


def split(
    clips: pd.DataFrame, subjects: np.ndarray, labelled: np.ndarray, settings: SplitSettings, seed: int
) -> list[Split]:
    """Deal the subjects with a label into `folds` groups with similar shares of the classes.

    Raises:
        UserError: if there are fewer subjects than groups, or no class has a row for each group.
    """
    labelled_people(subjects, labelled, settings.folds, NAME)
    y = clips["y"][labelled].to_numpy(dtype=np.int64)
    groups = _deal(subjects[labelled], y, settings.folds, derive_seed(seed, NAME))
    return number_folds([np.isin(subjects, group) for group in groups])


def _deal(subjects: np.ndarray, y: np.ndarray, folds: int, seed: int) -> list[np.ndarray]:
    from sklearn.model_selection import StratifiedGroupKFold

    # The result must not depend on the order of the rows.
    order = np.lexsort((y, subjects))
    subjects, y = subjects[order], y[order]
    if np.bincount(y).max() < folds:
        raise UserError(
            "There are too few rows to share out the classes.",
            rule=f"At least one class needs {folds} rows, one a fold.",
            received=f"{np.bincount(y).max()} rows of the largest class",
            todo="Lower folds, or use kind: group_kfold.",
        )
    splitter = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
    with warnings.catch_warnings():
        # A class that lives in fewer subjects than there are folds is for the scores to tell.
        warnings.simplefilter("ignore", UserWarning)
        return [np.unique(subjects[test]) for _, test in splitter.split(y, y, subjects)]


STRATIFIED_GROUP_KFOLD = ProtocolKind(name=NAME, split=split)
