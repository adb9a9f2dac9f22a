"""Secondary tests of the declared comparisons, of the subjects' scores: Wilcoxon's, and Mann and Whitney's."""

from collections.abc import Mapping, Sequence

import pandas as pd

from transferpain.core.contracts import Section, Table
from transferpain.evaluation.comparisons import holm, mann_whitney_test, subject_scores, wilcoxon_test
from transferpain.evaluation.effect_sizes import cliffs_delta, rank_biserial
from transferpain.evaluation.formatting import number, p_value
from transferpain.experiments.study_schema import Comparison
from transferpain.reports.facts import ReportFacts
from transferpain.reports.sections.section import ReportSection

COLUMNS = {
    "better": "Run",
    "worse": "against",
    "subjects": "Subjects",
    "differing": "Differing",
    "rank_biserial": "Rank-biserial r",
    "wilcoxon_p": "Wilcoxon p",
    "wilcoxon_p_holm": "... after Holm",
    "cliffs_delta": "Cliff's delta",
    "mann_whitney_p": "Mann-Whitney p",
    "mann_whitney_p_holm": "... after Holm ",
}
TESTS = ("wilcoxon", "mann_whitney")
NOTE = (
    "Secondary: the primary test stands above. Of the subjects who have every class, where the metric is a mean "
    "over classes. Two-sided, each corrected by Holm's method over the comparisons. A subject's score is its mean "
    "over seeds, in the metric above. Wilcoxon's test and the rank-biserial correlation pair each subject with "
    "itself. Mann and Whitney's test and Cliff's delta, which El-Ghaish reports beside it, take the two runs' "
    "subjects for different people, and so see less. A dash: with so few subjects no outcome could be significant."
)


def build(report: ReportFacts) -> Section | None:
    """Return the tests; `None` where no comparison was declared."""
    if not report.comparisons:
        return None
    table = subject_tests(report.predictions, report.comparisons).assign(**report.marks)
    title = "Secondary tests, of the subjects' scores"
    return Section(
        title=title,
        tables=(Table("subject_tests", table, subject_tests_as_text(table), title, NOTE, text_columns=2),),
        folded=True,
    )


def subject_tests(predictions: Mapping[str, pd.DataFrame], comparisons: Sequence[Comparison]) -> pd.DataFrame:
    """Test the subjects' scores of each declared comparison, in its own metric.

    Args:
        predictions: of each run, by its name.
        comparisons: a family for each of the two tests, corrected by Holm's method.

    Returns:
        One row per comparison: `COLUMNS`, `metric`, `tests` (the size of the family), the methods and `reason`.
    """
    rows = []
    for pair in comparisons:
        scores = subject_scores([predictions[pair.better], predictions[pair.worse]], pair.metric)
        sides = scores[0].to_numpy(), scores[1].to_numpy()
        paired, grouped = wilcoxon_test(*sides), mann_whitney_test(*sides)
        rows.append(
            {
                "better": pair.better,
                "worse": pair.worse,
                "metric": pair.metric,
                "subjects": paired.subjects,
                "differing": paired.differing,
                "rank_biserial": rank_biserial(*sides).value if paired.p is not None else None,
                "wilcoxon_p": paired.p,
                "wilcoxon_method": paired.method,
                "cliffs_delta": cliffs_delta(*sides).value if grouped.p is not None else None,
                "mann_whitney_p": grouped.p,
                "mann_whitney_method": grouped.method,
                "reason": " ".join(filter(None, [paired.reason, grouped.reason])),
            }
        )
    for test in TESTS:
        family = holm(test, {str(place): row[f"{test}_p"] for place, row in enumerate(rows)})
        for place, row in enumerate(rows):
            row |= {f"{test}_p_holm": family.adjusted[str(place)], "tests": family.size}
    return pd.DataFrame(rows)


def subject_tests_as_text(table: pd.DataFrame) -> pd.DataFrame:
    """Return the tests as text; a dash where no outcome could be significant."""
    text = table[list(COLUMNS)].astype(str)
    for column in COLUMNS:
        if column.removesuffix("_holm").endswith("_p"):
            text[column] = table[column].map(p_value)
        elif column in ("rank_biserial", "cliffs_delta"):
            text[column] = [f"{value:+.2f}" if _given(value) else number(None) for value in table[column]]
    return text.rename(columns=COLUMNS)


def _given(value: float | None) -> bool:
    return value is not None and not pd.isna(value)


SUBJECT_TESTS = ReportSection("subject-tests", "report", build)
