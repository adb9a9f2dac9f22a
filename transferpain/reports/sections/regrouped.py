"""Coarser levels from a number, beside a classifier of those levels in the same report."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd

from transferpain.core.contracts import Table
from transferpain.core.errors import UserError
from transferpain.data.tasks.rules.bins import BinsRule
from transferpain.data.tasks.task import list_tasks, load_task
from transferpain.evaluation.metrics.registry import COMPARED
from transferpain.evaluation.regrouping import groups_of, regroup
from transferpain.evaluation.resampling import Interval
from transferpain.evaluation.statistics import paired_difference, score_subjects
from transferpain.reports.facts import RunFacts
from transferpain.reports.tables import BOUNDS, TITLES, cells, cells_or_reasons, marks

NOTE = (
    "The answer of a number is the level in which the expected one lies, rounded to the nearest. Minus: the balanced "
    "accuracy of the derived levels less that of the classifier, on the same samples, with its 95 % interval over "
    "subjects; described, not tested."
)
DIFFERENCE = "difference"


def regrouped(runs: Sequence[RunFacts]) -> Table | None:
    """Return each number as coarser levels beside each classifier of them; None where the report has no such pair."""
    rows: list[dict[str, Any]] = []
    for classifier, numbers in pairs(runs):
        scores = score_subjects(classifier.predictions, tuple(COMPARED))
        rows.append({"levels_of": classifier.name, "run": classifier.name} | _cells(scores) | marks(classifier))
        for number, groups in numbers:
            derived = regroup(number.predictions, groups)
            found = score_subjects(derived, tuple(COMPARED))
            try:
                gap = {DIFFERENCE: paired_difference(derived, classifier.predictions)}
            except UserError:
                continue  # other samples were tested: nothing can be said of both
            rows.append({"levels_of": classifier.name, "run": number.name} | _cells(found | gap) | marks(number))
    if not any(row["run"] != row["levels_of"] for row in rows):
        return None
    table = pd.DataFrame(rows)
    return Table(
        "regrouped_levels", table, regrouped_as_text(table), "Coarser levels from the number", NOTE, text_columns=2
    )


def pairs(runs: Sequence[RunFacts]) -> Iterator[tuple[RunFacts, list[tuple[RunFacts, np.ndarray]]]]:
    """Yield each run with the runs whose levels are finer, and which of its levels each of theirs belongs to."""
    spans = {run.name: spans_of(run) for run in runs}
    for coarse in runs:
        found = []
        for fine in runs:
            known, own = spans[fine.name], spans[coarse.name]
            if known and own and known[0] == own[0] and (groups := groups_of(known[1], own[1])) is not None:
                found.append((fine, groups))
        if found:
            yield coarse, found


def spans_of(run: RunFacts) -> tuple[tuple[str, str], list[tuple[float, float]]] | None:
    """Return dataset and column that a run's labels are read from, and the span of each level.

    None without spans, and of a task that is not the package's own as it is today.
    """
    dataset, name = str(run.facts.get("dataset", "")), str(run.facts.get("task", ""))
    if name not in list_tasks() or (task := load_task(name)).hash != run.facts.get("task_hash"):
        return None
    rule = task.labels.get(dataset)
    if not isinstance(rule, BinsRule) or None in rule.bins:
        return None
    return (dataset, str(rule.column)), [(float(low), float(high)) for low, high in filter(None, rule.bins)]


def regrouped_as_text(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table as text."""
    text = table[["levels_of", "run"]].copy()
    for name in COMPARED:
        text[TITLES[name]] = cells(table, name)
    text["Minus"] = cells_or_reasons(table, DIFFERENCE, signed=True)
    return text.rename(columns={"levels_of": "Levels of", "run": "Run"})


def _cells(found: dict[str, Interval]) -> dict[str, Any]:
    empty = {DIFFERENCE + ending: None for ending in BOUNDS}
    return empty | {name + ending: getattr(one, key) for name, one in found.items() for ending, key in BOUNDS.items()}
