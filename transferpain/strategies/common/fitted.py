"""`fitted.json` of a fold: the rows that each fitted thing has seen, as they were entered where it was fitted."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from transferpain.core.contracts import FittedRows
from transferpain.core.schema import read_stamped, write_stamped
from transferpain.evaluation.predictions import subject_names
from transferpain.strategies.common.stated import Stated, read_stated

FITTED = "fitted.json"


class FittedLine(Stated):
    """What one fitted thing has seen, in `fitted.json`."""

    subjects: list[str]
    transductive: bool
    use: str = "fit"


class Fitted(Stated):
    """`fitted.json` of a fold."""

    fitted: list[FittedLine]


def write_fitted(folder: Path, fitted: Sequence[FittedRows], samples: pd.DataFrame) -> None:
    """Write the rows, as stretches `[first, last]` of positions, with the subjects that they are of.

    Args:
        folder: the fold's.
        samples: what the rows are positions into.
    """
    subjects = subject_names(samples).to_numpy(dtype=str)
    lines = [
        {
            "step": one.step,
            "transductive": one.transductive,
            "use": one.use,
            "samples": len(one.rows),
            "subjects": np.unique(subjects[one.rows]).tolist(),
            "rows": stretches(one.rows),
        }
        for one in fitted
    ]
    write_stamped(folder / FITTED, {"fitted": lines})


def read_fitted(folder: Path) -> tuple[FittedRows, ...]:
    """Read what `write_fitted` wrote; nothing where a fold was made before it was written down."""
    path = folder / FITTED
    lines = read_stamped(path)["fitted"] if path.is_file() else []
    return tuple(
        FittedRows(line["step"], rows_of(line["rows"]), line["transductive"], line.get("use", "fit")) for line in lines
    )


def read_fitted_by(folder: Path, samples: pd.DataFrame) -> tuple[FittedRows, ...]:
    """Read what another run wrote, as positions into `samples`, which may be other rows than that run's.

    Where its positions are not those of the subjects that it states, all samples of these subjects count as seen.
    """
    path, names = folder / FITTED, subject_names(samples).to_numpy(dtype=str)
    found = []
    for line in read_stamped(path)["fitted"] if path.is_file() else []:
        rows, subjects = rows_of(line["rows"]), line["subjects"]
        same = not len(rows) or (rows[-1] < len(names) and np.unique(names[rows]).tolist() == subjects)
        rows = rows if same else np.flatnonzero(np.isin(names, subjects))
        found.append(FittedRows(line["step"], rows, line["transductive"], line.get("use", "fit")))
    return tuple(found)


def stretches(rows: np.ndarray) -> list[list[int]]:
    """Return ascending positions as stretches of neighbours, first and last included."""
    if not len(rows):
        return []
    ends = np.flatnonzero(np.diff(rows) != 1)
    first, last = rows[np.append(0, ends + 1)], rows[np.append(ends, len(rows) - 1)]
    return np.stack([first, last], axis=1).tolist()


def rows_of(stretches: list[list[int]]) -> np.ndarray:
    """Return the positions of stretches, int64."""
    return np.concatenate([np.empty(0, np.int64), *(np.arange(first, last + 1) for first, last in stretches)])


def subjects_fitted_to(folder: Path) -> frozenset[str] | None:
    """Return the subjects, as `subject_names` has them, that a fold's answers were fitted to.

    Not among them are those whose loss alone chose an epoch or a candidate, those whose neutral face was compared with
    their own, and those of a transductive method, which treats tested subjects in the same way. None where a fold does
    not say what was fitted.

    Raises:
        OddFile: if the file is damaged; it and the key are named.
    """
    path = folder / FITTED
    if not path.is_file():
        return None
    lines = read_stated(path, Fitted)["fitted"]
    others = ("selection", "reference")
    fitted = [line for line in lines if line.get("use", "fit") not in others and not line["transductive"]]
    return frozenset(name for line in fitted for name in line["subjects"])
