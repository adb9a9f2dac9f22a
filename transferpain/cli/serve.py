"""`transferpain serve ...`: parse, call, print - nothing else."""

from pathlib import Path
from typing import Annotated

import typer

from transferpain.cli.console import Debug, Model, Workspace, example, out

serve_app = typer.Typer()


@serve_app.command(epilog=example("serve weights/unbc-resnet18 --host 0.0.0.0 --self-signed"))
def serve(
    model: Model,
    host: Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0 lets others in.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="0 takes a free one.", min=0, max=65535)] = 8000,
    token: Annotated[
        str | None,
        typer.Option(
            envvar="TRANSFERPAIN_TOKEN",
            help="What requests must carry. Other addresses than this machine's get a fresh one where none is given.",
        ),
    ] = None,
    tls_cert: Annotated[Path | None, typer.Option(metavar="FILE", help="Certificate with its chain, PEM.")] = None,
    tls_key: Annotated[Path | None, typer.Option(metavar="FILE", help="Its key, PEM, without a password.")] = None,
    self_signed: Annotated[bool, typer.Option("--self-signed", help="Make a certificate for this start.")] = False,
    names: Annotated[
        list[str] | None, typer.Option("--name", help="Another name under which it is reached; repeat as needed.")
    ] = None,
    rate: Annotated[float, typer.Option(help="Requests per second that a client may send.", min=0.1)] = 10,
    workspace: Workspace = Path("."),
    debug: Debug = False,
) -> None:
    """Serve a model on this machine, with a page for the phone. Research only, no medical device."""
    from transferpain.apps.serve.access import choose_certificate, decide_access
    from transferpain.apps.serve.limits import Limits
    from transferpain.core.optional import require
    from transferpain.core.process import Stopped, comes_of_a_stop, end_at_once, stop_is_answered
    from transferpain.core.quiet import import_tensorflow
    from transferpain.models.bundles.address import model_at_hand

    require("server")
    access = decide_access(host, port, tuple(names or ()), token, choose_certificate(tls_cert, tls_key), self_signed)
    limits = Limits(rate=rate)
    import_tensorflow()  # seconds: after everything that may be refused
    from transferpain.apps.serve.app import create_app
    from transferpain.apps.serve.choose_assessor import load_assessor
    from transferpain.apps.serve.serve import serve as run

    with model_at_hand(model, workspace) as address:
        assessor = load_assessor(address)

    def say(line: str) -> None:
        out().print(line, markup=False, soft_wrap=True)

    for notice in assessor.facts.notices:
        say(notice)
    try:
        run(create_app(assessor, access, limits), access, say)
    except (Exception, Stopped) as error:
        if not comes_of_a_stop(error):
            raise
        stop_is_answered()
        say("server stopped")
        end_at_once()
