"""Ordered levels as a number: expected level against label, and how well pain from a level on is told."""

from collections.abc import Sequence
from functools import partial

import pandas as pd
from markupsafe import Markup

from transferpain.core.contracts import Picture, Section, Table
from transferpain.evaluation.detection import LEVELS, detect, expected_levels
from transferpain.evaluation.predictions import labelled_rows
from transferpain.experiments.run_folder import RunFolder
from transferpain.reports.facts import ReportFacts, RunFacts
from transferpain.reports.figures import drawn_uri
from transferpain.reports.levels_figure import draw_levels
from transferpain.reports.sections.regrouped import regrouped
from transferpain.reports.sections.section import ReportSection
from transferpain.reports.tables import BOUNDS, cells_or_reasons, marks

NOTE = Markup(
    "A sample counts as pain if its level is at least the one named, and as answered so if its expected level, the sum "
    "of <em>p</em><sub>k</sub> &times; <em>k</em>, is high enough. AUROC needs no threshold. That of F1 was chosen in "
    "each fold, for each seed, on the subjects whom the fold selects on, and on no tested one; of several the lowest "
    "and the highest are given. Share: of the samples that reach the level."
)
FIGURES = {"auroc": "AUROC", "f1": "F1"}


def build(report: ReportFacts) -> Section | None:
    """Return what ordered levels say as a number; `None` where no labelled run has three of them."""
    runs = [run for run in report.scored if run.facts.get("ordinal") and len(run.classes) > 2]
    if not runs:
        return None
    table = detection(runs)
    shown = Table("detection", table, detection_as_text(table), "Pain from a level on", NOTE, text_columns=3)
    pictures = tuple(map(picture, runs))
    tables = tuple(filter(None, (shown, regrouped(runs))))
    return Section(title="Levels as a number", pictures=pictures, tables=tables, folded=True)


def detection(runs: Sequence[RunFacts]) -> pd.DataFrame:
    """Return one row per run and level, with `<figure>`, `_low`, `_high` and `_reason` of AUROC and F1."""
    rows = []
    for run in runs:
        selected = RunFolder(run.path).predictions("selection") if run.made_here else run.predictions.head(0)
        for level in (level for level in LEVELS if level < len(run.classes)):
            found = detect(run.predictions, selected, level)
            row = {"run": run.name, "from_level": run.classes[level], "share": found.share}
            for name in FIGURES:
                row |= {name + ending: getattr(getattr(found, name), key) for ending, key in BOUNDS.items()}
            ends = (found.thresholds or (None,))[:: max(1, len(found.thresholds) - 1)]
            rows.append(row | {"threshold_low": ends[0], "threshold_high": ends[-1]} | marks(run))
    return pd.DataFrame(rows)


def detection_as_text(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table as text, with the reason where a figure is not defined."""
    text = table[["run", "from_level"]].assign(share=[f"{share:.3f}" for share in table["share"]])
    for name in FIGURES:
        text[name] = cells_or_reasons(table, name)
    ends = zip(table["threshold_low"], table["threshold_high"], strict=True)
    text["threshold"] = ["" if pd.isna(low) else f"{low:.2f} to {high:.2f}" for low, high in ends]
    names = {"run": "Run", "from_level": "From", "share": "Share", "threshold": "Threshold of F1"}
    return text.rename(columns=names | FIGURES)


def picture(run: RunFacts) -> Picture:
    """Return the expected levels of a run against its labels, and what is left of the difference."""
    rows = labelled_rows(run.predictions)
    true, expected = rows["y_true"].to_numpy(int), expected_levels(rows)
    means = pd.Series(expected).groupby(true).mean()
    said = ", ".join(f"{run.classes[level]}: {mean:.2f}" for level, mean in means.items())
    draw = partial(draw_levels, classes=run.classes, synthetic=run.synthetic_faces)
    alt = f"Expected level of {run.name} by label, and expected level minus label. Means: {said}."
    return Picture(f"Expected level by label, {run.name}", alt, drawn_uri(draw, true, expected))


DETECTION = ReportSection("detection", "report", build)
