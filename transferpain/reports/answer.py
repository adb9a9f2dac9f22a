"""What a report answers, in a sentence: it stands under the title, before any figure."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from transferpain.evaluation.comparisons import ALPHA
from transferpain.evaluation.formatting import number, p_value, with_interval
from transferpain.experiments.leakage.checks import failed
from transferpain.reports.facts import ReportFacts, RunFacts
from transferpain.reports.sections.differences import differences
from transferpain.reports.sections.results import of_other_data, unreliable
from transferpain.reports.tables import TITLES

MOST_OTHERS = 5
IN_BRACKETS = "In brackets: 95 % interval over {}."


@dataclass(frozen=True)
class Answer:
    """What stands under the title.

    Attributes:
        sentence: the answer.
        before: what is said before any score: whether the report was registered; empty where it was not.
        others: the further declared comparisons.
        cautions: what speaks against it, or limits it.
        legend: what its brackets mean; empty without any.
    """

    sentence: str
    before: str = ""
    others: tuple[str, ...] = ()
    cautions: tuple[str, ...] = ()
    legend: str = ""


def answer(report: ReportFacts) -> Answer:
    """Return the answer of a report: of the first declared comparison, or of all runs where none was declared."""
    before = report.registered.sentence if report.registered else ""
    if not report.scored:
        return Answer("No clip has a label: answers are shown, and nothing is scored.", before)
    others: list[str] = []
    if report.comparisons:
        rows = differences(report.gaps).to_dict("records")
        named = {run.name: run for run in report.runs}
        first, *further = rows
        sentence = f"{of_run(named[first['better']])}; {_against(first)}."
        others = [f"{row['better']} minus {row['worse']}: {_difference(row)}." for row in further[:MOST_OTHERS]]
        if len(further) > MOST_OTHERS:
            others.append(f"{len(further) - MOST_OTHERS} more stand under Paired differences.")
        concerned = [run for run in report.scored if any(run.name in (row["better"], row["worse"]) for row in rows)]
    else:
        concerned = report.scored
        sentence = f"{of_run(concerned[0])}." if len(concerned) == 1 else _of_many(concerned)
    legend = IN_BRACKETS.format("subjects" if concerned[0].scores["has_subjects"] else "images")
    return Answer(sentence, before, tuple(others), cautions(concerned), legend if "[" in sentence else "")


def of_run(run: RunFacts) -> str:
    """Return a run's balanced accuracy with interval, subjects and chance, in words and without a full stop."""
    scores = run.scores["all"]
    if not scores:
        return f"{run.name} has no labelled clip"
    score = scores["balanced_accuracy"]
    if score["value"] is None:
        return f"The balanced accuracy of {run.name} is not defined: {score['reason']}"
    text = with_interval(score["value"], score["low"], score["high"])
    return f"{run.name} reaches a balanced accuracy of {text} on {_tested(run)}, {beats_chance(run)}"


def beats_chance(run: RunFacts) -> str:
    """Say in words where a run's interval lies beside chance."""
    score, chance = run.scores["all"]["balanced_accuracy"], number(run.chance)
    if score["low"] is None:
        why = f" ({score['reason']})" if score["reason"] else ""
        return f"where chance is {chance}; no interval is given{why}, so nothing shows that it is above chance"
    if score["low"] > run.chance:
        return f"above chance ({chance})"
    if score["high"] < run.chance:
        return f"below chance ({chance})"
    return f"not shown to be above chance ({chance}), which the interval holds"


def _tested(run: RunFacts) -> str:
    scores = run.scores["all"]
    stated = run.facts["synthetic"]
    kind = "drawn or not: undeclared" if stated is None else "not synthetic"
    kind = f"synthetic: {run.synthetic_faces}" if stated else kind
    dataset = f" of {run.facts['dataset']}" if run.facts.get("dataset") else ""
    if not run.scores["has_subjects"]:
        return f"{scores['clips']} images{dataset} ({kind})"
    return f"{_count(scores['subjects'], 'subject')}{dataset} ({kind})"


def _count(count: int, noun: str) -> str:
    return f"{count} {noun}{'s' * (count != 1)}"


def _against(row: dict) -> str:
    """Return what the difference from another run is, as a clause."""
    return f"its difference from {row['worse']}, on the same clips, is {_difference(row)}"


def _difference(row: dict) -> str:
    metric = "" if row["metric"] == "balanced_accuracy" else f" in {TITLES[row['metric']].lower()}"
    text = with_interval(row["difference"], row["low"], row["high"], signed=True) + metric
    if pd.isna(row["p_holm"]):
        return f"{text}, which is not tested ({row['limits']})"
    shown = p_value(row["p_holm"])
    p = f"p {shown}" if shown.startswith("<") else f"p = {shown}"
    corrected = f", Holm over {row['tests']} tests" if row["tests"] > 1 else ""
    verdict = "no difference is shown"
    if row["p_holm"] < ALPHA:
        verdict = "better" if row["difference"] > 0 else "worse"
    return f"{text}, {verdict} ({p}{corrected})"


def _of_many(runs: Sequence[RunFacts]) -> str:
    """Return how many runs are above chance, and the highest of them where all answer for the same clips."""
    scores = {run.name: run.scores["all"]["balanced_accuracy"] for run in runs}
    above = [run.name for run in runs if (scores[run.name]["low"] or 0) > run.chance]
    said = f"{len(above) or 'None'} of {len(runs)} runs {'is' if len(above) < 2 else 'are'} shown to be above chance"
    known = [run for run in runs if scores[run.name]["value"] is not None]
    asked = {(run.facts.get("dataset"), run.classes, run.scores["all"]["clips"]) for run in runs}
    if len(asked) > 1 or not known:
        return f"{said}; they are of different data or classes, and are not compared."
    best = max(known, key=lambda run: scores[run.name]["value"])
    return f"{said}; the highest, which flatters it: {of_run(best)}. No comparison was declared."


def cautions(runs: Sequence[RunFacts]) -> tuple[str, ...]:
    """Return what must be said beside an answer of these runs, in a sentence each."""
    said = [f"The warning of {run.name}, below, holds for this, too." for run in runs if run.warnings]
    for run in runs:
        if faults := failed(run.checks):
            said.append(f"Leakage checks of {run.name} fail: {', '.join(str(line.number) for line in faults)}.")
    elsewhere = [run.name for run in runs if not run.made_here]
    if elsewhere:
        said.append(f"Made elsewhere: {', '.join(elsewhere)}; data and split are declared, not measured.")
    return (*said, *unreliable(runs), *of_other_data(runs))
