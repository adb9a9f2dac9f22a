"""From an experiment or study file to results on the screen: twins, runs, one report, one table."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from transferpain.core.errors import UserError
from transferpain.core.overrides import merge, parse_overrides
from transferpain.core.progress import progress_bar
from transferpain.core.store import fingerprint, read_json, write_json
from transferpain.data.places import Places
from transferpain.data.synthetic.settings import TwinSettings
from transferpain.experiments.leakage.checks import failed, read_checks
from transferpain.experiments.run_folder import RunFolder
from transferpain.experiments.runner import run_experiment
from transferpain.experiments.schema import (
    Comparison,
    Experiment,
    Study,
    is_study,
    load_experiment,
    load_study,
    resolved,
)

SHOWN_METRICS = {
    "balanced_accuracy": "balanced accuracy",
    "macro_f1": "macro F1",
    "accuracy": "accuracy",
    "majority_class_accuracy": "majority class",
}
COLUMNS = ["run", *SHOWN_METRICS.values(), "coverage", "subjects", "clips", "seeds"]


@dataclass(frozen=True)
class Result:
    """What the command line prints after a run."""

    title: str
    columns: list[str]
    rows: list[list[str]]
    notes: list[str]


@dataclass(frozen=True)
class Batch:
    """The experiments that one file names, ready to run.

    Attributes:
        name: the report's folder.
        folder: where experiments that `source:` names stand.
        twins: dataset -> twin to draw into the data root first.
    """

    name: str
    title: str
    question: str
    folder: Path
    places: Places
    twins: dict[str, TwinSettings]
    experiments: list[Experiment]
    comparisons: tuple[Comparison, ...]


def load_batch(path: Path, places: Places, assignments: list[str]) -> Batch:
    """Load an experiment or a study file; `--set` changes every experiment in it.

    A study that draws its own twins also says where: its `data_root` replaces the given one, so that drawn data
    never mixes with licensed data.
    """
    overrides = parse_overrides(assignments)
    if not is_study(path):
        experiment = load_experiment(path, overrides)
        return Batch(experiment.name, experiment.name, experiment.question, path.parent, places, {}, [experiment], ())
    study = load_study(path)
    if study.data_root is not None:
        places = Places(places.workspace / study.data_root, places.workspace)
    experiments = [member_experiment(study, name, path.parent, overrides) for name in study.experiments]
    return Batch(
        study.study, study.title, study.question, path.parent, places, study.twins, experiments, study.comparisons
    )


def member_experiment(study: Study, name: str, folder: Path, overrides: dict[str, Any]) -> Experiment:
    """Load one experiment of a study: its file, then the study's changes, the member's, the command line's."""
    member = study.experiments[name]
    changes = merge(merge(merge(study.set, member.set), {"name": name}), overrides)
    return load_experiment(folder / f"{member.experiment}.yaml", changes)


def run_file(path: Path, places: Places, assignments: list[str]) -> Result:
    """Compute whatever is missing of an experiment or study, write its report, and return its table."""
    batch = load_batch(path, places, assignments)
    for dataset, settings in batch.twins.items():
        draw_twin(dataset, batch.places.data_root, settings)
    runs = [run_experiment(experiment, batch.folder, batch.places) for experiment in batch.experiments]
    page = report_batch(batch, runs)
    return Result(
        title=batch.title + synthetic_mark(runs),
        columns=COLUMNS,
        rows=[table_row(run) for run in runs],
        notes=[*difference_lines(page.parent), *warning_lines(runs), f"report: {page}"],
    )


def draw_twin(dataset: str, data_root: Path, settings: TwinSettings) -> None:
    """Draw a twin with a progress bar; one that is there with the same settings is left as it is."""
    from transferpain.data.synthetic.twins import write_twin

    with progress_bar(f"drawing the {dataset} twin", total=None, unit="frames") as advance:
        write_twin(dataset, data_root, settings, advance)


