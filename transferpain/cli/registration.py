"""`transferpain register`: parse, call, print - nothing else."""

from pathlib import Path
from typing import Annotated

import typer

from transferpain.cli.console import DataRoot, Debug, Overrides, Workspace, example, places_of, print_lines

registration_app = typer.Typer()


@registration_app.command(epilog=example("register experiments/transfer-matrix.yaml --data-root /path/to/data"))
def register(
    file: Annotated[Path, typer.Argument(metavar="FILE.yaml", help="The experiment, study or matrix file.")],
    data_root: DataRoot = None,
    workspace: Workspace = Path("."),
    overrides: Overrides = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write it there, not beside the report that will come.")
    ] = None,
    debug: Debug = False,
) -> None:
    """Declare what will be run, compared and on which data, with a date, before it is run. Computes nothing."""
    from transferpain.reports.registered import register_file

    written, registration, absent = register_file(file, places_of(data_root, workspace), overrides or [], out)
    print_lines(
        [
            f"registered: {written}",
            f"digest {registration.digest}, {registration.date}",
            *(f"not on this machine, so not in it: the data of {name}" for name in absent),
        ]
    )
