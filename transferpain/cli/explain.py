"""`transferpain explain`: parse, call, print - nothing else."""

from pathlib import Path
from typing import Annotated

import typer

from transferpain.cli.console import DataRoot, Debug, Model, Workspace, example, out, places_of, print_rows

explain_app = typer.Typer()


@explain_app.command(epilog=example("explain runs/biovid-vgg16-0123456789abcdef --data-root /path/to/data"))
def explain(
    model: Model,
    clips: Annotated[
        list[str] | None, typer.Option("--clip", metavar="NAME", help="A clip; repeat as needed. Default: tested ones.")
    ] = None,
    layer: Annotated[
        str,
        typer.Option(
            metavar="NAME", help="Whose maps. Default: the last layer with maps; of transformers, attention_rollout."
        ),
    ] = "",
    per_class: Annotated[
        int, typer.Option("--pictures", min=1, help="Of each class at most, spread evenly over its clips.")
    ] = 32,
    with_faces: Annotated[
        bool, typer.Option("--with-faces", help="Also a figure with pictures of the dataset, stamped as such.")
    ] = False,
    folder: Annotated[
        Path | None, typer.Option("--to", metavar="FOLDER", help="Default: reports/explain-<run or model>.")
    ] = None,
    data_root: DataRoot = None,
    workspace: Workspace = Path("."),
    debug: Debug = False,
) -> None:
    """Show where a network looks when it answers: Grad-CAM, and its share on brows, eyes, nose and mouth."""
    from transferpain.core.quiet import import_tensorflow

    import_tensorflow()  # before anything imports it with all its messages
    from transferpain.apps.explain.explain_model import Asked, explain_model
    from transferpain.models.bundles.address import model_at_hand

    places = places_of(data_root, workspace)
    asked = Asked(tuple(clips or ()), layer, per_class, with_faces)
    with model_at_hand(model, workspace) as address:
        found = explain_model(address, asked, places, folder)
    mark = f" (SYNTHETIC: {found.synthetic_faces})" if found.synthetic else ""
    print_rows(f"Where {model} looks, by {found.layer}{mark}", found.columns, found.rows)
    out().print(found.check, markup=False)
    out().print(f"tables and figures: {found.folder}", markup=False, soft_wrap=True)
