"""The command line; `main` is the program `transferpain`."""

import sys


def main() -> None:
    """Run the command line; where not even its libraries can be loaded, one sentence says so."""
    try:
        from transferpain.cli.app import main as run
    except (ImportError, MemoryError, OSError) as error:
        if "--debug" in sys.argv:
            raise
        sys.stderr.write(
            f"error: The libraries cannot be loaded: {error or type(error).__name__}\n"
            "Free memory or raise its limit (ulimit -v); if that does not help, install again with ./setup.sh.\n"
        )
        sys.exit(1)
    run()
