"""Training subjects dealt into parts, so that a network can look at each whom it did not learn from."""

import numpy as np
from sklearn.model_selection import StratifiedGroupKFold

from transferpain.core.errors import UserError


def deal(is_pain: np.ndarray, subjects: np.ndarray, parts: int, seed: int) -> list[np.ndarray]:
    """Return the positions of each part's rows, int64: subjects stay together, and both answers are in all others.

    Raises:
        UserError: if too few subjects have either answer.
    """
    people = {answer: len(np.unique(subjects[is_pain == answer])) for answer in (1, 0)}
    dealt = []
    if min(people.values()) >= parts:
        splitter = StratifiedGroupKFold(parts, shuffle=True, random_state=seed)
        dealt = [rows for _, rows in splitter.split(is_pain, is_pain, subjects)]
    if not dealt or any(len(np.unique(np.delete(is_pain, rows))) < 2 for rows in dealt):
        raise UserError(
            "There are too few training subjects to train a network without each of them.",
            rule=f"With head.cross_fitting {parts}, {parts} subjects with pain and as many without are needed, and no "
            "part may hold all of either.",
            received=f"{people[1]} with pain, {people[0]} without",
            todo="Lower head.cross_fitting, or use more subjects.",
        )
    return dealt
