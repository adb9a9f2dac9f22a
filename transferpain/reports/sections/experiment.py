"""The experiment of a run as it stands in its folder."""

from transferpain.core.contracts import Section
from transferpain.reports.facts import RunFacts
from transferpain.reports.sections.section import ReportSection


def build(run: RunFacts) -> Section:
    """Return the resolved experiment."""
    return Section(title="Experiment, with every default filled in", listing=run.experiment_text, folded=True)


EXPERIMENT = ReportSection("experiment", "run", build)
