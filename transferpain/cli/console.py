"""What the commands share: common options, and how results are printed."""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, TextIO

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from transferpain.core.errors import printable

DataRoot = Annotated[
    Path | None,
    typer.Option(
        "--data-root",
        metavar="DIR",
        help="Folder with one folder per dataset. Default: $TRANSFERPAIN_DATA, else data/.",
    ),
]
Workspace = Annotated[
    Path, typer.Option("--workspace", metavar="DIR", help="Where runs/, cache/ and reports/ are kept.")
]
Model = Annotated[
    str,
    typer.Argument(
        metavar="MODEL",
        help="The folder of a run or of a model, a .zip file of one, or its name in weights/ or runs/; "
        "#sha256=DIGEST behind it pins which one it must be.",
    ),
]
ExperimentFile = Annotated[Path, typer.Argument(metavar="EXPERIMENT.yaml", help="The experiment file.")]
Overrides = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="KEY=VALUE", help="Change one key; repeat as needed. Its report has a name of its own."
    ),
]
Where = Annotated[
    str | None,
    typer.Option("--executor", metavar="NAME", help="`local`: on this machine; `ray`: on those of a Ray cluster."),
]
Address = Annotated[
    str, typer.Option("--address", metavar="auto|HOST:PORT", help="Of the Ray cluster; `auto`: this machine's.")
]
WIDE = 120  # letters in a line, where no terminal has its own width
Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]


def places_of(data_root: Path | None, workspace: Path):
    """Resolve the data root: the option, the environment variable, `data/`."""
    from transferpain.data.places import find_places

    return find_places(data_root, workspace)


def computing(executor: str | None, jobs: int, address: str):
    """Return where experiments are computed. Raises `UserError` if there is no such executor."""
    from transferpain.experiments.executors.base import Computing
    from transferpain.experiments.executors.registry import EXECUTORS

    return Computing(executor and EXECUTORS.find(executor).name, jobs, address)


def example(command: str) -> str:
    """Return the epilogue that shows how a command is called."""
    return f"Example: [bold]transferpain {escape(command)}[/bold]"


def out(wide: int = WIDE) -> Console:
    """Return the console for results: standard output, as wide as a file needs when it is not a terminal."""
    return _console(sys.stdout, wide)


def beside() -> Console:
    """Return the console for what is shown beside the progress: standard error."""
    return _console(sys.stderr)


def _console(stream: TextIO, wide: int = WIDE) -> Console:
    # No pictures for codes: rich shows the fingerprint 4F:AB:C1 and the subject a:ab:c with a sign instead of :AB:.
    width = None if stream.isatty() else wide
    return Console(stderr=stream is sys.stderr, width=width, highlight=False, emoji=False)


def print_rows(title: str, columns: list[str], rows: list[list[str]], console: Console | None = None) -> None:
    """Print a table, on standard output unless a console is given; everything in it is text, never markup."""
    table = Table(title=escape(printable(title)), title_justify="left", header_style="bold")
    for position, column in enumerate(columns):
        table.add_column(escape(column), overflow="fold", no_wrap=position == 0)
    for row in rows:
        table.add_row(*[escape(printable(cell)) for cell in row])
    (console or out()).print(table)


def print_lines(lines: Iterable[str]) -> None:
    """Print lines below a table; they are text, never markup."""
    for line in lines:
        out().print(printable(line), markup=False)
