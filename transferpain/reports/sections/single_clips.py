"""What single answers say beside the scores: McNemar's tests of the declared comparisons, a secondary reading."""

from collections.abc import Mapping, Sequence

import pandas as pd
from markupsafe import Markup

from transferpain.core.contracts import Section, Table
from transferpain.evaluation.comparisons import holm, mcnemar_test
from transferpain.evaluation.formatting import p_value
from transferpain.evaluation.predictions import CLIP, labelled_rows
from transferpain.experiments.study_schema import Comparison
from transferpain.reports.facts import ReportFacts
from transferpain.reports.sections.section import ReportSection

COLUMNS = {
    "better": "Run",
    "worse": "against",
    "counted": "Clips counted",
    "clips": "Clips",
    "only_better": "Only the first right",
    "only_worse": "Only the second right",
    "p": "p",
    "p_holm": "p after Holm",
}
NOTE = Markup(
    "Two-sided, corrected by Holm's method over the comparisons. Clips of one subject count as independent here and "
    "are not, so that <em>p</em> is too small: read the paired differences first. <em>covered</em>: clips with a face "
    "in both runs."
)


def build(report: ReportFacts) -> Section | None:
    """Return the tests; `None` where no comparison was declared."""
    if not report.comparisons:
        return None
    table = mcnemar_tests(report.predictions, report.comparisons).assign(**report.marks)
    text = mcnemar_as_text(table)
    shown = Table("mcnemar", table, text, "McNemar's tests of single clips", NOTE, text_columns=3)
    return Section(title="Single clips: McNemar's tests (secondary)", tables=(shown,), folded=True)


def mcnemar_tests(predictions: Mapping[str, pd.DataFrame], comparisons: Sequence[Comparison]) -> pd.DataFrame:
    """Test each declared comparison on all labelled clips, and, where they are fewer, on those covered in both runs.

    Args:
        predictions: of each run, by its name.
        comparisons: a family of tests on each kind of clips, corrected by Holm's method.

    Returns:
        One row per comparison and kind of clips: `COLUMNS`, `tests` (the size of the family), `method` and `reason`.
    """
    rows = []
    for counted in ("all", "covered"):
        pairs = {}
        for pair in comparisons:
            a, b = predictions[pair.better], predictions[pair.worse]
            if counted == "covered":
                a, b = covered_in_both(a, b)
            pairs[pair] = (mcnemar_test(a, b), len(labelled_rows(a)[CLIP].drop_duplicates()))
        if counted == "covered" and [clips for _, clips in pairs.values()] == [row["clips"] for row in rows]:
            continue
        family = holm(counted, {str(place): test.p for place, (test, _) in enumerate(pairs.values())})
        rows += [
            {
                "better": pair.better,
                "worse": pair.worse,
                "counted": counted,
                "clips": clips,
                "only_better": test.only_a,
                "only_worse": test.only_b,
                "p": test.p,
                "p_holm": family.adjusted[str(place)],
                "tests": family.size,
                "method": test.method,
                "reason": test.reason,
            }
            for place, (pair, (test, clips)) in enumerate(pairs.items())
        ]
    return pd.DataFrame(rows)


def covered_in_both(a: pd.DataFrame, b: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the rows of the clips that show a face in both runs."""
    clips = [pd.MultiIndex.from_frame(run[CLIP]) for run in (a, b)]
    shown = [names[run["coverage"] > 0] for names, run in zip(clips, (a, b), strict=True)]
    both = shown[0].intersection(shown[1])
    return a[clips[0].isin(both)], b[clips[1].isin(both)]


def mcnemar_as_text(table: pd.DataFrame) -> pd.DataFrame:
    """Return the tests as text."""
    text = table[list(COLUMNS)].astype(str)
    for column in ("p", "p_holm"):
        text[column] = table[column].map(p_value)
    return text.rename(columns=COLUMNS)


SINGLE_CLIPS = ReportSection("single-clips", "report", build)
