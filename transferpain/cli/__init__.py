"""The command line; `main` is the program `transferpain`."""


def main() -> None:
    """Run the command line."""
    from transferpain.cli.app import main as run

    run()
