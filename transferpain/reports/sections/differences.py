"""The declared comparisons: paired differences between runs, and what each test says."""

from collections.abc import Sequence

import pandas as pd

from transferpain.core.contracts import Section, Table
from transferpain.evaluation.comparisons import ALPHA, holm
from transferpain.evaluation.feasible import feasible, power_in_words, too_few
from transferpain.evaluation.formatting import p_value, with_interval
from transferpain.evaluation.paired_permutation import SwapTest
from transferpain.evaluation.permutation import has_several_folds
from transferpain.evaluation.resampling import Interval
from transferpain.experiments.study_schema import Comparison
from transferpain.reports.facts import ReportFacts, RunFacts
from transferpain.reports.sections.section import ReportSection
from transferpain.reports.tables import TITLES
from transferpain.reports.trainings import compares_sources, one_training_note

COLUMNS = {
    "better": "Run",
    "worse": "minus",
    "metric": "Metric",
    "difference": "Difference",
    "p": "p",
    "p_holm": "... after Holm",
    "reading": "Reading",
}
NOTE = (
    "Both runs answer for the same clips, and the difference is that of the pooled score. In brackets: 95 % "
    "interval over subjects. p: the two runs are swapped within whole subjects (all swaps of up to 13 subjects that"
    " differ, else 20,000 at random), two-sided, corrected by Holm's method over the comparisons that their numbers"
    " of subjects can support at all. {power}"
)
CROSS_VALIDATED = (
    " In a cross-validation the answers on one subject also hang on the labels of the others, which swaps do not see: "
    "a p just below .05 is weaker than it looks."
)


def build(report: ReportFacts) -> Section | None:
    """Return the paired differences; `None` where no comparison was declared."""
    if not report.comparisons:
        return None
    table = differences(report.gaps).assign(**report.marks)
    names = {name for pair, _, _ in report.gaps for name in (pair.better, pair.worse)}
    compared = [run for run in report.runs if run.name in names]
    table["one_training"] = [compares_sources(report, pair) for pair, _, _ in report.gaps]
    shown = Table(
        name="differences",
        numbers=table,
        text=differences_as_text(table),
        caption="Paired differences",
        note=NOTE.format(power=power_of(table)) + cross_validation_note(compared) + one_training_note(report),
        latex="Paired differences with 95 % intervals over subjects, and p-values of swaps of whole subjects.",
        text_columns=len(COLUMNS),
    )
    return Section(title="Paired differences", tables=(shown,))


def cross_validation_note(runs: Sequence[RunFacts]) -> str:
    """Say what a p of swapped subjects leaves out where runs were tested in several folds; else ""."""
    return CROSS_VALIDATED if any(has_several_folds(run.predictions) for run in runs) else ""


def power_of(table: pd.DataFrame) -> str:
    """Say how small a difference the tests of `differences` could show; "" where nothing was tested."""
    tested = table.loc[table["p"].notna(), "subjects"].tolist()
    return power_in_words(tested, len(tested)) if tested else ""


def differences(pairs: Sequence[tuple[Comparison, Interval, SwapTest | None]]) -> pd.DataFrame:
    """Return one row per declared comparison: `better` minus `worse`, with its interval over subjects and its test.

    A comparison of too few subjects is no test of the family: it has no p, and `limits` says so.
    """
    able = feasible({str(place): test.subjects if test else 0 for place, (_, _, test) in enumerate(pairs)})
    p_values = {str(place): pairs[int(place)][2].p for place in sorted(able, key=int)}
    family = holm("declared comparisons", p_values)
    rows = []
    for place, (pair, gap, test) in enumerate(pairs):
        row = {"better": pair.better, "worse": pair.worse, "metric": pair.metric, "difference": gap.value}
        row |= {"low": gap.low, "high": gap.high, "kept": gap.kept, "reason": gap.reason}
        row |= {"p": None, "p_holm": None, "tests": family.size, "method": "", "subjects": 0, "differing": 0}
        if test:
            row |= {"subjects": test.subjects, "differing": test.differing, "method": test.method}
        if str(place) in able:
            row |= {"p": test.p, "p_holm": family.adjusted[str(place)], "limits": test.reason}
        else:
            row |= {"limits": too_few(row["subjects"])}
        rows.append(row)
    columns = ["better", "worse", "metric", "difference", "low", "high", "kept", "reason", "p", "p_holm", "tests"]
    return pd.DataFrame(rows, columns=[*columns, "method", "subjects", "differing", "limits"])


def differences_as_text(table: pd.DataFrame) -> pd.DataFrame:
    """Return the differences as text, with what each test says."""
    text = table[["better", "worse"]].copy()
    text["metric"] = table["metric"].map(lambda name: TITLES[name].lower())
    text["difference"] = [
        with_interval(row.difference, row.low, row.high, row.reason, signed=True) for row in table.itertuples()
    ]
    text["p"] = table["p"].map(p_value)
    text["p_holm"] = table["p_holm"].map(p_value)
    text["reading"] = [reading(row.difference, row.p_holm, row.limits) for row in table.itertuples()]
    return text.rename(columns=COLUMNS)


def reading(difference: float, p: float | None, limits: str) -> str:
    """Say in words what the corrected test of a difference shows."""
    if pd.isna(p):
        return f"not tested: {limits}"
    if p >= ALPHA:
        return f"not shown: p is not below {ALPHA:g}"
    return f"{'better' if difference > 0 else 'worse'}: p is below {ALPHA:g}"


DIFFERENCES = ReportSection("differences", "report", build)
