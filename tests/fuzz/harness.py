"""Gives a reader damaged and changed files, and tells what it made of them."""

import gc
import tempfile
import time
import traceback
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.fuzz.mutations import mutate
from tests.fuzz.reader import Choices, Reader

# Hypothesis remembers all that it drew; in parts it stays quick.
PART = 2000
DRAWN = 40  # bytes of choices for an input
CHANGED = 4  # one of so many is a change that must be noticed, the others are damage
LONGEST_SECONDS = 5.0
MEMORY = Path("/dev/shm")
PACKAGE = "transferpain"


@dataclass
class Result:
    """What became of the inputs of one reader.

    Attributes:
        inputs: how many there were: damaged or changed.
        read, refused: what became of the damaged ones.
        changed: how many had another meaning.
        unnoticed: how many of these were read as if they had not.
        faults: where and how a reader failed -> the shortest input that shows it, and the traceback.
        seconds: of the processor.
    """

    name: str
    inputs: int = 0
    read: int = 0
    refused: int = 0
    changed: int = 0
    unnoticed: int = 0
    seconds: float = 0.0
    faults: dict[str, tuple[bytes, str]] = field(default_factory=dict)

    def note(self, fault: str, content: bytes, shown: str) -> None:
        """Remember a fault by the shortest input that shows it."""
        if fault not in self.faults or len(content) < len(self.faults[fault][0]):
            self.faults[fault] = content, shown


@contextmanager
def place(reader: Reader) -> Iterator[Path]:
    """Give a folder in memory, filled as the reader needs it."""
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
        reader.prepare(Path(folder))
        yield Path(folder)


def fuzz(reader: Reader, inputs: int) -> Result:
    """Give a reader so many inputs, the same at every call."""
    result = Result(reader.name)
    began = time.process_time()
    with place(reader) as folder:
        meanings = [reader.read(folder, content) for content in reader.seeds]
        for part in range(0, inputs, PART):
            _fuzz_part(reader, folder, meanings, min(PART, inputs - part), result)
    result.seconds = time.process_time() - began
    return result


def _fuzz_part(reader: Reader, folder: Path, meanings: list, inputs: int, result: Result) -> None:
    @seed(zlib.crc32(f"{reader.name} {result.inputs}".encode()))
    @settings(
        max_examples=inputs,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.binary(min_size=DRAWN, max_size=DRAWN))
    def give(drawn: bytes) -> None:
        choices = Choices(drawn)
        number = choices.below(len(reader.seeds))
        content = reader.seeds[number]
        is_change = choices.below(CHANGED) == 0
        content = reader.change(choices, content) if is_change else mutate(choices, content, reader.words)
        _judge(reader, folder, content, meanings[number] if is_change else None, is_change, result)

    give()
    gc.collect()


def _judge(reader: Reader, folder: Path, content: bytes, former: object, is_change: bool, result: Result) -> None:
    result.inputs += 1
    result.changed += is_change
    began = time.process_time()
    try:
        meaning = reader.read(folder, content)
    except reader.refusals:
        result.refused += not is_change
    except Exception as error:
        frames = [f for f in traceback.extract_tb(error.__traceback__) if f"/{PACKAGE}/" in f.filename]
        where = f"{Path(frames[-1].filename).name}:{frames[-1].name}" if frames else "the harness"
        result.note(f"{type(error).__name__} in {where}", content, "".join(traceback.format_exception(error)[-6:]))
    else:
        result.read += not is_change
        if is_change and meaning == former:
            result.unnoticed += 1
            result.note("a change was not noticed", content, "")
    if time.process_time() - began > LONGEST_SECONDS:
        result.note(f"more than {LONGEST_SECONDS:g} s", content, "")
