"""Leave one subject out: each in turn is tested on."""

import numpy as np
import pandas as pd

from transferpain.data.protocols.kinds.kind import ProtocolKind, Split, SplitSettings, labelled_people


def split(
    clips: pd.DataFrame, subjects: np.ndarray, labelled: np.ndarray, settings: SplitSettings, seed: int
) -> list[Split]:
    """Return a fold for each subject with a label, named after it.

    Raises:
        UserError: if there are fewer than two.
    """
    people = labelled_people(subjects, labelled, 2, "loso")
    return [(person, subjects != person, subjects == person) for person in people]


LOSO = ProtocolKind(name="loso", split=split)