def report_batch(batch: Batch, runs: list[RunFolder]) -> Path:
    """Write the report unless it is there for these very runs; returns the page."""
    inputs = {
        "runs": [run.path.name for run in runs],
        "experiments": fingerprint([resolved(experiment) for experiment in batch.experiments]),
        "comparisons": [comparison.model_dump() for comparison in batch.comparisons],
    }
    folder = batch.places.reports / batch.name
    page, record = folder / "index.html", folder / "inputs.json"
    if page.is_file() and record.is_file() and read_json(record) == inputs:
        return page
    from transferpain.reports.report import write_report

    paths = [run.path for run in runs]
    page = write_report(batch.name, batch.title, batch.question, paths, batch.comparisons, batch.places.reports)
    write_json(record, inputs)
    return page


def report_runs(runs: list[Path], name: str, workspace: Path) -> Path:
    """Write a report of finished run folders; returns the page."""
    from transferpain.reports.report import write_report

    return write_report(name, name, "", runs, (), workspace / "reports")


def synthetic_mark(runs: list[RunFolder]) -> str:
    """Return what a title says when drawn data took part in any of the runs."""
    return " - SYNTHETIC data: drawn faces" if any(run.facts()["synthetic"] for run in runs) else ""


def table_row(run: RunFolder) -> list[str]:
    """Return a run's row of the result table; a run without labels has no score."""
    metrics = run.metrics()
    scores = metrics["all"]
    values = [with_interval(scores[name]) if scores else "no labels" for name in SHOWN_METRICS]
    subjects = metrics["subjects"] if metrics["has_subjects"] else "-"
    counts = [f"{metrics['coverage']:.1%}", subjects, metrics["clips"], len(metrics["seeds"])]
    return [name_of(run), *values, *map(str, counts)]


def name_of(run: RunFolder) -> str:
    """Return the name of a run's experiment: its folder's name without the hash."""
    return run.path.name.rsplit("-", 1)[0]


def warning_lines(runs: list[RunFolder]) -> list[str]:
    """Return what must be said beside the scores of each run: warnings of its protocol, leakage checks that fail."""
    lines = []
    for run in runs:
        lines += [f"warning: {name_of(run)}: {warning}" for warning in run.facts().get("warnings", ())]
        checks = read_checks(run.path)
        if faults := failed(checks):
            named = ", ".join(f"{line.number} ({line.name})" for line in faults)
            lines.append(f"warning: {name_of(run)}: {len(faults)} of {len(checks)} leakage checks fail: {named}")
    return lines


def with_interval(score: dict[str, float | None]) -> str:
    """Return `0.612 [0.560, 0.655]`, or the value alone where there is no interval."""
    if score["value"] is None:
        return "-"
    if score["low"] is None:
        return f"{score['value']:.3f}"
    return f"{score['value']:.3f} [{score['low']:.3f}, {score['high']:.3f}]"


def difference_lines(report: Path) -> list[str]:
    """Return a line for each paired difference of a report."""
    path = report / "differences.csv"
    if not path.is_file():
        return []
    return [
        f"{row.better} minus {row.worse}, {row.metric}: {row.difference:+.3f} [{row.low:+.3f}, {row.high:+.3f}] "
        "(paired over subjects, averaged over seeds)"
        for row in pd.read_csv(path).itertuples()
    ]


def dry_run_rows(path: Path, places: Places, assignments: list[str]) -> tuple[list[str], list[list[str]]]:
    """Return columns and rows of the stages of a file, with estimated hours and disk; computes nothing.

    A study's twins are drawn on the first run only, so before that there is no data to count.
    """
    from transferpain.experiments.estimate import estimate, estimate_rows

    batch = load_batch(path, places, assignments)
    check_twins_are_drawn(batch.twins, batch.places.data_root, f"transferpain run {path}")
    stages = [stage for experiment in batch.experiments for stage in estimate(experiment, batch.folder, batch.places)]
    return ["experiment", "stage", "work", "hours", "disk GB"], estimate_rows(stages)


def check_twins_are_drawn(twins: dict[str, TwinSettings], data_root: Path, command: str) -> None:
    """Refuse to estimate what draws its own twins and has not yet: nothing could be counted."""
    missing = [name for name in twins if not (data_root / name / "SYNTHETIC.json").is_file()]
    if missing:
        raise UserError(
            "The file draws its own twins first, and they are not there yet.",
            rule="Hours and disk are estimated from the clips of the data.",
            received=f"no twin of {', '.join(missing)} in {data_root}",
            todo=f"Start it with `{command}`: it can be stopped at any time and goes on where it was.",
        )
