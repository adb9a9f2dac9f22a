"""How far a run's false-positive and false-negative rates differ by sex and age."""

import pandas as pd

from transferpain.core.contracts import Section, Table
from transferpain.evaluation.formatting import number, p_value
from transferpain.evaluation.groups import NOT_STATED
from transferpain.reports.facts import RunFacts
from transferpain.reports.sections.section import ReportSection
from transferpain.reports.tables import cells_or_reasons, marks

NOTE = (
    "False positives: share of the clips of {lowest} that are answered as anything else; false negatives: share of all "
    "other clips that are answered as {lowest}; means over seeds. Gap: the first group's rate minus the second's. In "
    "brackets: 95 % interval over subjects, made of those of both rates (square and add); none where a group has fewer "
    "than eight subjects with such clips, or a rate has none; how often it holds the truth was not simulated. p: "
    "two-sided, the subjects dealt anew to the two groups; corrected by Holm over the tests of this table. Groups can "
    "differ in more than sex and age."
)
NO_ORDER = "The classes of {} have no order: there are no false positives and false negatives by sex and age."


def build(run: RunFacts) -> Section | None:
    """Return the gaps, and a sentence where there is none; `None` without a label, and where the data state neither sex
    nor age.
    """
    if run.scores["all"] is None or run.groups is None:
        return None
    title = "Errors by sex and age"
    if run.error_gaps is None:
        return Section(title=title, paragraphs=(NO_ORDER.format(run.name),))
    table = run.error_gaps.assign(run=run.name, **marks(run))[["run", *run.error_gaps.columns, *marks(run)]]
    note = NOTE.format(lowest=run.classes[0])
    shown = Table("error_gaps", table, error_gaps_as_text(table), f"{title} of {run.name}", note, text_columns=3)
    return Section(title=title, paragraphs=alone(run.groups), tables=(shown,) if len(table) else ())


def alone(groups: pd.DataFrame) -> tuple[str, ...]:
    """Return a sentence for sex and for age where the tested subjects are of fewer than two groups."""
    sentences = []
    for by, rows in groups.groupby("by", sort=False):
        found = [name for name in rows["group"] if name != NOT_STATED]
        if len(found) < 2:
            who = f"all tested subjects of whom it is stated are {found[0]}" if found else "it is stated of nobody"
            sentences.append(f"There is no gap by {by}: {who}.")
    return tuple(sentences)


def error_gaps_as_text(table: pd.DataFrame) -> pd.DataFrame:
    """Return the gaps as text, without the run's name."""
    text = table[["by", "rate"]].copy()
    text["groups"] = table["group"] + " minus " + table["other"]
    for column in ("group_rate", "other_rate"):
        text[column] = table[column].map(number)
    text["gap"] = cells_or_reasons(table, "gap", signed=True)
    for column in ("p", "p_holm"):
        text[column] = table[column].map(p_value)
    text["subjects"] = table["group_subjects"].astype(str) + ", " + table["other_subjects"].astype(str)
    titles = {"by": "By", "rate": "Rate", "groups": "Groups", "group_rate": "First rate", "other_rate": "Second rate"}
    return text.rename(columns=titles | {"gap": "Gap", "p_holm": "p (Holm)", "subjects": "Subjects"})


ERROR_GAPS = ReportSection("error-gaps", "run", build)
