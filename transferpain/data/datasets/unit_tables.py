"""Which tables are those of action units: the others that stand for a clip are its signals."""

import re
from pathlib import Path

LONGEST_LINE = 100_000  # bytes
UNIT = re.compile(rb"\bau_?[0-9]", re.IGNORECASE)  # as every tool begins the name of an action unit's column


def holds_action_units(path: Path) -> bool:
    """Tell whether a file has columns of action units in its first line; no file that cannot be read has."""
    try:
        with open(path, "rb") as file:
            # One in UTF-16 is taken as well: its reader says how to save it.
            return bool(UNIT.search(file.readline(LONGEST_LINE).replace(b"\0", b"")))
    except OSError:
        return False
