"""A finished run as a store of MLflow holds it: parameters, metrics, files and tags."""

import shutil
import tempfile
from collections.abc import Iterator
from datetime import datetime
from math import isfinite
from pathlib import Path
from typing import Any

import pandas as pd

from transferpain.core.csv_file import write_csv
from transferpain.core.optional import require
from transferpain.evaluation.formatting import with_interval
from transferpain.evaluation.metrics.registry import METRICS
from transferpain.evaluation.predictions import LINEAR_PROBE
from transferpain.experiments.run_folder import RunFolder
from transferpain.experiments.runs.listed import list_run
from transferpain.experiments.ship import flat
from transferpain.models.bundles.manifest import MANIFEST
from transferpain.reports.facts import RunFacts, read_run, run_scores
from transferpain.reports.inputs import PAGE, changed_files
from transferpain.reports.registered import begun
from transferpain.reports.runs.depending import read_uses
from transferpain.reports.runs.mlflow_store import Curve, Entry, Store, find_store, write_entry

# Their learning curves stand in `history.csv`, too.
MOST_CURVES = 24
CURVES = ("loss", "val_loss", "accuracy", "val_accuracy")
# Ages and sexes of people stay where the run is, and so do the model's weights.
FILES = (
    *("experiment.yaml", "facts.json", "environment.json", "metrics.json", "leakage.json", "cost.json"),
    *("transferability.json", "unusable.csv"),
)
OF_MODEL = ("README.md", MANIFEST)


def export_run(folder: Path, store: str, workspace: Path) -> list[str]:
    """Write a finished run into a store of MLflow, unless it is there; returns lines that say what was done.

    Args:
        folder: of the run.
        store: a folder, or a file of SQLite.
        workspace: where its reports are looked for.

    Raises:
        UserError: if the run is not finished or damaged, MLflow is not installed, or the store cannot be written.
    """
    found = find_store(store)
    require("mlflow")
    run = read_run(folder)
    run_scores(RunFolder(folder))  # its file is copied, whatever is derived anew
    with tempfile.TemporaryDirectory(prefix="transferpain-") as files:
        collect_files(run, Path(files), workspace)
        number, is_new = write_entry(found, entry_of(run, Path(files)))
    if not is_new:
        return [f"{folder.name} is in {found.place} already, as run {number}: nothing was written."]
    return [f"exported: {folder.name}, run {number} in {found.place}", *left_out(run), shown_by(found)]


def left_out(run: RunFacts) -> list[str]:
    """Say what of a run is not in the store."""
    lines = ["not in it: the model's weights, and the subjects' sex and age"]
    if len(run.histories) > MOST_CURVES:
        lines.append(f"learning curves of {len(run.histories)} trainings are in its file history.csv alone")
    return lines


def shown_by(store: Store) -> str:
    """Return the command that shows the store, in an environment that has all of MLflow."""
    return (
        f"to look at it, with all of MLflow installed: {store.variables}mlflow server --backend-store-uri {store.uri}"
    )


def entry_of(run: RunFacts, files: Path) -> Entry:
    """Return what is written of a run.

    Args:
        files: a folder with its files.
    """
    finished = list_run(run.path).date
    return Entry(
        experiment=task_of(run),
        name=run.folder,
        digest=RunFolder(run.path).digest(),
        parameters=flat(run.experiment),
        metrics=dict(metrics_of(run)),
        curves=tuple(curves_of(run)),
        tags=tags_of(run),
        files=files,
        begun=milliseconds(begun(RunFolder(run.path))) or milliseconds(finished),
        finished=milliseconds(finished),
    )


