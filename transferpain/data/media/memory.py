"""What was found out about media, remembered while their files are the ones that were looked at.

A memory is a file whose name is a hash, so that it shows no name of a subject.
"""

import re
from contextlib import suppress
from pathlib import Path

from transferpain.core.store import fingerprint, using, write_memory

DIGITS = re.compile("[0-9a-f]{1,64}")


def memory_of(cache: Path, state: list) -> Path:
    """Return where it is remembered what was found out about files in a state: JSON types that change when they do."""
    name = fingerprint(state)
    return cache / "hashes" / name[:2] / name


def recall(memory: Path, cache: Path) -> str:
    """Return what a memory holds; "" where there is none, it is damaged, or it is that of something else.

    Raises:
        UserError: if it cannot be read.
    """
    with using(cache):
        said = memory.read_bytes() if memory.is_file() else b""
    known = said.partition(b" ")[0].decode("ascii", errors="replace")
    return known if DIGITS.fullmatch(known) and said == _said(memory, known) else ""


def remember(memory: Path, known: str) -> None:
    """Keep what was found out, up to 64 hexadecimal digits."""
    # Where nothing can be written it is read again: whoever only reads a cache needs no more.
    with suppress(OSError):
        write_memory(memory, _said(memory, known).decode())


def _said(memory: Path, known: str) -> bytes:
    """Return what a memory holds: what was found out, and what tells that it is whole and stands in its own place."""
    return f"{known} {fingerprint([memory.name, known])}\n".encode()
