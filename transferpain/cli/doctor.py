"""`transferpain doctor`: parse, call, print - nothing else."""

from pathlib import Path

import typer

from transferpain.cli.console import DataRoot, Debug, Workspace, example, places_of, print_rows

doctor_app = typer.Typer()


@doctor_app.command(epilog=example("doctor --data-root /path/to/data"))
def doctor(data_root: DataRoot = None, workspace: Workspace = Path("."), debug: Debug = False) -> None:
    """Show versions, processor, GPU, data found, cache size, and which compute dtype will be used and why."""
    from transferpain.cli.examination import examine

    findings = examine(places_of(data_root, workspace))
    print_rows(
        "transferpain doctor",
        ["what", "value", ""],
        [[finding.topic, finding.value, finding.state] for finding in findings],
    )
    if any(finding.state == "problem" for finding in findings):
        raise typer.Exit(1)
