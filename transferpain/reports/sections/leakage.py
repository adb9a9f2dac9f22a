"""The leakage checks of a run: what may have told the model more than a face does."""

from dataclasses import asdict

import pandas as pd

from transferpain.core.contracts import Section, Table
from transferpain.evaluation.formatting import UNDEFINED
from transferpain.experiments.leakage.checks import failed
from transferpain.reports.facts import RunFacts
from transferpain.reports.sections.section import ReportSection

COLUMNS = {
    "number": "No.",
    "name": "Check",
    "state": "Result",
    "figure": "Figure",
    "explanation": "What it means",
}
DECLARED = "Declared: nothing contradicts what was stated, and there was nothing to compare it with."


def build(run: RunFacts) -> Section | None:
    """Return the checks in their order, and a note of those that failed; `None` for a run without any."""
    if not run.checks:
        return None
    table = pd.DataFrame([{"run": run.name, **asdict(line)} for line in run.checks])
    shown = Table(
        name="leakage",
        numbers=table,
        text=leakage_as_text(table),
        caption=f"Leakage checks of {run.name}",
        note=DECLARED if (table["state"] == "declared").any() else "",
        kind="prose",
        states=tuple(table["state"]),
    )
    faults = "; ".join(f"{line.number} {line.name}" for line in failed(run.checks))
    notes = (f"Leakage checks that failed: {faults}.",) if faults else ()
    return Section(title="Leakage checks", tables=(shown,), notes=notes)


def leakage_as_text(table: pd.DataFrame) -> pd.DataFrame:
    """Return the checks as text, without the run's name."""
    text = table[list(COLUMNS)].astype(str)
    return text.assign(figure=text["figure"].replace("", UNDEFINED)).rename(columns=COLUMNS)


LEAKAGE = ReportSection("leakage", "run", build)
