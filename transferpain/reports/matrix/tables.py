"""The tables of a matrix report as text: for the page and for LaTeX. The same numbers stand in the CSV files."""

from collections.abc import Mapping, Sequence

import pandas as pd

from transferpain.evaluation.few_shot import CalibrationCurve
from transferpain.evaluation.formatting import UNDEFINED, number, p_value, with_interval
from transferpain.evaluation.metrics.registry import OF_SUBJECTS
from transferpain.evaluation.predictions import MEANS, PROBE_TITLES
from transferpain.experiments.leakage.checks import failed
from transferpain.experiments.matrix.cells import CellRecord
from transferpain.reports.matrix.declared_tests import PairedTest, TestFamily
from transferpain.reports.matrix.facts import KINDS, PROBE_COLUMNS, CellRun, Grid
from transferpain.reports.matrix.figures import MARKS, HeatCell
from transferpain.reports.matrix.statistics import SCORES
from transferpain.reports.tables import TITLES, cells, latex

# LaTeX knows these without a package; the arrows of the page it does not.
LATEX_MARKS = {"▲": "(+)", "▼": "(-)"}


def heat_cells(
    grid: Grid, runs: Mapping[str, CellRun], metric: str, verdicts: Mapping[str, str]
) -> list[list[HeatCell]]:
    """Return what stands in the cells of a grid's heat map, one row per source, one column per target."""
    return [
        [_heat_cell(grid.records.get((source, target)), runs, metric, verdicts) for target in grid.targets]
        for source in grid.sources
    ]


def probe_cells(grid: Grid, runs: Mapping[str, CellRun], metric: str) -> list[list[HeatCell]]:
    """Return what the linear probe on means scores where a grid's heat map has the head; empty without any probe."""
    found = {place: run.probe_score(MEANS, metric) for place, run in grid.of(runs).items()}
    if all(score["value"] is None for score in found.values()):
        return []
    none = HeatCell(None, word="none")

    def cell(place: tuple[str, str]) -> HeatCell:
        score = found.get(place)
        if not score or score["value"] is None:
            return none
        return HeatCell(score["value"], score["low"], score["high"])

    return [[cell((source, target)) for target in grid.targets] for source in grid.sources]


def _heat_cell(
    record: CellRecord | None, runs: Mapping[str, CellRun], metric: str, verdicts: Mapping[str, str]
) -> HeatCell:
    if record is None:
        return HeatCell(None, word="none")
    if record.name not in runs:
        return HeatCell(None, word=record.state)
    score = runs[record.name].score(metric)
    if score["value"] is None:
        return HeatCell(None, word="no labels")
    return HeatCell(score["value"], score["low"], score["high"], verdicts.get(record.name, ""), why=score["reason"])


def heat_text(cell: HeatCell) -> str:
    """Return a cell of a heat map as text: the score, its interval and its mark, or the word."""
    if cell.value is None:
        return cell.word
    return f"{with_interval(cell.value, cell.low, cell.high, cell.why)} {MARKS[cell.verdict]}".rstrip()


def grid_text(grid: Grid, cells: Sequence[Sequence[HeatCell]]) -> pd.DataFrame:
    """Return a heat map as a table of text."""
    rows = [[source, *map(heat_text, line)] for source, line in zip(grid.sources, cells, strict=True)]
    return pd.DataFrame(rows, columns=["Trained on" if grid.kind == "cross_dataset" else "Source", *grid.targets])


def cells_text(table: pd.DataFrame, metric: str) -> pd.DataFrame:
    """Return the cells of a grid as text, one row per cell; `table` is a part of `cells_table`.

    The column `run` is left as it is, for the page to link.
    """
    text = pd.DataFrame({"Source": table["source"], "Target": table["tested_on"]})
    done = table["state"] == "done"
    for name in dict.fromkeys((metric, *OF_SUBJECTS)):
        text[TITLES[name]] = cells(table, name)
    for name, column in PROBE_COLUMNS.items():
        text[f"{PROBE_TITLES[name].capitalize()}: {TITLES[metric].lower()}"] = cells(table, column)
    for name, title in (
        ("majority_class_accuracy", TITLES["majority_class_accuracy"]),
        ("prior_draws", f"Prior draws: {TITLES[metric].lower()}"),
        ("coverage", TITLES["coverage"]),
    ):
        text[title] = table[name].map(number)
    for name in ("subjects", "clips", "seeds"):
        text[TITLES[name]] = [UNDEFINED if pd.isna(count) else f"{count:.0f}" for count in table[name]]
    text["Tested on"] = table["protocol"].replace("", UNDEFINED)
    text["Target data used"] = table["target_data"].where(done, table["reason"])
    text["Task"] = [
        f"{row.task} ({row.task_hash})" if pd.notna(row.task_hash) else row.task for row in table.itertuples()
    ]
    text["What the labels mean"] = table["labels"].fillna(UNDEFINED)
    text["Seconds"] = [UNDEFINED if pd.isna(value) else f"{value:.0f}" for value in table["seconds"]]
    return text.assign(run=table["run"])


