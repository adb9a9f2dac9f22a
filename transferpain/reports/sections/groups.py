"""The scores of a run by sex and age."""

import pandas as pd

from transferpain.core.contracts import Section, Table
from transferpain.evaluation.formatting import with_interval
from transferpain.reports.facts import RunFacts
from transferpain.reports.sections.section import ReportSection
from transferpain.reports.tables import TITLES

NOTE = (
    "In brackets: 95 % interval over the group's subjects. A group of fewer than eight subjects has none. Sex and age "
    "are as the data state them; UNBC-McMaster's state none: its subjects' sex is from one public reader, unconfirmed."
)


def build(run: RunFacts) -> Section | None:
    """Return the scores of the groups; `None` without a label, and where the data state neither sex nor age."""
    if run.scores["all"] is None or run.groups is None:
        return None
    table = run.groups.assign(run=run.name)[["run", *run.groups.columns]]
    title = "Balanced accuracy by sex and age"
    shown = Table("groups", table, groups_as_text(table), f"{title} of {run.name}", NOTE, text_columns=2)
    return Section(title=title, tables=(shown,))


def groups_as_text(table: pd.DataFrame) -> pd.DataFrame:
    """Return the scores of the groups as text, without the run's name."""
    text = table[["by", "group"]].copy()
    text["balanced_accuracy"] = [
        with_interval(row.balanced_accuracy, row.low, row.high, row.reason) for row in table.itertuples()
    ]
    for column in ("subjects", "clips"):
        text[column] = table[column].astype(str)
    return text.rename(columns=TITLES | {"by": "By", "group": "Group"})


GROUPS = ReportSection("groups", "run", build)
