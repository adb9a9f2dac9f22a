"""Paired tests of finished runs on the screen: those that a report of them would show, by the same code."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from transferpain.core.errors import UserError
from transferpain.evaluation.metrics.registry import COMPARED
from transferpain.experiments.run_folder import RunFolder
from transferpain.experiments.study_schema import Comparison
from transferpain.reports.facts import ReportFacts, read_report
from transferpain.reports.screen import Result, synthetic_mark, warning_lines
from transferpain.reports.sections.differences import NOTE, differences, differences_as_text, power_of
from transferpain.reports.trainings import one_training_note


def compare_runs(folders: Sequence[Path], metric: str = "balanced_accuracy") -> Result:
    """Compare the first of several runs with each other one, over the same subjects.

    Args:
        folders: of finished runs, at least two.
        metric: a name from `COMPARED`.

    Raises:
        UserError: if there are fewer, a folder is no finished run or stands twice, runs were not tested on the same
            clips, or nothing is compared by that metric.
    """
    COMPARED.find(metric)
    if len(folders) < 2:
        raise UserError(
            "There is nothing to compare.",
            rule="Two runs at least are compared: the first minus each other.",
            received=", ".join(folder.name for folder in folders) or "no run",
            todo="Name another run, as `transferpain runs list` names it.",
        )
    report = read_report(folders, ())
    first, *others = [run.name for run in report.runs]
    report = replace(report, comparisons=tuple(Comparison(better=first, worse=one, metric=metric) for one in others))
    return as_result(report, [RunFolder(folder) for folder in folders])


def as_result(report: ReportFacts, runs: list[RunFolder]) -> Result:
    """Return the paired differences of a report as a table for the screen."""
    table = differences(report.gaps)
    text = differences_as_text(table)
    text.insert(len(text.columns) - 1, "Subjects", table["subjects"].astype(str))
    notes = [NOTE.format(power=power_of(table)) + one_training_note(report), *warning_lines(runs)]
    return Result(
        "paired differences" + synthetic_mark(runs), [*text.columns], text.astype(str).to_numpy().tolist(), notes
    )