def subjects_text(table: pd.DataFrame) -> pd.DataFrame:
    """Return who is tested, as text: one row per kind of grid, dataset and protocol.

    Args:
        table: what `cells_table` returns. Subjects are those of its cells that are done.
    """
    rows = []
    for (kind, target, protocol), part in table.groupby(["kind", "tested_on", "protocol"], sort=False):
        subjects = sorted({int(number) for number in part["subjects"].dropna()})
        ends = (
            UNDEFINED
            if not subjects
            else " to ".join(str(number) for number in dict.fromkeys((subjects[0], subjects[-1])))
        )
        row = {"Grid": KINDS[kind].lower(), "Target": target, "Tested on": protocol or UNDEFINED}
        rows.append(row | {"Cells": str(len(part)), "Subjects tested": ends})
    return pd.DataFrame(rows)


def family_text(family: TestFamily) -> pd.DataFrame:
    """Return the comparisons of a family as text, one row per comparison."""
    rows = []
    for test in family.tests:
        difference, median = test.difference, test.median
        rows.append(
            {
                "Cell": test.pair.a.name,
                "minus": test.pair.b.name if test.pair.b else "prior draws",
                "Difference": with_interval(
                    difference.value, difference.low, difference.high, difference.reason, signed=True
                )
                if difference
                else UNDEFINED,
                "p": p_value(test.swap.p if test.swap else None),
                "Holm p": p_value(test.adjusted),
                "Reading": _reading(test),
                "Subjects": UNDEFINED if test.subjects is None else str(test.subjects),
                "Wilcoxon p": p_value(test.wilcoxon.p if test.wilcoxon else None),
                "Rank-biserial": number(test.rank_biserial.value, signed=True) if test.rank_biserial else UNDEFINED,
                "Median difference": with_interval(median.value, median.low, median.high, signed=True)
                if median
                else UNDEFINED,
                "McNemar p": p_value(test.mcnemar.p if test.mcnemar else None),
                "Limits": test.reason,
            }
        )
    return pd.DataFrame(rows)


def _reading(test: PairedTest) -> str:
    if test.verdict:
        return f"{MARKS[test.verdict]} {test.verdict}"
    return "not tested" if test.adjusted is None else "not shown"


def permutations_text(table: pd.DataFrame) -> pd.DataFrame:
    """Return the tests against permuted labels as text."""
    text = pd.DataFrame({"Cell": table["cell"]})
    text["True labels"] = table["observed"].map(number)
    text["Permuted, mean"] = table["permuted"].map(number)
    text["p"] = table["p"].map(p_value)
    text["Holm p"] = table["adjusted_p"].map(p_value)
    text["Permutations"] = table["draws"].astype(str)
    return text.assign(Limits=table["reason"])


def friedman_text(table: pd.DataFrame) -> pd.DataFrame:
    """Return Friedman's and Nemenyi's tests as text."""
    text = table[["selection", "head", "target"]].rename(columns=str.capitalize)
    for column in ("sources", "subjects"):
        text[column.capitalize()] = table[column].astype(str)
    text["Friedman p"] = table["p"].map(p_value)
    text["Holm p"] = table["adjusted_p"].map(p_value)
    text["Critical difference"] = table["critical_difference"].map(number)
    text["Mean ranks"] = table["mean_ranks"].replace("", UNDEFINED)
    text["Apart"] = table["different"].replace("", "no pair")
    return text.assign(Limits=table["reason"])


