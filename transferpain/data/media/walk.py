"""Folders as people have them: hidden files, stray blanks, doubled levels, links that lead in circles."""

import os
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from transferpain.core.errors import UserError
from transferpain.core.privacy import hide_name, hide_names
from transferpain.data.media.links import check_links

MAX_DEPTH = 6
SHOWN_ENTRIES = 8
ENDING = re.compile(r"\.[a-z0-9]{1,8}")
IGNORED_NAMES = {"__MACOSX", "Thumbs.db", "desktop.ini"}


def natural_key(name: str) -> tuple:
    """Return a sort key that puts `Sub2` before `Sub10`."""
    parts = re.split(r"(\d+)", name.strip())
    return [int(part) if part.isdecimal() else part.lower() for part in parts], name


def list_folder(folder: Path) -> list[Path]:
    """Return what stands in a folder in natural order, without hidden files and system litter.

    Raises:
        UserError: if the folder cannot be read.
    """
    return [Path(entry.path) for entry in visible_entries(folder)]


def visible_entries(folder: Path | str) -> list[os.DirEntry]:
    """Return what `list_folder` does, as entries that know their kind and status without another look at the disk."""
    return sorted(scan(folder), key=lambda entry: natural_key(entry.name))


def scan(folder: Path | str) -> list[os.DirEntry]:
    """Return what `visible_entries` does, in no order; raises as `list_folder` and `check_links` do."""
    try:
        with os.scandir(folder) as found:
            entries = [entry for entry in found if _is_visible(entry)]
    except OSError as error:
        # The system's own message holds the path as it is, with a person's name in it perhaps.
        raise UserError(
            f"The folder {hide_names(folder)} cannot be read.",
            received=error.strerror,
            todo="Check the path and its permissions.",
        ) from None
    check_links(folder, entries)
    unreadable = [entry.name for entry in entries if not _is_text(hide_name(entry.name))]
    if unreadable:
        raise UserError(
            f"A name in {hide_names(folder)} is no text.",
            rule="Names of files and folders are UTF-8: they stand in tables.",
            received=os.fsencode(unreadable[0]),
            todo="Rename it, or unpack the data with the right encoding of names.",
        )
    return entries


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def numbered(folder: Path | str, pattern: str) -> dict[int, os.DirEntry]:
    """Return the files whose name without outer blanks fits a pattern, by the ascending number in its first group.

    Of several with one number, the first in the order of names counts. Raises as `list_folder` does.
    """
    named = re.compile(rf"\s*{pattern}\s*", re.IGNORECASE).fullmatch
    found: dict[int, os.DirEntry] = {}
    for entry in scan(folder):
        match = named(entry.name)
        if match and entry.is_file():
            number = int(match[1])
            if number not in found or entry.name < found[number].name:
                found[number] = entry
    return {number: found[number] for number in sorted(found)}


def _is_shown(name: str) -> bool:
    return not name.startswith(".") and name not in IGNORED_NAMES


def _is_visible(entry: os.DirEntry) -> bool:
    if not _is_shown(entry.name):
        return False
    # A link to nowhere, or to itself, is no file.
    return not entry.is_symlink() or os.path.exists(entry.path)


def walk_files(folder: Path, depth: int = MAX_DEPTH) -> Iterator[Path]:
    """Yield all files below a folder, in natural order; those straight in it are one level deep.

    Links to folders are followed, but no real folder is entered twice. One that leads upwards is not entered: what
    stands above does not belong to the folder. Nor is one to what stands in the folder itself, and is found there.
    """
    top = Path(os.path.realpath(folder))
    seen = set(map(str, top.parents))

    def leads_back(link: str, place: str) -> bool:
        target = Path(os.path.realpath(link))
        if Path(place).is_relative_to(target):
            return True
        inside = target.relative_to(top).parts if target.is_relative_to(top) else ()
        return 0 < len(inside) < depth and all(map(_is_shown, inside))

    def walk(place: Path | str, levels: int) -> Iterator[Path]:
        real = os.path.realpath(place)
        if real in seen:
            return
        seen.add(real)
        for entry in visible_entries(place):
            if not entry.is_dir():
                yield Path(entry.path)
            elif levels > 1 and not (entry.is_symlink() and leads_back(entry.path, real)):
                yield from walk(entry.path, levels - 1)

    yield from walk(folder, depth)


def find_folder(base: Path, is_marked: Callable[[Path], bool], depth: int = 2) -> Path | None:
    """Return the first folder that `is_marked` accepts: `base`, else one up to `depth` levels below."""
    level = [base]
    for _ in range(depth + 1):
        for folder in level:
            if is_marked(folder):
                return folder
        level = [entry for folder in level for entry in list_folder(folder) if entry.is_dir()]
    return None


def describe_folder(folder: Path) -> str:
    """Return a line that tells a user what stands in a folder, e.g. `PartA/, notes.txt`."""
    entries = list_folder(folder)
    shown = [hide_name(entry.name) + ("/" if entry.is_dir() else "") for entry in entries[:SHOWN_ENTRIES]]
    rest = len(entries) - len(shown)
    if rest:
        shown.append(f"and {rest} more")
    return ", ".join(shown) if shown else "an empty folder"


def describe_endings(files: Iterable[Path]) -> str:
    """Return of which endings files are, the most frequent first, e.g. `3 .heic, 1 .txt`.

    What is no ending of a kind of file, as in `Erika M.Muster`, is not shown.
    """
    endings = (file.suffix.strip().lower() for file in files)
    counts = Counter(ending if ENDING.fullmatch(ending) else "of no known ending" for ending in endings)
    shown = [f"{count} {ending}" for ending, count in counts.most_common(SHOWN_ENTRIES)]
    rest = counts.total() - sum(count for _, count in counts.most_common(SHOWN_ENTRIES))
    return ", ".join([*shown, f"{rest} of others"] if rest else shown)
