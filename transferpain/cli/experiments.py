"""`transferpain run`, `matrix` and `report`: parse, call, print - nothing else."""

from pathlib import Path
from typing import Annotated

import typer

from transferpain.cli.console import (
    Address,
    DataRoot,
    Debug,
    ExperimentFile,
    Overrides,
    Where,
    Workspace,
    beside,
    computing,
    example,
    out,
    places_of,
    print_lines,
    print_rows,
)
from transferpain.core.paths import name_in_path

experiments_app = typer.Typer()
MOST_PROCESSORS = 10_000
NullWorlds = Annotated[
    bool, typer.Option("--null", help="Run it where nothing can be learned, and fail unless every score is at chance.")
]
Jobs = Annotated[int, typer.Option(min=1, help="Processes at a time.")]
RegistrationFile = Annotated[
    Path | None,
    typer.Option("--registration", metavar="FILE", help="What `register` wrote, if not beside the report."),
]


@experiments_app.command(
    epilog=example("run experiments/ai4pain-ann.yaml --data-root /path/to/data --set training.epochs=20")
)
def run(
    experiment: ExperimentFile,
    data_root: DataRoot = None,
    workspace: Workspace = Path("."),
    overrides: Overrides = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="List the stages with an estimate of hours and disk, and stop.")
    ] = False,
    null: NullWorlds = False,
    confirmed: Annotated[
        bool, typer.Option("--confirm", help="Run a study on its confirmation sets, and judge its comparisons.")
    ] = False,
    jobs: Jobs = 1,
    executor: Where = None,
    address: Address = "auto",
    registration: RegistrationFile = None,
    debug: Debug = False,
) -> None:
    """Compute whatever is missing of an experiment or a study, and print the result table."""
    from transferpain.experiments.study import dry_run_labels, dry_run_rows
    from transferpain.reports.studies import run_file

    if confirmed and (null or dry_run):
        raise confirmed_alone("--null" if null else "--dry-run")
    places = places_of(data_root, workspace)
    if dry_run:
        columns, rows = dry_run_rows(experiment, places, overrides or [])
        print_rows(f"{experiment}: nothing was computed; hours and disk are estimates", columns, rows)
        labels, problems = dry_run_labels(experiment, places, overrides or [])
        print_rows("labels", *labels)
        print_lines(problems)
        return
    if null:
        from transferpain.reports.null_worlds import check_file

        conclude(check_file(experiment, places, overrides or [], computing(executor, jobs, address)))
        return
    if confirmed:
        from transferpain.reports.confirmation import confirm_file

        result = confirm_file(experiment, places, overrides or [], registration, computing(executor, jobs, address))
        print_rows(result.title, result.columns, result.rows)
        print_lines(result.notes)
        return
    # Standard output holds the final table alone.
    result = run_file(
        experiment,
        places,
        overrides or [],
        lambda early: print_rows(early.title, early.columns, early.rows, beside()),
        registration,
        computing(executor, jobs, address),
    )
    print_rows(result.title, result.columns, result.rows)
    print_lines(result.notes)


def confirmed_alone(other: str):
    """Return the error of a confirmation that is asked for beside something else, which would be done in its place."""
    from transferpain.core.errors import UserError

    return UserError(
        "A confirmation goes alone.",
        rule="`--confirm` runs a study on its confirmation sets; `--null` and `--dry-run` are of its own data.",
        received=f"--confirm {other}",
        todo=f"Give two commands, one with --confirm and one with {other}.",
    )


def played_only(processors: str):
    """Return the error of numbers of processors where a matrix would be computed."""
    from transferpain.core.errors import UserError

    return UserError(
        "Numbers of processors are of a dry run.",
        rule="`--processors` plays the schedule through, and computes nothing.",
        received=f"--processors {processors}",
        todo=f"Use --dry-run --processors {processors}, or leave --processors out.",
    )


