"""The declared comparisons: paired differences between runs, and what each interval says."""

from collections.abc import Sequence

import pandas as pd

from transferpain.core.contracts import Section, Table
from transferpain.evaluation.formatting import with_interval
from transferpain.evaluation.resampling import Interval
from transferpain.experiments.schema import Comparison
from transferpain.reports.facts import ReportFacts
from transferpain.reports.sections.section import ReportSection
from transferpain.reports.tables import TITLES
from transferpain.reports.trainings import compares_sources, one_training_note

COLUMNS = {"better": "Run", "worse": "minus", "metric": "Metric", "difference": "Difference", "reading": "Reading"}
NOTE = "Both runs answer for the same clips; each bootstrap draw scores both on the same subjects."


def build(report: ReportFacts) -> Section | None:
    """Return the paired differences; `None` where no comparison was declared."""
    if not report.comparisons:
        return None
    table = differences(report.gaps).assign(**report.marks)
    table["one_training"] = [compares_sources(report, pair) for pair, _ in report.gaps]
    shown = Table(
        name="differences",
        numbers=table,
        text=differences_as_text(table),
        caption="Paired differences",
        note=NOTE + one_training_note(report),
        latex="Paired differences with 95 % intervals over subjects.",
        text_columns=len(COLUMNS),
    )
    return Section(title="Paired differences", tables=(shown,))


def differences(pairs: Sequence[tuple[Comparison, Interval]]) -> pd.DataFrame:
    """Return one row per declared comparison: `better` minus `worse`, with its 95 % interval over subjects."""
    columns = ["better", "worse", "metric", "difference", "low", "high", "draws"]
    rows = [(pair.better, pair.worse, pair.metric, gap.value, gap.low, gap.high, gap.draws) for pair, gap in pairs]
    return pd.DataFrame(rows, columns=columns)


def differences_as_text(table: pd.DataFrame) -> pd.DataFrame:
    """Return the differences as text, with what each interval says."""
    text = table[["better", "worse"]].copy()
    text["metric"] = table["metric"].map(lambda name: TITLES[name].lower())
    text["difference"] = [with_interval(row.difference, row.low, row.high, signed=True) for row in table.itertuples()]
    text["reading"] = [reading(row.low, row.high) for row in table.itertuples()]
    return text.rename(columns=COLUMNS)


def reading(low: float, high: float) -> str:
    """Say in words what the interval of a difference shows."""
    if pd.isna(low):
        return "no interval: too few subjects"
    if low > 0:
        return "better: the interval lies above 0"
    if high < 0:
        return "worse: the interval lies below 0"
    return "not shown: the interval covers 0"


DIFFERENCES = ReportSection("differences", "report", build)
