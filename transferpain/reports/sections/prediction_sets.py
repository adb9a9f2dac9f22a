"""Prediction sets: how often the truth was in them, for a new person's clip, beside what was promised."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import pandas as pd
from markupsafe import Markup

from transferpain.core.contracts import Section, Table
from transferpain.evaluation.formatting import UNDEFINED, number
from transferpain.evaluation.prediction_sets import ALL, PROMISES, Kept, keep_intervals, keep_sets
from transferpain.experiments.run_folder import RunFolder
from transferpain.reports.calibration import calibration_rows
from transferpain.reports.facts import ReportFacts, RunFacts
from transferpain.reports.sections.section import ReportSection
from transferpain.reports.tables import BOUNDS, cells_or_reasons, marks

NOTE = Markup(
    "A set holds every class that cannot be ruled out; an interval reaches around the expected level of an ordered "
    "task. <strong>The promise</strong> is about one random sample of a new person of the same kind, recorded alike: "
    "of so many such samples of each class, the set holds the class. It says nothing of a certain person, nor of "
    "people of another kind or dataset. Calibrated is, fold by fold and seed by seed, on the subjects whom the fold "
    "selects on, each of whom counts once, if nothing was fitted to them; where they chose the epoch, the promise is a "
    "little weaker than its words. "
    "Shares are means over tested subjects. A model that cannot tell classes apart keeps its promise by large sets: "
    "read the size beside it."
)
INTERVAL = "interval of the level"
FIGURES = {
    "covered": "Covered",
    "size": "Classes in a set",
    "single": "Sets of one class",
    "empty": "Empty sets",
    "width": "Width in levels",
}


def build(report: ReportFacts) -> Section | None:
    """Return what prediction sets promised and kept; `None` where no labelled run was made here."""
    runs = [run for run in report.scored if run.made_here]
    if not runs:
        return None
    found = [*kept_promises(runs)]
    table = prediction_sets(found)
    shown = Table("prediction_sets", table, prediction_sets_as_text(table), "Promised and kept", NOTE, text_columns=2)
    of_each = Table("prediction_sets_by_subject", by_subject(found))
    return Section(title="Prediction sets", tables=(shown, of_each), folded=True)


def prediction_sets(found: Iterable[tuple[RunFacts, str, Kept]]) -> pd.DataFrame:
    """Return one row per run, promise and class, with `<figure>`, `_low`, `_high` and `_reason` of each figure.

    Of a run that is calibrated on too few subjects for any promise there is one row for each.
    """
    rows = [
        {"run": run.name, "of": of, "promised": kept.promised, "calibrated_on": kept.calibrated_on, "worst": kept.worst}
        | figures(kept)
        | marks(run)
        for run, of, kept in found
    ]
    return pd.DataFrame(rows)


def by_subject(found: Iterable[tuple[RunFacts, str, Kept]]) -> pd.DataFrame:
    """Return one row per run, promise, class and tested subject: the share of its samples that are covered."""
    rows = [
        {"run": run.name, "of": of, "promised": kept.promised, "subject": subject, "covered": covered}
        for run, of, kept in found
        for subject, covered in kept.by_subject.items()
    ]
    return pd.DataFrame(rows, columns=["run", "of", "promised", "subject", "covered"])


def kept_promises(runs: Sequence[RunFacts]) -> Iterator[tuple[RunFacts, str, Kept]]:
    """Yield the run of each promise, what it is about, and what came of it."""
    for run in runs:
        selected = calibration_rows(RunFolder(run.path))
        for promised in PROMISES:
            kept = keep_sets(run.predictions, selected, promised)
            if all(one.reason for one in kept.values()):
                yield run, ALL, kept[ALL]
                continue
            for of, one in kept.items():
                yield run, (ALL if of == ALL else run.classes[of]), one
            if run.facts.get("ordinal") and len(run.classes) > 2:
                yield run, INTERVAL, keep_intervals(run.predictions, selected, promised)


def figures(kept: Kept) -> dict[str, Any]:
    """Return the cells of all figures, empty of those that a promise has not; without one `covered` has the reason."""
    found: dict[str, Any] = {}
    for name in FIGURES:
        interval = kept.figures.get(name)
        found |= {name + ending: getattr(interval, key) if interval else None for ending, key in BOUNDS.items()}
    return found | ({"covered_reason": kept.reason} if kept.reason else {})


def prediction_sets_as_text(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table as text, with the reason where nothing is promised."""
    text = table[["run", "of"]].assign(
        promised=[f"{share:.0%}" for share in table["promised"]],
        covered=cells_or_reasons(table, "covered"),
        worst=[UNDEFINED if pd.isna(share) else number(share) for share in table["worst"]],
    )
    for name in FIGURES:
        if name != "covered" and table[name].notna().any():
            text[name] = cells_or_reasons(table, name)
    text["calibrated_on"] = table["calibrated_on"].astype(str)
    names = {
        "run": "Run",
        "of": "Of",
        "promised": "Promised",
        "worst": "Worst subject",
        "calibrated_on": "Calibrated on",
    }
    return text.rename(columns=names | FIGURES)


PREDICTION_SETS = ReportSection("prediction_sets", "report", build)
