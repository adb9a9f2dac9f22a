"""The tables of the scores that need more than counts of right and wrong: probabilities, and ordered levels."""

from collections.abc import Iterator, Sequence
from typing import Any

import pandas as pd

from transferpain.evaluation.formatting import with_interval
from transferpain.evaluation.metrics.levels import EXPECTED
from transferpain.evaluation.metrics.registry import METRICS, metrics_of
from transferpain.reports.facts import RunFacts
from transferpain.reports.tables import TITLES, counted_scores, marks, with_bounds

# What is held against the label, and the ending of its scores' names.
ANSWERS = {"predicted level": "", "expected level": EXPECTED}


def probabilities(runs: Sequence[RunFacts]) -> pd.DataFrame:
    """Return AUC, log loss, Brier score and calibration error: rows and columns as in `tables.results`."""
    rows = []
    for run, counted, scores in _counted(runs):
        row = {"run": run.name, "counted": counted}
        for metric in metrics_of("probabilities"):
            row |= with_bounds(metric, scores[metric])
        rows.append(row | marks(run))
    return pd.DataFrame(rows)


def probabilities_as_text(table: pd.DataFrame) -> pd.DataFrame:
    """Return the scores of the probabilities as text."""
    text = table[["run", "counted"]].copy()
    for metric in metrics_of("probabilities"):
        text[metric] = _cells(table, metric)
    return text.rename(columns=TITLES)


def ordinal(runs: Sequence[RunFacts]) -> pd.DataFrame:
    """Return the scores of ordered levels: a row a run and answer, none for a run whose classes are not ordered.

    The answers are the predicted level and the expected one, which has no kappa: it is no class.
    """
    rows = []
    for run, counted, scores in _counted(runs):
        for answer, ending in ANSWERS.items() if scores["ordinal"] else ():
            row = {"run": run.name, "counted": counted, "answer": answer}
            for metric in _levels():
                row |= with_bounds(metric, scores["ordinal"].get(metric + ending))
            rows.append(row | marks(run))
    return pd.DataFrame(rows)


def ordinal_as_text(table: pd.DataFrame) -> pd.DataFrame:
    """Return the scores of ordered levels as text."""
    text = table[["run", "counted", "answer"]].copy()
    for metric in _levels():
        text[metric] = _cells(table, metric)
    return text.rename(columns=TITLES)


def undefined(runs: Sequence[RunFacts]) -> list[str]:
    """Return a sentence for each score that is not defined, with the reason; clips of both kinds say the same once."""
    sentences: dict[str, None] = {}
    for run, _, scores in _counted(runs):
        for name, entry in _entries(scores):
            if entry["value"] is None:
                sentences[f"{METRICS[name].title} of {run.name} is not defined: {entry['reason']}."] = None
    return list(sentences)


def _counted(runs: Sequence[RunFacts]) -> Iterator[tuple[RunFacts, str, dict[str, Any]]]:
    for run in runs:
        for counted, scores in counted_scores(run):
            if scores:
                yield run, counted, scores


def _entries(scores: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    levels = [(name, scores["ordinal"][name]) for name in metrics_of("levels")] if scores["ordinal"] else []
    return [*((name, scores[name]) for name in metrics_of("probabilities")), *levels]


def _levels() -> list[str]:
    return [name for name in metrics_of("levels") if not name.endswith(EXPECTED)]


def _cells(table: pd.DataFrame, metric: str) -> list[str]:
    """Return a column as text: the interval with the score, where it has one."""
    return [with_interval(row[metric], row[f"{metric}_low"], row[f"{metric}_high"]) for _, row in table.iterrows()]
