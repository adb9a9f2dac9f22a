"""The cache in a few rows: how much of what, made with what, how old, and whether it can be used."""

import time
from collections.abc import Iterable

from transferpain.core.store import DAY_SECONDS
from transferpain.experiments.caches.entries import CachedFile, Entry

COLUMNS = ["cache", "made with", "files", "MB", "age", "state"]
SHOWN = 5  # places of what is not the toolkit's, or cannot be read


def summary_rows(entries: Iterable[Entry]) -> list[list[str]]:
    """Return a row for each kind, what it was made with, and state."""
    groups: dict[tuple[str, str, str, str], list[Entry]] = {}
    for entry in entries:
        groups.setdefault((entry.kind, entry.made, entry.state, entry.why), []).append(entry)
    rows = []
    for (kind, made, state, why), members in sorted(groups.items()):
        files = [file for entry in members for file in entry.files]
        said = f"{state}: {why}" if why else state
        rows.append([kind, made, str(len(files)), megabytes(sum(file.size for file in files)), age(files), said])
    return rows


def strange_lines(entries: Iterable[Entry]) -> list[str]:
    """Name the first files that are not the toolkit's, or cannot be read."""
    found = [entry for entry in entries if entry.state in ("foreign", "unreadable")]
    lines = [f"{entry.state}: {entry.files[0].path}" for entry in found[:SHOWN]]
    return [*lines, f"... and {len(found) - SHOWN} more"] if len(found) > SHOWN else lines


def megabytes(size: int) -> str:
    """Return bytes as megabytes."""
    return f"{size / 1e6:.2f}"


def age(files: Iterable[CachedFile]) -> str:
    """Return how old files are: days, or from the newest to the oldest."""
    now = time.time()
    days = sorted(max(0, int((now - file.seconds) // DAY_SECONDS)) for file in files if file.changed)
    if not days:
        return "-"
    if days[0] == days[-1]:
        return f"{days[0]} d"
    return f"{days[0]}-{days[-1]} d"
