"""What a few labelled clips of each tested subject are worth, where the experiment asks for it."""

from collections.abc import Sequence
from dataclasses import asdict

import pandas as pd

from transferpain.core.contracts import Picture, Section, Table
from transferpain.evaluation.few_shot import CalibrationCurve, calibration_curve
from transferpain.evaluation.formatting import number, with_interval
from transferpain.evaluation.resampling import Interval
from transferpain.reports import figures
from transferpain.reports.facts import RunFacts
from transferpain.reports.matrix.figures import draw_few_shot
from transferpain.reports.sections.section import ReportSection
from transferpain.reports.tables import BOUNDS, TITLES, with_bounds

METRIC = "balanced_accuracy"
TITLE = "Few-shot calibration"
NOTE = (
    "k labelled clips of each tested subject refit the temperature of the answers and a bias of each class; the model "
    "stays as it is. The clips are taken out of the test, for every k the same ones, and what is left keeps each "
    "subject's mix of classes. So the row k = 0 is of fewer clips than the scores above. In brackets: 95 % interval "
    "over subjects; the difference from the first row is paired."
)


def build(run: RunFacts) -> Section | None:
    """Return the curve as a table and a picture, or why there is none; `None` where it is not asked for."""
    asked = run.experiment.get("few_shot")
    if not asked or run.scores["all"] is None:
        return None
    numbers = tuple(asked["clips"])
    curve = calibration_curve(run.predictions, METRIC, numbers)
    table = few_shot_table(run.name, curve, numbers)
    text = few_shot_as_text(table) if curve.scores else None
    shown = Table("few_shot", table, text, f"{TITLE} of {run.name}", NOTE)
    pictures = (_picture(run, curve),) if curve.scores else ()
    return Section(title=TITLE, paragraphs=_limits(run, curve), pictures=pictures, tables=(shown,))


def few_shot_table(name: str, curve: CalibrationCurve, numbers: Sequence[int]) -> pd.DataFrame:
    """Return one row for each k: the score, and its difference from the first k; empty where there is no curve."""
    rows = []
    for k in numbers:
        row = {"run": name, "k": k, "subjects": curve.subjects, "left_out": curve.left_out, "clips": curve.clips}
        row |= _cells(METRIC, curve.scores[k] if curve.scores else None)
        rows.append(row | _cells("difference", curve.gains.get(k)) | {"reason": curve.reason})
    return pd.DataFrame(rows)


def few_shot_as_text(table: pd.DataFrame) -> pd.DataFrame:
    """Return the curve as text, without the run's name."""
    text = pd.DataFrame({"k": table["k"].astype(str)})
    for column in (METRIC, "difference"):
        bounds = zip(*(table[column + end] for end in BOUNDS), strict=True)
        text[column] = [with_interval(*cell, signed=column == "difference") for cell in bounds]
    for column in ("subjects", "clips"):
        text[column] = table[column].astype(str)
    titles = {"k": "Labelled clips (k)", "difference": f"Difference from k = {table['k'].iloc[0]}"}
    return text.rename(columns=TITLES | titles)


def _cells(name: str, score: Interval | None) -> dict[str, float | str | None]:
    return with_bounds(name, asdict(score) if score else None)


def _limits(run: RunFacts, curve: CalibrationCurve) -> tuple[str, ...]:
    """Return what limits the curve, or why there is none; classes have their names."""
    if not curve.reason:
        return ()
    start = "Left out: " if curve.scores else "There is no curve. "
    lost = [run.classes[number] for number in curve.lost]
    names = f" That is {', '.join(lost)}." if lost else ""
    return (start + curve.reason + names,)


def _picture(run: RunFacts, curve: CalibrationCurve) -> Picture:
    values = ", ".join(f"k = {k} {number(score.value)}" for k, score in curve.scores.items())
    drawn = figures.drawn_uri(draw_few_shot, {run.name: curve}, "balanced accuracy", run.synthetic_faces)
    title = "Balanced accuracy after k labelled clips of each subject, with 95 % intervals"
    return Picture(title, f"{TITLE} of {run.name}: {values}.", drawn)


FEW_SHOT = ReportSection("few-shot", "run", build)
