"""What the fuzzing of one reader needs: files that are right, how they are read, and changes that must be noticed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from transferpain.core.errors import UserError


class Choices:
    """Choices read off drawn bytes, two bytes each: one draw a file keeps hypothesis quick."""

    def __init__(self, drawn: bytes):
        self._drawn = drawn
        self._used = 0

    def below(self, number: int) -> int:
        """Return a whole number from 0 on below another; 0 once the bytes are used up."""
        taken = self._drawn[self._used : self._used + 2]
        self._used += 2
        return int.from_bytes(taken, "big") % number

    def among(self, several: Sequence[Any]) -> Any:
        """Return one of several."""
        return several[self.below(len(several))]


@dataclass(frozen=True)
class Reader:
    """One reader of foreign files.

    Attributes:
        name: as in the table of results.
        seeds: contents that are read without a fault.
        read: `(folder, content) -> meaning`: writes the content where it belongs in a folder that `prepare` has
            filled, reads it, and returns all that is read, comparable by `==`.
        change: `(choices, seed) -> content`: another content, of which nobody may think that it means the same.
        inputs: how many inputs `make fuzz` gives it.
        prepare: fills an empty folder with what stands beside the file.
        words: pieces that mean something in this kind of file, beside those that mean something in most.
        refusals: what the reader may raise.
    """

    name: str
    seeds: tuple[bytes, ...]
    read: Callable[[Path, bytes], object]
    change: Callable[[Choices, bytes], bytes]
    inputs: int
    prepare: Callable[[Path], object] = lambda folder: None
    words: tuple[bytes, ...] = ()
    refusals: tuple[type[Exception], ...] = (UserError,)


def of_file(name: str, read: Callable[[Path], object]) -> Callable[[Path, bytes], object]:
    """Return a `Reader.read` for what reads one file by its path."""

    def write_and_read(folder: Path, content: bytes) -> object:
        path = folder / name
        path.write_bytes(content)
        return read(path)

    return write_and_read
