"""What the papers state of their own runs, apart from what was measured here."""

from collections.abc import Sequence

import pandas as pd

from transferpain.core.contracts import Section, Table
from transferpain.reports.facts import ReportFacts, RunFacts
from transferpain.reports.sections.section import ReportSection

COLUMNS = {"paper": "Paper", "figure": "Figure", "stated": "Stated in the paper", "run": "Run"}


def build(report: ReportFacts) -> Section | None:
    """Return the papers' figures; `None` where no run reproduces a paper that states any."""
    text = paper_figures(report.runs)
    if not len(text):
        return None
    drawn = ", and on other data: not to be compared with synthetic results" if report.synthetic else ""
    return Section(
        title="What the paper states",
        paragraphs=(f"Copied from the paper, not measured here{drawn}.",),
        tables=(Table("paper", None, text, "Figures stated in the paper", text_columns=len(COLUMNS)),),
    )


def paper_figures(runs: Sequence[RunFacts]) -> pd.DataFrame:
    """Return what the papers state, as text: one row per figure, under the runs that reproduce it."""
    rows = [
        (run.name, paper["name"], figure, str(stated))
        for run in runs
        if (paper := run.experiment.get("paper"))
        for figure, stated in paper.get("figures", {}).items()
    ]
    keys = ["paper", "figure", "stated"]
    table = pd.DataFrame(rows, columns=["run", *keys])
    return table.groupby(keys, sort=False, as_index=False)["run"].agg(", ".join).rename(columns=COLUMNS)


PAPER = ReportSection("paper", "report", build)
