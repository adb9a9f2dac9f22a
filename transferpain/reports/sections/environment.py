"""What a run was computed from, with what, and on which machine."""

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from transferpain.core.contracts import Section, Table
from transferpain.reports.facts import RunFacts
from transferpain.reports.sections.section import ReportSection
from transferpain.reports.tables import as_pairs


def build(run: RunFacts) -> Section:
    """Return the run's folder by its name, its facts, and its environment; of predictions alone what is declared."""
    stated = {key: value for key, value in run.facts.items() if key != "folds"}  # the histories name them
    facts, environment = as_pairs(flat(stated)), as_pairs(flat(run.environment))
    if not run.made_here:
        table = Table("facts", None, facts, f"What is declared of {run.name}", kind="pairs")
        return Section(title="What is declared of the predictions", tables=(table,), folded=True)
    return Section(
        title="Data, source, versions and machine",
        paragraphs=(Markup("Run folder <code>{}</code>").format(run.folder),),
        tables=(
            Table("facts", None, facts, f"Facts of {run.name}", kind="pairs"),
            Table("environment", None, environment, f"Environment of {run.name}", kind="pairs"),
        ),
        folded=True,
    )


def flat(values: Mapping[str, Any], above: str = "") -> dict[str, str]:
    """Return a nested mapping as one level of text: `{"versions keras": "3.15.1"}`."""
    found: dict[str, str] = {}
    for key, value in values.items():
        name = f"{above} {key}".strip()
        if isinstance(value, Mapping):
            found |= flat(value, name)
        else:
            found[name] = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return found


ENVIRONMENT = ReportSection("environment", "run", build)
