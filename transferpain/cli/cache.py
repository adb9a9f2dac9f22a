"""`transferpain cache list` and `prune`: parse, call, print - nothing else."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from transferpain.cli.console import Debug, Workspace, example, out, print_lines, print_rows

cache_app = typer.Typer(no_args_is_help=True, help="What is kept of media, and whether it can still be used.")

Verify = Annotated[bool, typer.Option("--verify", help="Read every byte, and compare checksums; it takes longer.")]


@cache_app.command("list", epilog=example("cache list"))
def list_cache(workspace: Workspace = Path("."), verify: Verify = False, debug: Debug = False) -> None:
    """List what the cache holds, what it was made with, and whether a present setting can use it."""
    from transferpain.experiments.caches.entries import examine_cache
    from transferpain.experiments.caches.prune import removable
    from transferpain.experiments.caches.summary import COLUMNS, megabytes, strange_lines, summary_rows

    entries = examine_cache(workspace, verify)
    if not entries:
        out().print(f"Nothing is cached in {workspace / 'cache'}.", markup=False)
        return
    print_rows(str(workspace / "cache"), COLUMNS, summary_rows(entries))
    print_lines(strange_lines(entries))
    gone = removable(entries)
    if gone:
        size = megabytes(sum(entry.size for entry in gone))
        out().print(f"`transferpain cache prune` would remove {size} MB that no present setting can use.", markup=False)


@cache_app.command("prune", epilog=example("cache prune --dry-run"))
def prune_cache(
    workspace: Workspace = Path("."),
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be removed, and stop.")] = False,
    verify: Verify = False,
    debug: Debug = False,
) -> None:
    """Remove what no present setting can use: of former versions, damaged, or left by killed processes."""
    from transferpain.core.errors import UserError
    from transferpain.experiments.caches.entries import examine_cache
    from transferpain.experiments.caches.judge import REMOVED
    from transferpain.experiments.caches.prune import prune, removable
    from transferpain.experiments.caches.summary import COLUMNS, megabytes, strange_lines, summary_rows

    entries = examine_cache(workspace, verify)
    gone = removable(entries)
    kept = [entry for entry in entries if entry.state not in REMOVED]
    if kept:
        print_rows("kept", COLUMNS, summary_rows(kept))
        print_lines(strange_lines(kept))
    if not gone:
        out().print(f"Nothing in {workspace / 'cache'} is to be removed.", markup=False)
        return
    print_rows("to be removed", COLUMNS, summary_rows(gone))
    size = megabytes(sum(entry.size for entry in gone))
    if dry_run:
        out().print(f"{size} MB would be removed; nothing was.", markup=False)
        return
    if not yes:
        if not sys.stdin.isatty():
            raise UserError(
                "The cache was not pruned.",
                rule="It is asked before anything is removed, and nobody is there to answer.",
                todo="Add --yes, or --dry-run to see what would go.",
            )
        if not typer.confirm(f"Remove {size} MB?"):
            out().print("Nothing was removed.", markup=False)
            return
    pruned = prune(workspace, gone)
    out().print(f"{pruned.files} files removed, {megabytes(pruned.size)} MB.", markup=False)
    print_lines(f"left: {line}" for line in pruned.left)
    if pruned.left:
        raise typer.Exit(1)
