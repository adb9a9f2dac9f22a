"""Removes whole runs: one that is half removed has another name and place, and nobody takes it for a run."""

import os
import shutil
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from transferpain.core.errors import UserError
from transferpain.core.paths import everything_below
from transferpain.core.store import DAY_SECONDS, TEMPORARY, sync_folder, temporary_folder
from transferpain.experiments.run_folder import RunFolder
from transferpain.experiments.runs.find import is_run


def size_of(folder: Path) -> int:
    """Return the bytes of all files in a folder; what links lead to is not counted."""
    return sum(path.lstat().st_size for path in everything_below(folder) if not path.is_dir() or path.is_symlink())


def check_removable(folder: Path, workspace: Path) -> None:
    """Refuse to remove what is no run of the workspace.

    Raises:
        UserError: if it is not, or a link leads there.
    """
    runs = workspace / "runs"
    if folder.is_symlink() or not is_run(folder) or folder.resolve().parent != runs.resolve():
        raise UserError(
            f"{folder} is not removed.",
            rule=f"A run is removed that stands in {runs} itself; links are not followed.",
            received=f"a link to {os.readlink(folder)}" if folder.is_symlink() else folder,
            todo="Name a run of `transferpain runs list`, or remove this by hand.",
        )


def remove_runs(folders: Sequence[Path], workspace: Path) -> list[str]:
    """Remove runs with all that they hold; of a link in them the link alone.

    Each is locked before the first is touched, so that none is removed while a process works on one of them. Then it
    leaves `runs/` in one step; a process that is killed later leaves nothing that is called like a run, and the next
    removal clears it away a day later.

    Returns:
        Why files were left, in words that name them; their run is gone all the same.

    Raises:
        UserError: as `check_removable`, or if a process works on one of them; nothing is removed then.
    """
    runs = workspace / "runs"
    for folder in folders:
        check_removable(folder, workspace)
    left = clear_leftovers(runs)
    with ExitStack() as held:
        for folder in folders:
            held.enter_context(RunFolder(folder).locked())
        for folder in folders:
            # A folder deeper than runs stand: what looks for models in them does not find this one's.
            with temporary_folder(runs) as aside:
                folder.rename(aside / folder.name)
                sync_folder(runs)
                left += remove_tree(aside)
    return left


def clear_leftovers(runs: Path) -> list[str]:
    """Remove what a killed removal left; a younger one may be another process's. Returns as `remove_runs` does."""
    left = []
    for folder in runs.glob(f"{TEMPORARY}*"):
        if folder.is_dir() and not folder.is_symlink() and time.time() - folder.stat().st_mtime > DAY_SECONDS:
            left += remove_tree(folder)
    return left


def remove_tree(folder: Path) -> list[str]:
    """Remove a folder with all below it, links not followed; returns what was left, and why."""
    left: list[str] = []
    shutil.rmtree(folder, onerror=lambda _, path, error: left.append(f"{path}: {error[1]}"))
    return left
