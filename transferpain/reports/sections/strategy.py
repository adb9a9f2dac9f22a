"""What the strategy of a run adds to the report: each says so itself, by the files that it left."""

from transferpain.core.contracts import Section
from transferpain.reports.facts import RunFacts
from transferpain.reports.sections.section import ReportSection
from transferpain.strategies.fine_tuning.section import forgetting_section
from transferpain.strategies.frozen.section import candidates_section
from transferpain.strategies.hybrid.section import three_models_section

ADDED = (candidates_section, forgetting_section, three_models_section)


def build(run: RunFacts) -> Section | None:
    """Return the section of the run's strategy; `None` where it left no file of its own."""
    return next((section for of_strategy in ADDED if (section := of_strategy(run.path))), None)


STRATEGY = ReportSection("strategy", "run", build)
