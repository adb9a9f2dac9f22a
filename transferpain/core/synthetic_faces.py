"""What faces that are nobody's are called: ours, which are drawn, and those of a dataset that others rendered.

Whatever learned of them, or is scored on them, says so wherever it is shown. A fact of it is a list of these names; a
file of a version that knew drawn faces alone says no more than `synthetic: true`.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

DRAWN = "drawn faces"
# Where it is shown: what synthetic faces are called in one phrase; "" or False where all faces are people's.
Synthetic = bool | str
# In files: stands beside `synthetic` where any of the faces are not ours, so that all older files stay as they were.
KEY = "synthetic_faces"


def merge_faces(*lists: Sequence[str]) -> tuple[str, ...]:
    """Return the names of several lists, each once: drawn faces first, then by name."""
    return tuple(sorted({name for names in lists for name in names}, key=lambda name: (name != DRAWN, name)))


def faces_fact(faces: Sequence[str]) -> dict[str, list[str]]:
    """Return what a file says beside `synthetic`: nothing where all of the synthetic faces are drawn."""
    return {} if set(faces) <= {DRAWN} else {KEY: list(faces)}


def faces_of(facts: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names of the synthetic faces that a file's facts state; `synthetic` alone means drawn ones."""
    return tuple(facts.get(KEY) or ()) or ((DRAWN,) if facts.get("synthetic") else ())


def shown_faces(facts: Iterable[Mapping[str, Any]]) -> str:
    """Return in one phrase what the synthetic faces are called that several files state."""
    return in_words(merge_faces(*map(faces_of, facts)))


def in_words(faces: Sequence[str]) -> str:
    """Return the names in one phrase, "" where there are none."""
    return " and ".join(faces)


def named(synthetic: Synthetic) -> str:
    """Return what synthetic faces are called, where a mere `True` means drawn ones; "" where there are none."""
    return DRAWN if synthetic is True else synthetic or ""


def stamp_of(synthetic: Synthetic) -> str:
    """Return the words that stand on whatever shows scores of synthetic faces."""
    return f"SYNTHETIC DATA: {named(synthetic)}, not people"
