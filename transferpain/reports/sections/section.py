"""What a section of the report is: a module of this folder, a test, and a line of the registry."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from transferpain.core.contracts import Section
from transferpain.reports.facts import ReportFacts, RunFacts


@dataclass(frozen=True)
class ReportSection:
    """A section of the page.

    Attributes:
        name: its anchor in the page.
        scope: `report`: stands once, over all runs; `run`: stands in the part of each run.
        build: from the facts of the report or of a run to what is shown and written; `None` where these facts lack
            what it is about.
    """

    name: str
    scope: Literal["report", "run"]
    build: Callable[[ReportFacts], Section | None] | Callable[[RunFacts], Section | None]
