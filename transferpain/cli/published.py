"""`transferpain check-table`, on a published table: parse, call, print - nothing else."""

from pathlib import Path
from typing import Annotated

import typer

from transferpain.cli.console import Debug, example, out, print_lines, print_rows

published_app = typer.Typer()


@published_app.command("check-table", epilog=example("check-table docs/hosseini-table-2.csv --accuracy 85.71"))
def check_published_table(
    file: Annotated[
        Path, typer.Argument(metavar="FILE.csv", help="Columns class, precision, recall; one line per class.")
    ],
    accuracy: Annotated[
        str, typer.Option(metavar="NUMBER", help="The accuracy that the paper states, as it is printed.")
    ] = "",
    debug: Debug = False,
) -> None:
    """Compute which accuracies a paper's precision and recall allow, and how many rows each class needs."""
    from transferpain.evaluation.published import check_table
    from transferpain.evaluation.published_table import read_published_table

    table = read_published_table(file)
    check = check_table(table, accuracy)
    readings = {"as printed": check.exact, f"rounded to {table.digits} decimals": check.rounded}
    rows = [
        [
            f"precision and recall {reading}",
            *(["-", "-"] if found.low is None else [f"{found.low:.4f}", f"{found.high:.4f}"]),
        ]
        for reading, found in readings.items()
    ]
    print_rows(f"{file}: the accuracies that it allows", ["", "lowest", "highest"], rows)
    shares = [[f"{value:.{table.digits}f}" for value in values] for values in (table.precision, table.recall, check.f1)]
    rows = [[*row, str(support)] for *row, support in zip(table.classes, *shares, check.supports, strict=True)]
    print_rows("Its classes", ["class", "precision", "recall", "F1", "true rows, at least"], rows)
    print_lines(filter(None, (check.exact.reason, check.verdict)))
    out().print("Values that a paper averaged over folds need not keep to these bounds.", markup=False)
