"""Which folders in `runs/` are runs, and the one that a user means."""

import os
import re
from collections.abc import Sequence
from pathlib import Path

from transferpain.core.errors import UserError

NAMED = re.compile(r"(.+)-[0-9a-f]{16}")
SHOWN = 5  # names in a message


def name_of(folder: Path) -> str:
    """Return the name of a run's experiment: its folder's name without the hash."""
    named = NAMED.fullmatch(folder.name)
    return named[1] if named else folder.name


def is_run(folder: Path) -> bool:
    """Tell whether a folder is a run's, damaged as it may be: it is called like one, or holds an experiment."""
    return folder.is_dir() and bool(NAMED.fullmatch(folder.name) or (folder / "experiment.yaml").is_file())


def find_folders(workspace: Path) -> list[Path]:
    """Return the folders in `runs/`, by name; hidden ones are none of the user's."""
    runs = workspace / "runs"
    if not runs.is_dir():
        return []
    return sorted(Path(entry.path) for entry in os.scandir(runs) if entry.is_dir() and not entry.name.startswith("."))


def find_run(text: str, workspace: Path) -> Path:
    """Return the folder of the run that a user names: its path, its name in `runs/`, or the name of its experiment.

    Raises:
        UserError: if there is no such run, or several have that name.
    """
    here = [folder for folder in find_folders(workspace) if is_run(folder)]
    meant = [folder for folder in here if folder.name == text] or [one for one in here if name_of(one) == text]
    path = Path(text)
    if not meant and is_run(path):
        meant = [folder for folder in here if folder.samefile(path)] or [path]
    if len(meant) == 1:
        return meant[0]
    names = shortened([one.name for one in here])
    raise UserError(
        f"Several runs are called {text}." if meant else f"There is no run {text}.",
        rule="A run is named by its folder, or by its experiment where that has one run.",
        received=shortened([one.name for one in meant]) or f"{text}; in {workspace / 'runs'}: {names or 'no run'}",
        todo="Name one of these folders." if meant or here else "Run an experiment first, or correct --workspace.",
    )


def shortened(names: Sequence[str]) -> str:
    """Return names behind one another, and of many how many more there are."""
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more
