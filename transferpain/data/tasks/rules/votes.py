"""Classes by the winner of FER+'s votes."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import numpy as np
import pandas as pd

from transferpain.core.contracts import LabelMode
from transferpain.data.datasets.ferplus import EMOTIONS, VOTES
from transferpain.data.tasks.ferplus_votes import accepted_votes, label_distributions
from transferpain.data.tasks.rules.mapping import NamedLabels


class VotesRule(NamedLabels):
    """Classes by the emotion that won FER+'s votes.

    Training rows go by the label mode; validation and test rows always by majority, as in the authors' code
    (Barsoum et al. 2016).

    Attributes:
        votes: emotion -> class index.
    """

    name: ClassVar[str] = "votes"
    column: Literal["votes"] = "votes"
    votes: dict[str, int]

    @property
    def class_of(self) -> Mapping[str, int]:
        """Emotion -> class index."""
        return self.votes

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of votes, and the one that tells training rows."""
        return (*VOTES, "split")

    def raw_labels(self, table: pd.DataFrame, label_mode: LabelMode) -> tuple[pd.Series, pd.Series]:
        """Return each row's winning emotion, and whether its votes are clear enough for the row to be kept."""
        votes = table[list(VOTES)].to_numpy()
        in_train = (table["split"] == "train").to_numpy()
        kept, accepted = accepted_votes(votes, "majority")
        train_kept, train_accepted = accepted_votes(votes, label_mode)
        kept = np.where(in_train, train_kept, kept)
        winners = np.where(in_train, train_accepted.argmax(axis=1), accepted.argmax(axis=1))
        return pd.Series(np.array(EMOTIONS)[winners], index=table.index), pd.Series(kept, index=table.index)

    def targets(self, table: pd.DataFrame, classes: int, label_mode: LabelMode) -> np.ndarray:
        """Return distributions of votes for training rows, one class for each other row: float32 `(rows, classes)`."""
        targets = super().targets(table, classes, label_mode)
        in_train = (table["split"] == "train").to_numpy()
        _, targets[in_train] = label_distributions(table.loc[in_train, list(VOTES)].to_numpy(), label_mode)
        return targets

    def facts(self) -> dict[str, Any]:
        """Return what enters the task's hash; the emotions stand under the key of schema 1."""
        return {"column": self.column, "mapping": self.votes}
