"""Protocols as scikit-learn splitters: `cross_val_predict(model, X, y, groups=subjects, cv=ProtocolSplitter(...))`."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from transferpain.core.errors import UserError
from transferpain.data.datasets.subject_names import check_subjects_of
from transferpain.data.protocols.make import make_folds
from transferpain.data.protocols.settings import ProtocolSettings


@dataclass(frozen=True)
class ProtocolSplitter:
    """A protocol in the form that scikit-learn's `cv` takes.

    scikit-learn knows no third part: its training part is training and selection together. What `selection: paper`
    selects on is left out of it where it is tested.

    Attributes:
        settings: the protocol.
        seed: of the random draws.
    """

    settings: ProtocolSettings
    seed: int = 0

    def split(self, X, y=None, groups=None) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield the positions of the training and the test rows of each fold, int64, ascending.

        Args:
            X: rows that are split; only their number is read.
            y: the class of each row, missing (NaN or None) where there is no label: such a row may be tested, and is
                never trained on. `None` takes the column `y` of the samples, or else one class.
            groups: the subject of each row; or a table of samples with the column subject, and with dataset and split
                where the protocol reads them.

        Raises:
            UserError: if there are no groups, they are not as long as `X`, some of their names may be spellings of one,
                or the protocol reads a column that is not there; and as `make_folds`.
        """
        for fold in make_folds(self._samples(X, y, groups), self.settings, self.seed):
            yield np.setdiff1d(np.union1d(fold.train, fold.selection), fold.test), fold.test

    def get_n_splits(self, X=None, y=None, groups=None) -> int:
        """Return how many folds `split` yields for the same arguments; it raises the same."""
        return sum(1 for _ in self.split(X, y, groups))

    def _samples(self, X, y, groups) -> pd.DataFrame:
        if groups is None:
            raise UserError(
                "A protocol splits by subject, and no subjects were given.",
                rule="`groups` holds the subject of each row, or is a table of samples.",
                todo="Pass groups=subjects.",
            )
        table = groups if isinstance(groups, pd.DataFrame) else pd.DataFrame({"subject": np.asarray(groups)})
        rows = len(table) if X is None else X.shape[0] if hasattr(X, "shape") else len(X)
        if rows != len(table) or (y is not None and len(y) != rows):
            raise UserError(
                "The rows, their labels and their groups are not of one length.",
                rule="Each row has one label and one subject.",
                received=f"{rows} rows, {'no' if y is None else len(y)} labels, {len(table)} groups",
                todo="Pass groups in the order of the rows.",
            )
        missing = [column for column in self._columns() if column not in table]
        if missing:
            raise UserError(
                f"The protocol {self.settings.kind} reads more than subjects.",
                rule=f"It reads the columns {', '.join(self._columns())} of the samples.",
                received=f"groups without {', '.join(missing)}",
                todo="Pass the table of samples as groups.",
            )
        table = table.reset_index(drop=True)
        check_subjects_of(table, "the groups")
        blank = {column: "" for column in ("dataset", "split") if column not in table}
        return table.assign(**blank, subject=table["subject"].astype(str), y=_classes(y, table))

    def _columns(self) -> tuple[str, ...]:
        lists = ("dataset",) if self.settings.leave_out else ()
        return tuple(dict.fromkeys(("subject", *lists, *self.settings.split_kind.columns)))


def _classes(y, table: pd.DataFrame) -> pd.Series:
    """Return the number of each row's class in ascending order, Int64, missing where there is no label."""
    if y is None:
        y = table["y"] if "y" in table else np.zeros(len(table))
    numbers, _ = pd.factorize(pd.Series(np.asarray(y, dtype=object)), sort=True)
    return pd.Series(numbers, dtype="Int64").mask(numbers < 0)
