"""`transferpain status`: parse, call, print - nothing else."""

from pathlib import Path
from typing import Annotated

import typer

from transferpain.cli.console import Debug, Workspace, example, out, print_lines, print_rows

status_app = typer.Typer()


@status_app.command(epilog=example("status transfer-matrix"))
def status(
    report: Annotated[
        str | None, typer.Argument(metavar="[REPORT]", help="A folder in reports/; all that are computed by default.")
    ] = None,
    workspace: Workspace = Path("."),
    debug: Debug = False,
) -> None:
    """Show how far a matrix, a study or an extraction is that another shell computes, and where."""
    from transferpain.experiments.status import COLUMNS, find_statuses, state_lines, state_rows

    found = find_statuses(workspace / "reports", report)
    if not found:
        out().print("nothing is computed here by several processes, and nothing was")
    for name, one in found.items():
        print_rows(name, COLUMNS, state_rows(one))
        print_lines(state_lines(one))
