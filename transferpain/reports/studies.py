"""The report of a study's runs, and the whole way from an experiment or study file to results on the screen."""

import shutil
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from transferpain.core.errors import UserError
from transferpain.core.paths import inside, name_in_path
from transferpain.core.progress import note
from transferpain.core.store import TEMPORARY, fingerprint, read_json
from transferpain.data.places import Places
from transferpain.experiments.ahead import run_ahead
from transferpain.experiments.executors.base import HERE, Computing
from transferpain.experiments.registration import registration_of
from transferpain.experiments.run_folder import RunFolder
from transferpain.experiments.schema import Experiment
from transferpain.experiments.study import Batch, load_batch, run_batch
from transferpain.reports.inputs import INPUTS, PAGE, changed_files, note_changed, stands
from transferpain.reports.screen import (
    COLUMNS,
    Result,
    declared_lines,
    difference_lines,
    maker_lines,
    missing_lines,
    name_of,
    synthetic_mark,
    table_rows,
    warning_lines,
)

if TYPE_CHECKING:
    from transferpain.reports.facts import RunFacts


def run_file(
    path: Path,
    places: Places,
    assignments: list[str],
    show: Callable[[Result], object] = lambda result: None,
    registration: Path | None = None,
    by: Computing = HERE,
) -> Result:
    """Compute whatever is missing of an experiment or study, write its report, and return its table.

    Args:
        path, places, assignments: as `load_batch` takes them.
        show: called with the table so far whenever an experiment was computed and others follow.
        registration: the file that registers it; `None`: the one beside the report, if there is one.
        by: where experiments are computed.
    """
    batch = load_batch(path, places, assignments)
    registration = registration_of(batch.places.reports, (batch.report, batch.name), registration)

    def show_so_far(runs: list[RunFolder]) -> None:
        title = f"{len(runs)} of {len(batch.experiments)} experiments{synthetic_mark(runs)}"
        show(Result(title, COLUMNS, table_rows(runs), missing_lines(runs)))

    run_ahead(batch, by)
    runs = run_batch(batch, show_so_far)
    page = report_batch(batch, runs, registration)
    return Result(
        title=batch.title + synthetic_mark(runs),
        columns=COLUMNS,
        rows=table_rows(runs),
        notes=[
            *maker_lines(runs),
            *difference_lines(page.parent),
            *missing_lines(runs),
            *warning_lines(runs),
            *declared_lines(runs),
            f"report: {page}",
        ],
    )


def report_batch(batch: Batch, runs: list[RunFolder], registration: Path | None = None) -> Path:
    """Write the report unless it is there for these very runs; returns the page.

    Args:
        registration: the file that registers the batch, if any.
    """
    registered = None
    if registration is not None:
        from transferpain.reports.registered import describe_batch, state_of

        registered = state_of(registration, describe_batch(batch), runs)
    inputs = {
        "runs": [run.path.name for run in runs],
        # A run that was computed again has the name that it had.
        "digests": [run.digest() for run in runs],
        "experiments": fingerprint([experiment.resolved() for experiment in batch.experiments]),
        "comparisons": [comparison.model_dump() for comparison in batch.comparisons],
        **({"registered": asdict(registered)} if registered else {}),
    }
    folder = batch.places.reports / batch.report
    if stands(folder, inputs):
        return folder / PAGE
    note_changed(folder)
    keep_former(folder, inputs)
    # Only now: whoever asks again for a report that stands waits for nothing that draws it.
    from transferpain.reports.facts import read_report
    from transferpain.reports.report import write_page

    report = read_report([run.path for run in runs], batch.comparisons)
    report = replace(report, runs=tuple(map(as_asked, report.runs, batch.experiments)), registered=registered)
    return write_page(report, folder, batch.title, batch.question, inputs)


def keep_former(folder: Path, inputs: dict[str, Any]) -> None:
    """Copy a report of other settings, as a file had before it was changed, before one of its name replaces it."""
    try:
        former = read_json(folder / INPUTS)["experiments"]
    except (OSError, ValueError, KeyError, TypeError):
        return
    if isinstance(former, str) and former != inputs["experiments"]:
        aside = folder.with_name(f"{folder.name}-{name_in_path(former[:8])}")
        if aside.exists() and changed_files(folder):
            return  # half of another report, whose writing was ended; the former one was kept before that
        unfinished = shutil.ignore_patterns(f"{TEMPORARY}*")  # another process may be writing them
        shutil.copytree(folder, inside(folder.parent, aside), symlinks=True, ignore=unfinished, dirs_exist_ok=True)
        note(f"The report of {folder.name} with other settings is kept in {aside}.")


def as_asked(run: "RunFacts", experiment: Experiment) -> "RunFacts":
    """Return a run with what its experiment asks of the report now: the run may be older than that."""
    asked = run.experiment | {"few_shot": experiment.resolved()["few_shot"]}
    if asked == run.experiment:
        return run
    return replace(run, experiment=asked, experiment_text=yaml.safe_dump(asked, sort_keys=False))


def report_runs(runs: list[Path], name: str, workspace: Path) -> Path:
    """Write a report of finished run folders; returns the page."""
    from transferpain.reports.report import write_report

    return write_report(name_in_path(name), name, "", runs, (), workspace / "reports")


def report_files(
    runs: list[Path], assignments: list[str], folder: Path, classes: list[str], synthetic: bool | None
) -> Path:
    """Write a report of finished run folders and of predictions made elsewhere; returns the page.

    Args:
        assignments: `NAME=FILE` each.
        folder: the report's folder.
        classes, synthetic: as `reports.predictions.report` takes them.

    Raises:
        UserError: if an assignment is none, two have one name, or as `report`.
    """
    from transferpain.reports.predictions import report

    names = [name_of(RunFolder(run)) for run in runs]
    variants = [run.name if names.count(name) > 1 else name for name, run in zip(names, runs, strict=True)]
    made: dict[str, Path] = dict(zip(variants, runs, strict=True))
    for assignment in assignments:
        name, equals, file = assignment.partition("=")
        if not (name.strip() and equals and file) or name in made:
            raise UserError(
                "These predictions cannot be named.",
                rule="Each is NAME=FILE, and no two have one name.",
                received=assignment,
                todo="Give another name, as in --predictions mine=mine.csv.",
            )
        made[name] = Path(file)
    return report(made, folder, classes=classes, synthetic=synthetic)
