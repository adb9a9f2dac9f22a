"""`transferpain init`: parse, call, print - nothing else."""

from pathlib import Path
from typing import Annotated

import typer

from transferpain.cli.console import Debug, example, print_lines, print_rows

init_app = typer.Typer()


@init_app.command(epilog=example("init data/our-clinic"))
def init(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="The folder of your clips.")],
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Where the task and the experiments go. Default: experiments/<folder>."),
    ] = None,
    source: Annotated[
        str | None,
        typer.Option(metavar="SOURCE", help="A model's folder, untrained or imagenet. Default: the shipped model."),
    ] = None,
    test_on: Annotated[
        str | None, typer.Option(metavar="DATASET", help="Also test on this dataset. Default: one that fits.")
    ] = None,
    debug: Debug = False,
) -> None:
    """Start with own clips: an index, a task and experiments, ready to run; what is there is left as it is."""
    from transferpain.data.tasks.label_counts import COLUMNS, table_rows
    from transferpain.experiments.starters.start import start

    started = start(folder, out, source, test_on)
    print_lines(started.found)
    print_rows(f"{started.counts.dataset}: classes, clips and subjects", COLUMNS, table_rows([started.counts]))
    print_lines(f"{'written' if new else 'there already'}: {path}" for path, new in started.files.items())
    print_lines(f"note: {remark}" for remark in started.remarks)
    print_lines([f"next: {started.command} --dry-run", f"then: {started.command}"])
