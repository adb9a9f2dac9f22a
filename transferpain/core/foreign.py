"""Files that somebody else wrote: read once, within limits, and whatever their readers raise becomes one message."""

import errno
import json
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from transferpain.core.errors import UserError
from transferpain.core.faults import in_our_words

MOST_NESTING = 100  # levels; the deepest file of ours has about a dozen
MOST_DIGITS = 30  # of a whole number
LONGEST_REASON = 300  # characters


@contextmanager
def border(what: str, *, rule: str, todo: str) -> Iterator[None]:
    """Turn whatever a reader of a foreign file raises into a `UserError`.

    Readers of zip, JSON, HDF5, pictures or arrays fail in more ways on a file that was tampered with than can be
    listed. Nothing of ours belongs inside but the reading itself.

    Args:
        what: names the file, and what is refused.
        rule: what such a file is like.
        todo: what to do next.
    """
    try:
        yield
    except UserError:
        raise
    except Exception as error:
        raise UserError(what, rule=rule, received=reason_of(error), todo=todo) from error


def reason_of(error: Exception) -> str:
    """Return the first line of what an exception says, cut to a line's length; its kind where it says nothing."""
    lines = str(in_our_words(error)).strip().splitlines()
    return lines[0][:LONGEST_REASON] if lines else type(error).__name__


def read_plain(path: Path, most: int) -> bytes:
    """Read a plain file once and whole; a link is not followed, and a pipe or a device is not waited for.

    Args:
        most: how many bytes it may have.

    Raises:
        OSError: if there is no such file, or it cannot be read.
        ValueError: if it is no plain file, or is larger.
    """
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise ValueError(f"{path.name}, which is a link") from error
        raise
    with open(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise ValueError(f"{path.name}, which is no plain file")
        content = file.read(most + 1)
    if len(content) > most:
        raise ValueError(f"{path.name} of more than {most} bytes")
    return content


@contextmanager
def private_copy(content: bytes, name: str) -> Iterator[Path]:
    """Yield the path of a file with these bytes, for a library that takes a path: nobody else can reach it.

    It stands in a folder of its own, which only its owner may enter, and is removed in the end.

    Raises:
        OSError: if there is no room for it.
    """
    with tempfile.TemporaryDirectory(prefix="transferpain-") as folder:
        path = Path(folder, name)
        path.write_bytes(content)
        yield path


def parse_json(content: bytes | str) -> Any:
    """Return the value of a JSON text that nests and counts as far as any file of ours could.

    Raises:
        ValueError: if it is no JSON, nests more than `MOST_NESTING` deep, or holds a whole number of more than
            `MOST_DIGITS` digits.
    """
    try:
        value = json.loads(content, parse_int=_whole_number)
    except RecursionError as error:
        raise ValueError(_too_deep()) from error
    level, depth = [value], 0
    while level := [child for part in level for child in _children(part)]:
        depth += 1
        if depth > MOST_NESTING:
            raise ValueError(_too_deep())
    return value


def _children(part: Any) -> Iterator[Any] | list[Any]:
    if isinstance(part, dict):
        return iter(part.values())
    return part if isinstance(part, list) else []


def _whole_number(digits: str) -> int:
    if len(digits) > MOST_DIGITS:
        raise ValueError(f"a whole number of {len(digits)} digits")
    return int(digits)


def _too_deep() -> str:
    return f"values that nest more than {MOST_NESTING} deep"
