"""The experiment of a run as it stands in its folder."""

from transferpain.core.contracts import Section
from transferpain.reports.facts import RunFacts
from transferpain.reports.sections.section import ReportSection


def build(run: RunFacts) -> Section | None:
    """Return the resolved experiment; `None` for predictions that were made elsewhere."""
    if not run.made_here:
        return None
    return Section(title="Experiment, with every default filled in", listing=run.experiment_text, folded=True)


EXPERIMENT = ReportSection("experiment", "run", build)
