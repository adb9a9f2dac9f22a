"""The clips of a run that could not be used, and why."""

from transferpain.core.contracts import Section, Table
from transferpain.reports.facts import RunFacts
from transferpain.reports.sections.section import ReportSection


def build(run: RunFacts) -> Section | None:
    """Return the unusable clips; that there are none is said, too. `None` where nobody can know: made elsewhere."""
    if not run.made_here:
        return None
    title = f"Clips that could not be used ({len(run.unusable)})"
    if not len(run.unusable):
        return Section(title=title, paragraphs=("None.",), folded=True)
    table = Table("unusable", None, run.unusable, f"Unusable clips of {run.name}", kind="prose")
    return Section(title=title, tables=(table,), folded=True)


UNUSABLE = ReportSection("unusable", "run", build)
