"""What was decided here where a paper is silent, so that nobody takes it for the paper's."""

from collections.abc import Sequence

from transferpain.core.contracts import Section
from transferpain.reports.facts import ReportFacts, RunFacts
from transferpain.reports.sections.section import ReportSection


def build(report: ReportFacts) -> Section | None:
    """Return the decisions under each paper; `None` where none was declared."""
    found = decisions(report.runs)
    parts = (
        Section(f"Where {paper} is silent: our choice, not the paper's", items=tuple(choices))
        for paper, choices in found.items()
    )
    return Section(title="Our choices", sections=tuple(parts), folded=True) if found else None


def decisions(runs: Sequence[RunFacts]) -> dict[str, list[str]]:
    """Return paper -> what its runs decided, each once, in the order of the runs."""
    found: dict[str, dict[str, None]] = {}
    for run in runs:
        if paper := run.experiment.get("paper"):
            found.setdefault(paper["name"], {}).update(dict.fromkeys(paper.get("decisions", [])))
    return {paper: list(choices) for paper, choices in found.items() if choices}


DECISIONS = ReportSection("decisions", "report", build)