def ranks_text(table: pd.DataFrame) -> pd.DataFrame:
    """Return the sources' mean ranks as text."""
    text = table[["selection", "head", "source"]].rename(columns=str.capitalize)
    text["Mean rank"] = [UNDEFINED if pd.isna(rank) else f"{rank:.2f}" for rank in table["mean_rank"]]
    return text.assign(Targets=table["targets"].astype(str))


def diagonals_text(table: pd.DataFrame) -> pd.DataFrame:
    """Return the means on and off the diagonal as text."""
    text = table[["selection", "head"]].rename(columns=str.capitalize)
    text["Targets"] = table["targets"].astype(str)
    text["Diagonal"] = table["diagonal"].map(number)
    text["Off the diagonal"] = table["off_diagonal"].map(number)
    return text.assign(Difference=[number(value, signed=True) for value in table["difference"]])


def agreements_text(table: pd.DataFrame) -> pd.DataFrame:
    """Return how well scores order the sources, as text."""
    text = table[["selection", "head", "target"]].rename(columns=str.capitalize)
    text["Score"] = [SCORES.get(name, name) for name in table["score"]]
    text["Sources"] = table["sources"].astype(str)
    text["Kendall's tau"] = [number(value, signed=True) for value in table["kendall"]]
    text["Weighted tau"] = [number(value, signed=True) for value in table["weighted"]]
    text["p"] = table["p"].map(p_value)
    text["Holm p"] = table["adjusted_p"].map(p_value)
    return text.assign(Limits=table["reason"])


def few_shot_text(curves: Mapping[str, CalibrationCurve]) -> pd.DataFrame:
    """Return the calibration curves as text, one column per k."""
    numbers = sorted({k for curve in curves.values() for k in curve.scores or ()})
    rows = []
    for name, curve in curves.items():
        row = {"Cell": name}
        for k in numbers:
            score = curve.scores[k] if curve.scores else None
            row[f"k = {k}"] = with_interval(score.value, score.low, score.high, score.reason) if score else UNDEFINED
        rows.append(row | {"Subjects": str(curve.subjects), "Clips": str(curve.clips), "Limits": curve.reason})
    return pd.DataFrame(rows)


def leakage_text(runs: Mapping[str, CellRun]) -> pd.DataFrame:
    """Return how many of each cell's leakage checks pass, fail, are declared or do not apply, and which fail."""
    rows = []
    for name, run in runs.items():
        counts = {state: sum(line.state == state for line in run.checks) for state in ("pass", "fail", "declared")}
        faults = "; ".join(f"{line.number} {line.name}: {line.figure}" for line in failed(run.checks))
        rows.append(
            {
                "Cell": name,
                "Pass": str(counts["pass"]),
                "Fail": str(counts["fail"]),
                "Declared": str(counts["declared"]),
                "Not applicable": str(len(run.checks) - sum(counts.values())),
                "What fails": faults or ("nothing" if run.checks else "the run has no checks"),
            }
        )
    return pd.DataFrame(rows)


def costs_text(runs: Mapping[str, CellRun], by: str) -> pd.DataFrame:
    """Return what the cells cost, summed over a field of their records: `source` or `tested_on`."""
    rows = [
        {
            by: getattr(run.record, by),
            "cells": 1,
            "seconds": run.cost.get("seconds", run.record.seconds),
            "embedded": run.cost.get("clips_embedded"),
            "cached": run.cost.get("clips_from_cache"),
        }
        for run in runs.values()
    ]
    sums = pd.DataFrame(rows).astype({"seconds": float, "embedded": float, "cached": float})
    sums = sums.groupby(by, sort=False).sum(min_count=1).reset_index()
    titles = {by: "Source" if by == "source" else "Target", "cells": "Cells", "seconds": "Seconds"}
    titles |= {"embedded": "Clips embedded", "cached": "Clips from the cache"}
    for column in ("cells", "seconds", "embedded", "cached"):
        sums[column] = [UNDEFINED if pd.isna(value) else f"{value:.0f}" for value in sums[column]]
    return sums.rename(columns=titles)


def latex_with_marks(text: pd.DataFrame, caption: str) -> str:
    """Return a table as LaTeX, the marks of the page as (+) and (-)."""
    plain = latex(text, caption)
    for mark, word in LATEX_MARKS.items():
        plain = plain.replace(mark, word)
    return plain
