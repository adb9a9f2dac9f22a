"""What the strategy of a run adds to the report: each says so itself, by the files that it left."""

from transferpain.core.contracts import Section
from transferpain.reports.facts import RunFacts
from transferpain.reports.sections.section import ReportSection
from transferpain.strategies.registry import STRATEGIES


def build(run: RunFacts) -> Section | None:
    """Return the section of the run's strategy; `None` where it left no file of its own, or nobody knows the strategy.

    Raises:
        UserError: if there is no such strategy.
    """
    if not run.made_here:
        return None
    return STRATEGIES.find(run.experiment["strategy"]).section(run.path)


STRATEGY = ReportSection("strategy", "run", build)
