"""`transferpain predict`: parse, call, print - nothing else."""

from pathlib import Path
from typing import Annotated

import typer

from transferpain.cli.console import Debug, Model, Workspace, example, out, print_lines, print_rows
from transferpain.core.synthetic_faces import faces_fact, in_words

SHOWN_ROWS = 20

predict_app = typer.Typer()


@predict_app.command(epilog=example("predict ferplus-resnet18 photo.jpg --to answers.csv"))
def predict(
    model: Model,
    places: Annotated[list[Path], typer.Argument(metavar="PICTURE|FOLDER|VIDEO...", help="What is to be answered.")],
    to: Annotated[
        Path | None,
        typer.Option("--to", metavar="FILE.csv|FILE.json", help="Keep the whole table; no file is written over."),
    ] = None,
    reference: Annotated[
        Path | None,
        typer.Option(
            metavar="PICTURE|FOLDER|VIDEO", help="The same person without pain, for a model that compares with that."
        ),
    ] = None,
    workspace: Workspace = Path("."),
    debug: Debug = False,
) -> None:
    """Find the faces in photographs and videos, and say what a model sees in each. No medical device.

    Ends with 1 where a file cannot be read or shows no face.
    """
    from transferpain.apps.predict.files import check_free, write_answers

    if to is not None:
        check_free(to)
    from transferpain.apps.predict.loaded_model import load_model
    from transferpain.apps.predict.summary import describe_answers, files_without_answer, shown_rows
    from transferpain.models.bundles.address import model_at_hand

    with model_at_hand(model, workspace) as address:
        loaded = load_model(address)
    table = loaded.predict_places(places, reference)
    columns, rows = shown_rows(table, SHOWN_ROWS)
    print_rows(f"What {model} says", columns, rows)
    print_lines(describe_answers(table, SHOWN_ROWS, to is not None, in_words(loaded.synthetic_faces)))
    if to is not None:
        facts = {"model": loaded.bundle.digest, "synthetic": loaded.synthetic, **faces_fact(loaded.synthetic_faces)}
        write_answers(to, table, loaded.classes, facts)
        out().print(f"table: {to}", markup=False, soft_wrap=True)
    if files_without_answer(table):
        raise typer.Exit(1)