def numbers(text: str) -> list[int]:
    """Read numbers of processors, `8,64`. Raises `UserError` if they are none."""
    from transferpain.core.errors import UserError

    parts = [part.strip() for part in text.split(",")] if text else []
    if not all(part.isdecimal() and 0 < int(part) <= MOST_PROCESSORS for part in parts):
        raise UserError(
            "These numbers of processors cannot be read.",
            rule=f"Each is a whole number from 1 to {MOST_PROCESSORS}; a comma stands between two.",
            received=text,
            todo="For example: --processors 8,64,1000",
        )
    return [int(part) for part in parts]


def conclude(check) -> None:
    """Print the table of a null check; the command fails where a score is not at chance."""
    print_rows(check.result.title, check.result.columns, check.result.rows)
    print_lines(check.result.notes)
    if not check.passed:
        raise typer.Exit(1)


@experiments_app.command(epilog=example("matrix experiments/transfer-matrix.yaml --where target=unbc --jobs 2"))
def matrix(
    file: Annotated[Path, typer.Argument(metavar="MATRIX.yaml", help="The matrix file.")],
    data_root: DataRoot = None,
    workspace: Workspace = Path("."),
    overrides: Overrides = None,
    where: Annotated[
        list[str] | None,
        typer.Option(metavar="AXIS=NAME,...", help="Only these cells: kind, source, trained_on, target or head."),
    ] = None,
    jobs: Jobs = 1,
    executor: Where = None,
    address: Address = "auto",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="List the cells with an estimate of hours and disk, and stop.")
    ] = False,
    processors: Annotated[
        str, typer.Option(metavar="N,...", help="With --dry-run: how long it takes on so many of a cluster.")
    ] = "",
    null: NullWorlds = False,
    registration: RegistrationFile = None,
    debug: Debug = False,
) -> None:
    """Compute whatever is missing of a matrix of sources, targets and heads, and write its report.

    --set changes every cell, or by matrix.KEY=VALUE the matrix itself, such as matrix.protocol=fast.
    """
    from transferpain.experiments.matrix.run import DRY_RUN_COLUMNS, dry_run_rows
    from transferpain.experiments.schedule import COLUMNS
    from transferpain.reports.matrix.run import run_matrix

    if processors and not dry_run:
        raise played_only(processors)
    places = places_of(data_root, workspace)
    arguments = (file, places, overrides or [], where or [])
    if dry_run:
        title = f"{file}: nothing was computed; hours and disk are estimates"
        rows, schedules = dry_run_rows(*arguments, numbers(processors))
        print_rows(title, DRY_RUN_COLUMNS, rows)
        if schedules:
            print_rows("on processors of a cluster, by playing the schedule through", COLUMNS, schedules)
        return
    by = computing(executor, jobs, address)
    if null:
        from transferpain.reports.null_worlds import check_matrix

        conclude(check_matrix(*arguments, by))
        return
    result = run_matrix(*arguments, by, registration)
    print_rows(result.title, result.columns, result.rows)
    print_lines(result.notes)
    if any(line.startswith("failed") for line in result.notes):
        raise typer.Exit(1)


@experiments_app.command(epilog=example("report runs/demo-ann-0123456789abcdef --predictions mine=mine.csv"))
def report(
    runs: Annotated[list[Path] | None, typer.Argument(metavar="[RUN...]", help="Run folders.")] = None,
    predictions: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=FILE", help="Predictions made elsewhere: parquet or CSV; repeat as needed."),
    ] = None,
    classes: Annotated[
        str, typer.Option(metavar="NAME,...", help="Names of the classes, where the files do not know them.")
    ] = "",
    synthetic: Annotated[bool, typer.Option("--synthetic", help="Declare that the faces were drawn.")] = False,
    name: Annotated[str, typer.Option(help="The report's folder in reports/.")] = "report",
    workspace: Workspace = Path("."),
    debug: Debug = False,
) -> None:
    """Write an HTML report of finished runs, or of predictions made elsewhere, with CSV and LaTeX tables beside it."""
    from transferpain.reports.studies import report_files, report_runs

    if not predictions:
        page = report_runs(runs or [], name, workspace)
    else:
        declared = [part.strip() for part in classes.split(",") if part.strip()]
        folder = workspace / "reports" / name_in_path(name)
        page = report_files(runs or [], predictions, folder, declared, synthetic or None)
    out().print(f"report: {page}", markup=False)
