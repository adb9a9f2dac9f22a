"""Random groups of subjects, equal in number as far as possible; each in turn is tested on."""

import numpy as np
import pandas as pd

from transferpain.core.seeds import derive_seed
from transferpain.data.protocols.kinds.kind import ProtocolKind, Split, SplitSettings, labelled_people, number_folds

NAME = "group_kfold"


def split(
    clips: pd.DataFrame, subjects: np.ndarray, labelled: np.ndarray, settings: SplitSettings, seed: int
) -> list[Split]:
    """Deal the subjects with a label into `folds` groups.

    Raises:
        UserError: if they are fewer than the groups.
    """
    people = labelled_people(subjects, labelled, settings.folds, NAME)
    drawn = np.random.default_rng(derive_seed(seed, NAME)).permutation(people)
    return number_folds([np.isin(subjects, group) for group in np.array_split(drawn, settings.folds)])


GROUP_KFOLD = ProtocolKind(name=NAME, split=split)
