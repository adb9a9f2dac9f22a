"""`transferpain models ...`: parse, call, print - nothing else."""

from pathlib import Path
from typing import Annotated

import typer

from transferpain.cli.console import Debug, Model, Workspace, example, out, print_rows

models_app = typer.Typer(no_args_is_help=True, help="List, verify, fetch and pass on trained models.")

Out = Annotated[
    Path | None, typer.Option("--out", metavar="FOLDER", help="Where it is to stand. Default: weights/<experiment>.")
]
Permission = Annotated[
    str,
    typer.Option(
        "--i-have-permission",
        metavar="TEXT",
        help="Who permitted that this model is passed on, and when; written into the manifest.",
    ),
]


@models_app.command("list", epilog=example("models list"))
def list_models(workspace: Workspace = Path("."), debug: Debug = False) -> None:
    """List the models in weights/ and runs/; `verify` shows whole digests, and looks into the files."""
    from transferpain.models.bundles.collection import find_models, list_model

    rows = []
    for listed in map(list_model, find_models(workspace)):
        facts = [listed.dataset, listed.score, listed.sharing, listed.digest[:12]]
        said = [listed.problem, "", "", ""] if listed.problem else facts
        rows.append([str(listed.folder.relative_to(workspace)), *said])
    print_rows("models", ["folder", "trained on", "balanced accuracy", "passing on", "digest"], rows)


@models_app.command(epilog=example("models verify weights/ferplus-resnet18 --reproduce"))
def verify(
    model: Model,
    reproduce: Annotated[
        bool, typer.Option("--reproduce", help="Also run the probe pictures in it, and compare the answers.")
    ] = False,
    parents: Annotated[
        bool, typer.Option("--parents", help="Also look for the models it descends from, in weights/ and runs/.")
    ] = False,
    workspace: Workspace = Path("."),
    debug: Debug = False,
) -> None:
    """Check every file of a model, that no code is in it, and on request that it gives the same numbers."""
    from transferpain.models.bundles.address import model_at_hand
    from transferpain.models.bundles.verify import verify_model

    with model_at_hand(model, workspace) as address:
        lines = verify_model(address, workspace if parents else None, reproduce)
    print_rows(model, ["checked", "result"], [[line.what, line.result] for line in lines])
    if not all(line.good for line in lines):
        raise typer.Exit(1)


@models_app.command(epilog=example("models card weights/ferplus-resnet18"))
def card(model: Model, workspace: Workspace = Path("."), debug: Debug = False) -> None:
    """Print a model's card: what it is for, its data and their terms, scores, limits."""
    from transferpain.models.bundles.address import model_at_hand
    from transferpain.models.bundles.verify import read_card

    with model_at_hand(model, workspace) as address:
        out().print(read_card(address), markup=False, soft_wrap=True)


@models_app.command(epilog=example("models export weights/ferplus-resnet18 ferplus-resnet18.zip"))
def export(
    model: Model,
    file: Annotated[Path, typer.Argument(metavar="FILE.zip", help="The file to write.")],
    permission: Permission = "",
    workspace: Workspace = Path("."),
    debug: Debug = False,
) -> None:
    """Write a model into one zip file: the same model gives the same bytes."""
    from transferpain.models.bundles.address import model_at_hand
    from transferpain.models.bundles.places import send_model

    file = file.with_name(file.name.removesuffix(".zip") + ".zip")
    with model_at_hand(model, workspace) as address:
        out().print(send_model(address, str(file), permission), markup=False, soft_wrap=True)


@models_app.command("import", epilog=example("models import ferplus-resnet18.zip --out weights/ferplus-resnet18"))
def import_model(
    place: Annotated[str, typer.Argument(metavar="FILE.zip|FOLDER", help="What you received.")],
    folder: Out = None,
    workspace: Workspace = Path("."),
    debug: Debug = False,
) -> None:
    """Bring in a model from a zip file or folder, verified and checked for code."""
    from transferpain.models.bundles.places import fetch_model

    out().print(f"model: {fetch_model(place, folder, workspace)}", markup=False, soft_wrap=True)


@models_app.command(epilog=example("models ship runs/ferplus-resnet18-0123456789abcdef --to weights/ferplus-resnet18"))
def ship(
    run: Annotated[
        str,
        typer.Argument(
            metavar="RUN", help="The run whose model is shipped: its folder or name, or the experiment's if it has one."
        ),
    ],
    others: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[RUN...]", help="Further recipes; finished runs beside it are found by themselves."),
    ] = None,
    folder: Annotated[Path, typer.Option("--to", metavar="FOLDER", help="Where it is to stand.")] = ...,
    permission: Permission = "",
    workspace: Workspace = Path("."),
    debug: Debug = False,
) -> None:
    """Put a run's model into weights/, with the log of every recipe that was tried for it; at most 65 MB."""
    from transferpain.experiments.ship import ship_model
    from transferpain.models.bundles.address import find_run

    shipped = ship_model(find_run(run, workspace), others or [], folder, permission)
    rows = [
        ["folder", str(shipped.folder)],
        ["size", f"{shipped.size / 1e6:.1f} MB"],
        ["digest", shipped.digest],
        ["in the run", shipped.original],
        ["parents", ", ".join(shipped.parents) or "none"],
        ["recipes", ", ".join(recipe.run for recipe in shipped.recipes.recipes)],
    ]
    print_rows("shipped", ["what", "result"], rows)


@models_app.command(epilog=example("models push weights/mine hf://owner/mine"))
def push(
    model: Model,
    place: Annotated[str, typer.Argument(metavar="PLACE", help="A folder, a .zip file, or hf://owner/name.")],
    permission: Permission = "",
    workspace: Workspace = Path("."),
    debug: Debug = False,
) -> None:
    """Pass a model on, and print the pinned address under which it can be fetched."""
    from transferpain.models.bundles.address import model_at_hand
    from transferpain.models.bundles.places import send_model

    with model_at_hand(model, workspace) as address:
        out().print(send_model(address, place, permission), markup=False, soft_wrap=True)


@models_app.command(epilog=example("models pull https://example.org/mine.zip#sha256=DIGEST"))
def pull(
    place: Annotated[
        str,
        typer.Argument(
            metavar="PLACE", help="https://..., hf://owner/name@revision, a .zip file or a folder; #sha256=DIGEST."
        ),
    ],
    folder: Out = None,
    workspace: Workspace = Path("."),
    debug: Debug = False,
) -> None:
    """Fetch a model, verified and checked for code; an interrupted transfer goes on where it was."""
    from transferpain.models.bundles.places import fetch_model

    out().print(f"model: {fetch_model(place, folder, workspace)}", markup=False, soft_wrap=True)
