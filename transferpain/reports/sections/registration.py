"""Whether the runs of a report were registered before, and run as registered."""

from dataclasses import asdict

import pandas as pd

from transferpain.core.contracts import Section, Table
from transferpain.experiments.registration import Registered
from transferpain.reports.facts import ReportFacts
from transferpain.reports.sections.section import ReportSection

COLUMNS = {"key": "Key", "registered": "Registered", "now": "Run"}
TITLE = "Registration"
LONGEST = 200  # characters of a value that are shown; the file holds all


def build(report: ReportFacts) -> Section | None:
    """Return what is to be said; `None` where nothing was registered."""
    return section_of(report.registered)


def section_of(state: Registered | None) -> Section | None:
    """Return what is to be said of a registration; `None` without one."""
    if state is None:
        return None
    if not state.differences:
        warnings = (state.sentence,) if state.fault else ()
        return Section(title=TITLE, warnings=warnings, paragraphs=() if warnings else (state.sentence,))
    numbers = differences_table(state)
    text = numbers.map(lambda value: value if len(value) <= LONGEST else value[:LONGEST] + " ...")
    table = Table("registration", numbers, text.rename(columns=COLUMNS), "What was not run as registered", kind="prose")
    return Section(title=TITLE, warnings=(state.sentence,), tables=(table,))


def differences_table(state: Registered) -> pd.DataFrame:
    """Return one row for each key that differs: `COLUMNS`."""
    return pd.DataFrame([asdict(one) for one in state.differences], columns=list(COLUMNS))


REGISTRATION = ReportSection("registration", "report", build)
