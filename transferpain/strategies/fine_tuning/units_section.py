"""What action units that were learned beside pain add to a report: how well each is answered in the test part."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.types import is_bool_dtype, is_numeric_dtype

from transferpain.core.contracts import Section, Table
from transferpain.core.foreign import reason_of
from transferpain.data.unit_labels import column_of
from transferpain.evaluation.formatting import number, with_interval
from transferpain.evaluation.number_scores import score_numbers
from transferpain.evaluation.predictions import subject_names
from transferpain.strategies.common.finished import fold_files, read_experiment
from transferpain.strategies.common.stated import Stated, StatedExperiment, Unit, read_stated, unusable

ANSWERS, TAUGHT = "units.parquet", "units.json"
SCORES = {"mae": "MAE", "pcc": "PCC", "icc": "ICC(3,1)"}
NOTE = (
    "Frames of the test part that show a face and in which the unit is coded, pooled over folds; a mean over seeds. "
    "Intervals are over subjects, as those of all scores. MAE on the coder's scale, 0 to 5 (AU43: 0 or 1); to answer 0 "
    'to every frame has the MAE that stands as "Mean coded", however well or badly that is.'
)


class StatedTaught(Stated):
    """What one training was taught of a unit: how many pictures have it coded, and in how many different numbers."""

    pictures: int
    values: int


class Taught(Stated):
    """`units.json` of a fold."""

    weight: float
    of: list[int]
    taught: dict[Unit, StatedTaught]


class UnitsExperiment(StatedExperiment):
    """`experiment.yaml` of a run that learned action units beside pain."""

    name: str
    strategy: str


def predicted_of(unit: int) -> str:
    """Return the name of the column of what is answered of a unit."""
    return f"{column_of(unit)}_predicted"


def units_section(run: Path) -> Section | None:
    """Return the section of a run's folder; `None` where no action units were learned."""
    files = fold_files(run, TAUGHT)
    if not files:
        return None
    experiment = read_experiment(run, UnitsExperiment)
    taught = {training: read_stated(path, Taught) for training, path in files.items()}
    facts = next(iter(taught.values()))
    answers = pd.concat([read_answers(run / "folds" / name / ANSWERS, facts["of"]) for name in files])
    scores = unit_scores(experiment["name"], facts["of"], answers)
    table = Table(
        name="units",
        numbers=scores,
        text=as_text(scores),
        caption=f"Action units of {experiment['name']}",
        note=NOTE,
    )
    names = ", ".join(f"AU{unit}" for unit in facts["of"])
    learned = (
        f"Action units: {names} were learned beside pain, with the weight {facts['weight']:g} of their loss beside 1 "
        "of pain's; the epoch was chosen by pain alone, and the model that is kept answers pain alone."
    )
    if experiment["strategy"] == "last_layer":
        learned += " The last layer alone learned, so that pain learned nothing from them."
    return Section(title="Action units", tables=(table,), notes=(learned, *constant(taught)))


def read_answers(path: Path, units: list[int]) -> pd.DataFrame:
    """Read `units.parquet` of a fold.

    Raises:
        OddFile: if it is no such table; the file and the column are named.
    """
    try:
        table = pd.read_parquet(path)
    except Exception as error:  # as `foreign.border` says of readers
        raise unusable(path, reason_of(error)) from error
    numbers = ["seed", *(name for unit in units for name in (column_of(unit), predicted_of(unit)))]
    for name in ("dataset", "subject", *numbers):
        if name not in table:
            raise unusable(path, f"the column `{name}` is missing")
        if name in numbers and (not is_numeric_dtype(table[name]) or is_bool_dtype(table[name])):
            raise unusable(path, f"the column `{name}` holds something else; numbers are meant")
    return table


def unit_scores(name: str, units: list[int], answers: pd.DataFrame) -> pd.DataFrame:
    """Return one row per unit: the run, frames, subjects, the mean that was coded, and each score with its interval.

    Args:
        name: of the run.
        answers: of all folds and seeds.
    """
    rows = []
    named = answers.assign(subject=subject_names(answers))
    for unit in units:
        part = named[["subject", "seed"]].assign(true=named[column_of(unit)], answered=named[predicted_of(unit)])
        part = part.dropna()
        seeds = max(1, part["seed"].nunique())
        row = {"run": name, "unit": unit, "frames": len(part) // seeds, "subjects": part["subject"].nunique()}
        row["mean_coded"] = part["true"].mean()
        scored = score_numbers(part) if len(part) else {}
        for metric in SCORES:
            one, reason = scored.get(metric, (None, "no frame in which it is coded"))
            row[metric] = np.nan if one is None else one.value
            row[f"{metric}_low"] = np.nan if one is None else one.low
            row[f"{metric}_high"] = np.nan if one is None else one.high
            row[f"{metric}_reason"] = reason or one.reason
        rows.append(row)
    return pd.DataFrame(rows)


def as_text(table: pd.DataFrame) -> pd.DataFrame:
    """Return the scores as text, without the run's name."""
    text = pd.DataFrame({"Unit": [f"AU{unit}" for unit in table["unit"]]})
    text["Frames"], text["Subjects"] = table["frames"].astype(str), table["subjects"].astype(str)
    text["Mean coded"] = table["mean_coded"].map(lambda value: number(value, digits=2))
    for metric, title in SCORES.items():
        cells = []
        for _, row in table.iterrows():
            shown = with_interval(*(row[metric + ending] for ending in ("", "_low", "_high", "_reason")))
            cells.append(f"{shown} [{row[metric + '_reason']}]" if pd.isna(row[metric]) else shown)
        text[title] = cells
    return text


def constant(trainings: dict[str, dict[str, Any]]) -> tuple[str, ...]:
    """Return a sentence for each unit that a training part could not teach: nobody coded it there, or never otherwise.

    Args:
        trainings: fold folder -> what its `units.json` holds.
    """
    sentences = []
    kinds = (
        (0, "is coded in no training picture", "its answers there are those of random weights"),
        (1, "never varies in the training pictures", "there was nothing to tell apart"),
    )
    for values, how, so in kinds:
        for unit in next(iter(trainings.values()))["of"]:
            where = [name for name, facts in trainings.items() if facts["taught"][str(unit)]["values"] == values]
            if where:
                named = "any training" if len(where) == len(trainings) else ", ".join(where)
                sentences.append(f"AU{unit} {how} of {named}: {so}.")
    return tuple(sentences)
