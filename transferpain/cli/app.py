"""The command line: the groups of commands together, and what happens to errors and requests to stop."""

import os
import re
import sys
from typing import Annotated, Literal

import typer
from typer.core import TyperGroup

import transferpain
from transferpain.cli.action_units import units_app
from transferpain.cli.assets import assets_app
from transferpain.cli.cache import cache_app
from transferpain.cli.data import data_app
from transferpain.cli.doctor import doctor_app
from transferpain.cli.edge import edge_app
from transferpain.cli.experiments import experiments_app
from transferpain.cli.explain import explain_app
from transferpain.cli.init import init_app
from transferpain.cli.live import live_app
from transferpain.cli.models import models_app
from transferpain.cli.predict import predict_app
from transferpain.cli.published import published_app
from transferpain.cli.registration import registration_app
from transferpain.cli.runs import runs_app
from transferpain.cli.serve import serve_app
from transferpain.cli.stages import stages_app
from transferpain.cli.status import status_app
from transferpain.core.errors import UserError
from transferpain.core.locks import VARIABLE
from transferpain.core.process import STOPPED, Stopped, comes_of_a_stop, is_read, message_of, prepare, stop_is_answered

VALUELESS = re.compile(r"--[\w-]+=")


class Commands(TyperGroup):
    """The commands, of which none is given an empty value, and none ends without a word.

    As a path, an empty value would stand for the present folder. And the library is silent on every broken pipe, which
    is right where the reader of the output has seen enough, as `head` has; any other pipe leads to a process that this
    one works with.
    """

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:
        empty = next((place for place, value in enumerate(args) if not value or VALUELESS.fullmatch(value)), None)
        if empty is not None and not ctx.resilient_parsing:
            raise UserError(
                "An argument is empty.",
                rule="What is given to a command or an option is never empty.",
                received=_around(args, empty),
                todo="Leave the argument out, or name what is meant. A variable of the shell that is not set is empty.",
            )
        return super().parse_args(ctx, args)

    def invoke(self, ctx: typer.Context) -> object:
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:
            if not all(map(is_read, (sys.stdout, sys.stderr))):
                raise
            raise UserError(
                "A process that this one works with has ended before its work was done.",
                rule="The system ends a process that takes too much memory.",
                received=error,
                todo="What was finished is kept: give the same command again, with fewer --jobs if there are several.",
            ) from error


def _around(args: list[str], place: int) -> str:
    """Return the command and an empty argument with its option; what stands elsewhere on the line may be a secret."""
    option = [value for value in args[max(place - 1, 1) : place] if re.fullmatch(r"--?[\w-]+", value)]
    return " ".join(["transferpain", *args[: min(place, 1)], "...", *option, args[place] or "''"])


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Transfer-learning experiments for recognising pain in faces. Research only, no medical device.",
)
app.add_typer(data_app, name="data")
app.add_typer(runs_app, name="runs")
app.add_typer(models_app, name="models")
app.add_typer(cache_app, name="cache")
app.add_typer(units_app, name="action-units")
app.add_typer(assets_app, name="assets")
for commands in (
    *(init_app, stages_app, experiments_app, status_app, registration_app),
    *(predict_app, explain_app, edge_app, live_app, serve_app, published_app, doctor_app),
):
    app.add_typer(commands)


def show_version(wanted: bool) -> None:
    """Print the version and end, if it is asked for."""
    if wanted:
        typer.echo(f"transferpain {transferpain.__version__}")
        raise typer.Exit


@app.callback()
def common(
    version: Annotated[
        bool, typer.Option("--version", callback=show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
    lock: Annotated[
        Literal["system", "none"],
        typer.Option(help="`none`: this process alone works here, on a file system that has no locks."),
    ] = "system",
) -> None:
    """Take the options that stand before a command."""
    if lock == "none":
        os.environ[VARIABLE] = lock


def main() -> None:
    """Run the command line; an error that the user can mend is a message, not a traceback."""
    prepare()
    try:
        app()
    except (Exception, Stopped) as error:
        if comes_of_a_stop(error):
            stop_is_answered()
            sys.stderr.write("stopped; what was finished is kept, and the same command goes on from there\n")
            sys.exit(STOPPED)
        message = message_of(error)
        if not message or "--debug" in sys.argv:
            raise
        sys.stderr.write(f"error: {message}\n")
        sys.exit(1)
