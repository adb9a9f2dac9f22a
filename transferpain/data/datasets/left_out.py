"""What lies beside a user's own data and is not read: it is named, so that nothing is left out without a word."""

from pathlib import Path

from transferpain.core.errors import UserError
from transferpain.data.media import walk
from transferpain.data.media.paths import is_picture

# What often lies beside pictures and is none.
TEXTS = {".txt", ".csv", ".tsv", ".json", ".xml", ".yaml", ".yml", ".md", ".log", ".npy", ".npz", ".mat", ".pts"}
SHOWN = 3


def check_names(folder: Path, names: tuple[str, ...]) -> None:
    """Refuse a file that is called almost as one that would be read, where that one is not there.

    Args:
        folder: the dataset's.
        names: of the files that may stand beside its table, e.g. `frames.csv`.

    Raises:
        UserError: with the name that it needs.
    """
    there = {entry.name: entry for entry in walk.visible_entries(folder)}
    missing = {name.partition(".")[0]: name for name in names if name not in there}
    for name, entry in there.items():
        meant = missing.get(name.partition(".")[0].strip().casefold())
        if meant and entry.is_file():
            raise UserError(
                f"{folder / name} would be passed over.",
                rule=f"The file of that meaning is called {meant}.",
                received=name,
                todo=f"Call it {meant}, and save it as such; or give it another name.",
            )


def left_out_of(folder: Path) -> str:
    """Return in words what is in a folder of pictures and is none by its name; "" if there is nothing but text."""
    names = [
        entry.name + ("/" if entry.is_dir() else "")
        for entry in walk.visible_entries(folder)
        if entry.is_dir() or not (is_picture(entry.name) or Path(entry.name).suffix.lower() in TEXTS)
    ]
    rest = len(names) - SHOWN
    return ", ".join(names[:SHOWN]) + (f" and {rest} more" if rest > 0 else "")