def metrics_of(run: RunFacts) -> Iterator[tuple[str, float]]:
    """Yield the scores of a run's test part with their bounds, those of its linear probes, and what they are of.

    What is not defined is left out: MLflow shows it as 0.
    """
    probes = {f"{LINEAR_PROBE}.{name}.": table for name, table in run.scores.get(LINEAR_PROBE, {}).items()}
    for prefix, scores in {"": run.scores["all"], **probes}.items():
        for name in METRICS if scores else ():
            score = scores.get(name) or {}
            for key, ending in (("value", ""), ("low", ".low"), ("high", ".high")):
                if _is_number(score.get(key)):
                    yield f"{prefix}{name}{ending}", float(score[key])
    if run.scores["all"]:
        yield "chance", run.chance
    for name in ("coverage", "clips", "subjects"):
        if _is_number(run.scores.get(name)) and (name != "subjects" or run.scores["has_subjects"]):
            yield name, float(run.scores[name])
    yield "trainings", float(len(run.histories))


def curves_of(run: RunFacts) -> Iterator[Curve]:
    """Yield the learning curves of a run's trainings; of very many none."""
    if len(run.histories) > MOST_CURVES:
        return
    for training, history in run.histories.items():
        for column in CURVES:
            if column in history:
                values = pd.to_numeric(history[column], errors="coerce")
                points = tuple((step, float(one)) for step, one in enumerate(values, start=1) if isfinite(one))
                yield Curve(f"{column}.{training}", points)


def tags_of(run: RunFacts) -> dict[str, str]:
    """Return the tags of a run: whether faces are synthetic, the commit, and what must be said beside its scores."""
    commit = str(run.environment.get("commit", ""))
    tags = {
        "synthetic": str(run.synthetic).lower(),
        "commit": commit,
        "mlflow.source.name": "transferpain",
        "mlflow.source.git.commit": commit,
        "dataset": str(run.facts.get("dataset", "")),
        "task": task_of(run),
        "experiment": run.name,
        "warnings": " ".join(run.warnings),
        "mlflow.note.content": sentence(run),
    }
    return {key: value for key, value in tags.items() if value}


def task_of(run: RunFacts) -> str:
    """Return the name of a run's task: scores of one task can be compared."""
    return str(run.facts.get("task") or run.experiment["task"])


def sentence(run: RunFacts) -> str:
    """Say in a sentence what a run scored."""
    drawn = f"**SYNTHETIC data: {run.synthetic_faces}.** " if run.synthetic else ""
    if not run.scores["all"]:
        return f"{drawn}Its clips have no labels, so it has no score."
    score = run.scores["all"]["balanced_accuracy"]
    shown = with_interval(*(score[key] for key in ("value", "low", "high", "reason")))
    return f"{drawn}Balanced accuracy {shown}, chance {run.chance:.3f}; 95 % interval over subjects."


def collect_files(run: RunFacts, files: Path, workspace: Path) -> None:
    """Copy the files of a run that the store gets into a folder; its folds are in one table each."""
    for name in FILES:
        if (run.path / name).is_file():
            shutil.copyfile(run.path / name, files / name)
    predictions = pd.concat([RunFolder(run.path).predictions(part) for part in ("selection", "test")])
    predictions.to_parquet(files / "predictions.parquet", index=False)
    histories = [history.assign(training=name) for name, history in run.histories.items()]
    if histories:
        write_csv(files / "history.csv", pd.concat(histories, ignore_index=True))
    for name in OF_MODEL:
        if (run.path / "model" / name).is_file():
            (files / "model").mkdir(exist_ok=True)
            shutil.copyfile(run.path / "model" / name, files / "model" / name)
    for report, runs in read_uses(workspace).shown.items():
        if runs == {run.folder} and not changed_files(report):
            (files / "report").mkdir(exist_ok=True)
            shutil.copyfile(report / PAGE, files / "report" / f"{report.name}.html")


def milliseconds(time: str) -> int:
    """Return a time as MLflow counts it, 0 where a text tells none."""
    try:
        return int(datetime.fromisoformat(time).timestamp() * 1000)
    except ValueError:
        return 0


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and isfinite(value)
