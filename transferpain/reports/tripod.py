"""The TRIPOD+AI sheet of a report: the checklist in its order, filled from the facts of the runs.

What the toolkit cannot know is left open for the author, and marked so.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from transferpain.core.store import write_text
from transferpain.core.synthetic_faces import shown_faces, stamp_of
from transferpain.evaluation.formatting import number, with_interval
from transferpain.experiments.registration import Registered
from transferpain.reports.page import load_template

FILE = "tripod.md"
TEMPLATE = "tripod.md"
OPEN = "To be filled in by the author"
SHOWN_SCORES = ("balanced_accuracy", "macro_f1", "accuracy", "majority_class_accuracy", "auc", "calibration_error")
# What has a meaning in Markdown within a line, and in the HTML that most readers make of it.
MARKUP = re.compile(r"([\\`*_{}\[\]<>#|~&$!])")
UNSTATED = "not stated"


@dataclass(frozen=True)
class SheetRun:
    """What the sheet needs of a run.

    Attributes:
        name: of the experiment.
        facts: `facts.json` of its folder.
        experiment: the settings as far as they are known.
        scores: `score` of its predictions.
        groups: by what it was scored: "sex", "age".
        failed: the names of leakage checks that failed.
        commit: of the toolkit that computed it.
        made_here: false where only the predictions are known, and all else is what their maker declares.
    """

    name: str
    facts: Mapping[str, Any]
    experiment: Mapping[str, Any]
    scores: Mapping[str, Any]
    groups: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    commit: str = ""
    made_here: bool = True


def write_sheet(
    folder: Path, title: str, question: str, runs: Sequence[SheetRun], registered: Registered | None = None
) -> Path:
    """Write `tripod.md` into a report's folder and return its path; text of users is escaped.

    Args:
        title, question: of the report.
        runs: those of the report that are finished.
        registered: whether they were registered before.
    """
    values = sheet_values(runs) | {"title": title, "question": question, "open": OPEN}
    values["registration"] = registered.sentence if registered else ""
    template = load_template(TEMPLATE, escape, filters={"safe_cells": Cells})
    write_text(folder / FILE, template.render(**values))
    return folder / FILE


class Cells(str):
    """Numbers of a table row that need no escaping."""

    __slots__ = ()


def escape(value: object) -> str:
    """Return text as Markdown shows it literally, in one line."""
    if isinstance(value, Cells):
        return str(value)
    return MARKUP.sub(r"\\\1", " ".join(str(value).split()))


def sheet_values(runs: Sequence[SheetRun]) -> dict[str, Any]:
    """Return what the template shows of the runs."""
    data = _each(runs, lambda run: run.facts.get("dataset") or UNSTATED)
    strategies = [str(run.experiment.get("strategy", "")) for run in runs]
    commits = ", ".join(dict.fromkeys(run.commit for run in runs if run.commit))
    return {
        "synthetic": [run.name for run in runs if run.facts.get("synthetic")],
        "stamp": stamp_of(shown_faces(run.facts for run in runs)),
        "elsewhere": [run.name for run in runs if not run.made_here],
        "warnings": _each(runs, lambda run: run.facts.get("warnings", ())),
        "data": data,
        "len_data": len(data),
        "preparation": _each(runs, _preparation),
        "outcomes": _each(runs, _outcome),
        "units": "hybrid" in strategies or any("action_units" in _head(run) for run in runs),
        "predictors": _each(runs, lambda run: f"Frames of the face, {run.facts.get('preprocessing', UNSTATED)}"),
        "missing": _each(runs, _missing),
        "splits": _each(runs, _split),
        "handling": _each(runs, lambda run: f"Scaling: {run.facts.get('preprocessing', UNSTATED)}"),
        "models": _each(runs, _model),
        "recalibration": _each(runs, _recalibration),
        "imbalance": _each(runs, _imbalance),
        "groups": list(dict.fromkeys(group for run in runs for group in run.groups)),
        "training": _each(runs, _training),
        "code": "transferpain" + (f", commit {commits}" if commits else ""),
        "flow": _each(runs, _flow),
        "people": _each(runs, _people),
        "model": "The best model of each run is saved in its folder `model`, with a card and a digest; see the report.",
        "limitations": _each(runs, _limitations) or ["No leakage check failed"],
        "runs": [_row(run) for run in runs],
    }


def _each(runs: Iterable[SheetRun], tell: Any) -> list[str]:
    """Return what `tell` says of the runs, each once, in their order; it may say several things, or nothing."""
    found: dict[str, None] = {}
    for run in runs:
        said = tell(run)
        found.update(dict.fromkeys(str(one).rstrip(".") for one in ([said] if isinstance(said, str) else said) if one))
    return list(found)


def _preparation(run: SheetRun) -> str:
    return f"Faces: {run.facts.get('preprocessing', UNSTATED)}"


def _outcome(run: SheetRun) -> str:
    label = run.facts.get("label_definition") or UNSTATED
    return f"{', '.join(run.facts.get('classes', ()))}: {label}"


def _missing(run: SheetRun) -> list[str]:
    said = [f"{run.name}: coverage {number(run.scores.get('coverage'))} (mean share of frames with a face)"]
    if lost := run.scores.get("clips_without_face"):
        said.append(f"{run.name}: {lost} clips without a face in any frame, answered with the training shares")
    if run.scores.get("unlabelled"):
        said.append(f"{run.name}: {run.scores['unlabelled']} clips without a label, predicted and not scored")
    return said


def _split(run: SheetRun) -> str:
    protocol = run.experiment.get("protocol", {})
    parts = [protocol.get("kind", UNSTATED), f"selection {protocol.get('selection', UNSTATED)}"]
    return "; ".join([*parts, *run.facts.get("split_provenance", ())])


def _model(run: SheetRun) -> str:
    source = run.facts.get("source") or run.experiment.get("source")
    name = source.get("name") if isinstance(source, Mapping) else source
    seeds = len(run.scores.get("seeds", ()))
    strategy = run.experiment.get("strategy", UNSTATED)
    return f"{run.name}: strategy {strategy}, source {name or UNSTATED}, head {_head(run)}, {seeds} trainings a fold"


def _head(run: SheetRun) -> str:
    head = run.experiment.get("head", UNSTATED)
    return str(head.get("kind", UNSTATED)) if isinstance(head, Mapping) else str(head)


def _recalibration(run: SheetRun) -> str:
    if asked := run.experiment.get("few_shot"):
        clips = ", ".join(map(str, asked["clips"]))
        return f"{run.name}: temperature and biases refitted on {clips} clips of each tested subject, shown apart"
    return "Answers are scored as the model gives them, without recalibration"


def _imbalance(run: SheetRun) -> str:
    weighted = (run.experiment.get("training") or {}).get("class_weights")
    words = {True: "rare classes weigh more in training", False: "classes are not weighted in training"}
    return f"{run.name}: {words.get(weighted, 'whether classes are weighted in training is not stated')}"


def _training(run: SheetRun) -> str:
    return f"{run.name}: {run.facts.get('target_data') or 'what was seen of the tested dataset is not stated'}"


def _flow(run: SheetRun) -> str:
    subjects = run.scores.get("subjects") if run.scores.get("has_subjects") else UNSTATED
    lost = run.scores.get("clips_without_face", 0)
    return f"{run.name}: {subjects} subjects tested, {run.scores.get('clips', 0)} clips scored, {lost} without a face"


def _people(run: SheetRun) -> str:
    return f"{run.name}: {' and '.join(run.groups)} are stated, see the report" if run.groups else ""


def _limitations(run: SheetRun) -> list[str]:
    return [f"{run.name}: leakage check failed: {name}" for name in run.failed]


def _row(run: SheetRun) -> dict[str, Any]:
    scores = run.scores.get("all") or {}
    support = {name: row["support"] for name, row in scores.get("per_class", {}).items()}
    return {
        "name": run.name,
        "subjects": run.scores.get("subjects") if run.scores.get("has_subjects") else UNSTATED,
        "clips": run.scores.get("clips", 0),
        "support": ", ".join(f"{name} {count}" for name, count in support.items()) or UNSTATED,
        "unlabelled": run.scores.get("unlabelled", 0),
        "scores": [_score(scores.get(name)) for name in SHOWN_SCORES],
    }


def _score(score: Mapping[str, Any] | None) -> str:
    if not score or pd.isna(score["value"]):
        return UNSTATED
    return with_interval(score["value"], score.get("low"), score.get("high"), score.get("reason"))
