"""`transferpain export-edge`: parse, call, print - nothing else."""

from pathlib import Path
from typing import Annotated

import typer

from transferpain.cli.console import Debug, Model, Workspace, example, out, print_rows
from transferpain.core.synthetic_faces import in_words

edge_app = typer.Typer()


@edge_app.command("export-edge", epilog=example("export-edge weights/ferplus-resnet18 --to edge/ferplus-resnet18"))
def export_edge(
    model: Model,
    folder: Annotated[Path, typer.Option("--to", metavar="FOLDER", help="Where the files are written.")],
    kinds: Annotated[
        list[str] | None, typer.Option("--kind", help="float32, float16, dynamic or int8; repeat as needed.")
    ] = None,
    threads: Annotated[int, typer.Option(min=1, help="That the files are timed with.")] = 2,
    per_class: Annotated[int, typer.Option("--pictures", min=1, help="Of each class at most, with --data-root.")] = 16,
    data_root: Annotated[
        Path | None,
        typer.Option(
            "--data-root", metavar="DIR", help="Calibrate and compare on the model's own data. Default: drawn faces."
        ),
    ] = None,
    workspace: Workspace = Path("."),
    debug: Debug = False,
) -> None:
    """Convert a network to TensorFlow Lite, and compare size, time and answers with Keras."""
    from transferpain.apps.edge.export import ExportOptions, export_model
    from transferpain.apps.edge.lite import KINDS
    from transferpain.data.places import Places
    from transferpain.models.bundles.address import model_at_hand

    places = None if data_root is None else Places(data_root, workspace)
    options = ExportOptions(tuple(kinds) if kinds else KINDS, threads, per_class)
    with model_at_hand(model, workspace) as address:
        exported = export_model(address, folder, options, places)
    rows = [
        [row.part, row.kind, row.problem or row.file, _number(row.megabytes, ".2f"), _number(row.median_ms, ".1f"),
         _number(row.difference, ".1e"), _number(row.equal, ".1%")]
        for row in exported.rows
    ]  # fmt: skip
    columns = ["part", "kind", "file", "MB", "ms, median", "difference", "equal decisions"]
    mark = f" (trained on {in_words(exported.synthetic_faces)}: SYNTHETIC)" if exported.synthetic_faces else ""
    print_rows(f"{folder}{mark}", columns, rows)
    out().print(f"Calibrated on {exported.calibrated_on}; compared on {exported.compared_on}.", markup=False)
    out().print("Research only, no medical device.", markup=False)


def _number(value: float | None, style: str) -> str:
    return "-" if value is None else format(value, style)
