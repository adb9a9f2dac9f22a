"""The table of predictions: which of its rows are scored, and as what."""

import re

import numpy as np
import pandas as pd
from pandas.api.types import is_bool_dtype, is_numeric_dtype

from transferpain.core.errors import UserError

CLIP = ["dataset", "subject", "clip"]
WHOLE_CLIP = -1
NUMBERS = ("frame", "seed", "y_true", "y_pred", "coverage")
TOLERANCE = 1e-3  # shares are kept as float32
# The linear probes beside a head (`evaluation.linear_probe`), by what they read of a clip's frames; their predictions
# stand in a table of their own, whose column `probe` says which.
MEANS, MEAN_AND_MAXIMUM = "mean", "mean_and_maximum"
PROBE_TITLES = {MEANS: "linear probe, mean", MEAN_AND_MAXIMUM: "linear probe, mean + maximum"}
PROBES = "linear_probe.parquet"
LINEAR_PROBE = "linear_probe"  # where their scores stand beside those of the head


def fault_of_kinds(table: pd.DataFrame) -> str:
    """Return which column of a run's table of predictions holds no numbers, though it should; "" where none does."""
    for name in filter(lambda name: name in NUMBERS or re.fullmatch(r"p_\d+", name), map(str, table.columns)):
        column = table[name]
        if (not is_numeric_dtype(column) or is_bool_dtype(column)) and column.notna().any():
            return f"the column `{name}` holds something else than numbers, such as {column.dropna().iloc[0]!r:.40}"
    return ""


def fault_of_answers(predictions: pd.DataFrame, classes: int) -> str:
    """Return what is wrong with the answers of a run to so many classes; "" where nothing is.

    Of a class or a share that cannot be, a score would be computed all the same.
    """
    chances = [f"p_{number}" for number in range(classes)]
    missing = [name for name in (*CLIP, "fold", *NUMBERS, *chances) if name not in predictions]
    if missing or number_of_classes(predictions) != classes:
        more = f"{number_of_classes(predictions)} columns of probabilities for {classes} classes"
        return f"no column `{missing[0]}`" if missing else more
    whole = {"frame": (WHOLE_CLIP, np.inf), "y_true": (0, classes - 1), "y_pred": (0, classes - 1)}
    shares = dict.fromkeys((*chances, "coverage"), (-TOLERANCE, 1 + TOLERANCE))
    for name, (low, high) in (whole | shares).items():
        numbers = predictions[name].astype("Float64").to_numpy(dtype=np.float64, na_value=np.nan)
        wrong = ~((numbers >= low) & (numbers <= high))
        if name in whole:
            wrong |= numbers % 1 != 0
        if name == "y_true":
            wrong &= ~np.isnan(numbers)
        if wrong.any():
            kind = "a whole number" if name in whole else "a share"
            return f"the column `{name}` holds {numbers[wrong][0]:g}; {kind} from {round(low)} to {high:.0f} is meant"
    return ""


def clip_rows(predictions: pd.DataFrame) -> pd.DataFrame:
    """Return the rows that answer for a whole clip (`frame == -1`), labelled or not.

    Raises:
        UserError: if a seed answers twice for one clip, or the seeds answer for different clips.
    """
    rows = predictions[predictions["frame"] == WHOLE_CLIP]
    twice = rows.duplicated([*CLIP, "seed"])
    if twice.any():
        raise UserError(
            "A clip is predicted more than once.",
            rule="A seed answers once for each clip: test sets of folds must not overlap.",
            received=f"{int(twice.sum())} repeated rows, the first of clip {rows[twice]['clip'].iloc[0]!r}",
        )
    answers = rows.groupby(CLIP, observed=True).size()
    if (answers != rows["seed"].nunique()).any():
        raise UserError(
            "The run is not finished: not every seed has predicted every clip.",
            rule="Scores are averaged over seeds, so each seed must answer for the same clips.",
            received=f"{rows['seed'].nunique()} seeds, but {int(answers.min())} for some clips",
            todo="Run the experiment again: it goes on where it stopped.",
        )
    return rows


def named_alone(predictions: pd.DataFrame, dataset: str | None) -> pd.DataFrame:
    """Return predictions on a dataset with its clips named as by runs of it alone.

    Args:
        predictions: of a run of two datasets, which puts the dataset before a clip's name, or of one.
        dataset: that is tested on, where two are read.
    """
    if dataset is None:
        return predictions
    return predictions.assign(clip=predictions["clip"].astype(str).str.removeprefix(f"{dataset}/"))


def labelled_rows(predictions: pd.DataFrame, covered: bool = False) -> pd.DataFrame:
    """Return the clip rows with a true label; with `covered` only those with a face in at least one frame."""
    rows = clip_rows(predictions)
    keep = rows["y_true"].notna()
    if covered:
        keep &= rows["coverage"] > 0
    return rows[keep]


def number_of_classes(predictions: pd.DataFrame) -> int:
    """Return K, the number of the columns `p_0 .. p_{K-1}`."""
    return sum(bool(re.fullmatch(r"p_\d+", column)) for column in predictions.columns)


def subject_names(rows: pd.DataFrame) -> pd.Series:
    """Return a name of each row's subject that is unique over datasets."""
    return rows["dataset"].astype(str) + "/" + rows["subject"].astype(str)


def tells_subjects_apart(clips: pd.DataFrame) -> bool:
    """Tell whether the data name subjects: most have more than one clip, unlike images grouped by their pixels.

    Args:
        clips: one row per clip, with the columns dataset and subject.
    """
    return bool(subject_names(clips).value_counts().median() >= 2)
