"""`transferpain runs ...`: parse, call, print - nothing else."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from transferpain.cli.console import Debug, Workspace, example, out, print_lines, print_rows

runs_app = typer.Typer(no_args_is_help=True, help="List, show, compare, remove and export runs.")

WIDE_LIST = 160  # names of runs have a hash behind them
Run = Annotated[
    str, typer.Argument(metavar="RUN", help="A run's folder, its name in runs/, or its experiment where that has one.")
]
Runs = Annotated[list[str], typer.Argument(metavar="RUN...", help="Runs, as `runs list` names them.")]


@runs_app.command("list", epilog=example("runs list"))
def list_runs(
    workspace: Workspace = Path("."),
    verify: Annotated[
        bool, typer.Option("--verify", help="Read every byte, and compare checksums; it takes longer.")
    ] = False,
    debug: Debug = False,
) -> None:
    """List the runs with their scores; damaged, unfinished and running ones are named."""
    from transferpain.experiments.runs.find import find_folders
    from transferpain.experiments.runs.listed import COLUMNS, list_rows, list_run, missing_lines

    listed = [list_run(folder, verify) for folder in find_folders(workspace)]
    if not listed:
        out().print(f"There is no run in {workspace / 'runs'}.", markup=False)
        return
    print_rows(str(workspace / "runs"), COLUMNS, list_rows(listed), out(WIDE_LIST))
    print_lines(missing_lines(listed))


@runs_app.command(epilog=example("runs show ai4pain-ann-0123456789abcdef"))
def show(run: Run, workspace: Workspace = Path("."), debug: Debug = False) -> None:
    """Show a run: settings, scores, lineage, size, where its report stands, and what depends on it."""
    from transferpain.experiments.runs.find import find_run
    from transferpain.reports.runs.show import show_run

    for title, columns, rows, lines in show_run(find_run(run, workspace), workspace).parts:
        if rows:
            print_rows(title, columns, rows, out(WIDE_LIST))
        print_lines(lines)


@runs_app.command(epilog=example("runs compare ai4pain-ann ai4pain-lstm"))
def compare(
    runs: Annotated[
        list[str], typer.Argument(metavar="RUN RUN...", help="Runs, as `runs list` names them: the first minus each.")
    ],
    metric: Annotated[str, typer.Option(help="What is compared: balanced_accuracy, macro_f1 or accuracy.")] = (
        "balanced_accuracy"
    ),
    workspace: Workspace = Path("."),
    debug: Debug = False,
) -> None:
    """Compare runs on the same clips: paired differences with intervals and tests, as a report has them."""
    from transferpain.experiments.runs.find import find_run
    from transferpain.reports.runs.compare import compare_runs

    result = compare_runs([find_run(run, workspace) for run in runs], metric)
    print_rows(result.title, result.columns, result.rows, out(WIDE_LIST))
    print_lines(result.notes)


@runs_app.command(epilog=example("runs remove ai4pain-ann-0123456789abcdef"))
def remove(
    runs: Runs,
    workspace: Workspace = Path("."),
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what depends on them, and stop.")] = False,
    debug: Debug = False,
) -> None:
    """Remove runs, after showing what depends on them; one that a process works on is refused."""
    from transferpain.core.errors import UserError
    from transferpain.experiments.runs.find import find_run
    from transferpain.experiments.runs.remove import remove_runs
    from transferpain.reports.runs.depending import COLUMNS
    from transferpain.reports.runs.removal import examine

    removal = examine([find_run(run, workspace) for run in runs], workspace)
    print_rows("to be removed", ["run", "state", "MB"], removal.rows)
    if removal.depending:
        print_rows("depends on it", COLUMNS, removal.depending)
    if dry_run:
        out().print("Nothing was removed.", markup=False)
        return
    if not yes:
        if not sys.stdin.isatty():
            raise UserError(
                "No run was removed.",
                rule="It is asked before anything is removed, and nobody is there to answer.",
                todo="Add --yes, or --dry-run to see what depends on it.",
            )
        if not typer.confirm(removal.question):
            out().print("Nothing was removed.", markup=False)
            return
    left = remove_runs(removal.folders, workspace)
    out().print(removal.done, markup=False)
    print_lines(f"left: {line}" for line in left)
    if left:
        raise typer.Exit(1)


@runs_app.command(epilog=example("runs export ai4pain-ann-0123456789abcdef --to mlflow.db"))
def export(
    run: Run,
    store: Annotated[
        str,
        typer.Option("--to", metavar="STORE", help="A folder, or a file of SQLite: mlflow.db or sqlite:///mlflow.db."),
    ],
    workspace: Workspace = Path("."),
    debug: Debug = False,
) -> None:
    """Write a finished run into a store of MLflow: parameters, metrics, files and tags."""
    from transferpain.experiments.runs.find import find_run
    from transferpain.reports.runs.export import export_run

    print_lines(export_run(find_run(run, workspace), store, workspace))
