"""What was skipped, missing or unusual in the data that a run has read, as `data check` and its own stages said."""

import pandas as pd

from transferpain.core.contracts import Section, Table
from transferpain.reports.facts import RunFacts
from transferpain.reports.sections.section import ReportSection

SHOWN = 100


def build(run: RunFacts) -> Section | None:
    """Return the problems, of many the first ones; `None` where nothing was said."""
    problems = run.facts.get("problems")
    if not problems:
        return None
    rest = len(problems) - SHOWN
    more = (f"And {rest} more, in facts.json of the run.",) if rest > 0 else ()
    text = pd.DataFrame({"What was skipped, missing or unusual": problems[:SHOWN]})
    table = Table("problems", None, text, f"Problems of the data of {run.name}", kind="prose")
    return Section(title=f"Problems of the data ({len(problems)})", tables=(table,), notes=more, folded=True)


DATA_PROBLEMS = ReportSection("data-problems", "run", build)
