"""`transferpain assets ...`: parse, call, print - nothing else."""

from typing import Annotated

import typer

from transferpain.cli.console import Debug, example, print_lines, print_rows

assets_app = typer.Typer(
    no_args_is_help=True,
    help="Files of models that others publish: where they are, and whether they are the right ones.",
)


@assets_app.command("list", epilog=example("assets list"))
def show(debug: Debug = False) -> None:
    """Show each file: its size, licence, what needs it, and where it lies on this machine."""
    from transferpain.models.assets import ALL_ASSETS, state_of

    states = [state_of(asset) for asset in ALL_ASSETS.values()]
    print_rows(
        "transferpain assets",
        ["name", "MB", "licence", "state", "needed by"],
        [
            [
                state.asset.name,
                f"{state.asset.bytes / 1e6:.1f}",
                state.asset.licence,
                f"{state.state}: {state.where}" if state.where else state.state,
                state.asset.serves + ("" if state.asset.required else " (optional)"),
            ]
            for state in states
        ],
    )


@assets_app.command(epilog=example("assets fetch imagenet-vgg16"))
def fetch(
    name: Annotated[str | None, typer.Argument(help="As in the list. Default: all that are required.")] = None,
    debug: Debug = False,
) -> None:
    """Download a file unless it is on this machine, and check its bytes."""
    from transferpain.core.assets.fetch import locate
    from transferpain.models.assets import ALL_ASSETS

    chosen = [ALL_ASSETS.find(name)] if name else [asset for asset in ALL_ASSETS.values() if asset.required]
    print_lines(f"{asset.name}: {locate(asset)}" for asset in chosen)


@assets_app.command("verify", epilog=example("assets verify"))
def check(debug: Debug = False) -> None:
    """Check the bytes of every file, and that the required ones are there; exit with 1 if not."""
    from transferpain.models.assets import ALL_ASSETS, verify

    states = verify(list(ALL_ASSETS.values()))
    print_lines(f"{state.asset.name}: {state.where or 'missing, and not required'}" for state in states)
