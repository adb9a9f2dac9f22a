"""Names of people that no output may show: MIntPAIN's folders bear them."""

import re
from pathlib import Path

# MIntPAIN's folders are `Sub<N> <the person's name>`: what follows the number is never shown or kept.
NAMED_PERSON = re.compile(r"\s*sub\s*0*([0-9]+)(?![0-9])(?!_trial).*", re.IGNORECASE | re.DOTALL)
HIDDEN_NAME = re.compile(r"Sub[0-9]{2,}")


def hide_name(name: str) -> str:
    """Return the name of a file or folder as it may be shown: `Sub3 Some Body` is `Sub03`."""
    person = NAMED_PERSON.fullmatch(name)
    return f"Sub{int(person[1]):02d}" if person else name


def hide_names(path: Path | str) -> str:
    """Return a path as it may be shown, each of its parts by `hide_name`."""
    return str(Path(*map(hide_name, Path(path).parts)))
