import multiprocessing
from pathlib import Path

import pytest

from tests.made_once import WORKERS, made_once


class Factory:
    """The folders of one process of a run."""

    def __init__(self, base: Path):
        base.mkdir(parents=True)
        self.getbasetemp = lambda: base
        self.made = 0

    def mktemp(self, name: str) -> Path:
        self.made += 1
        folder = self.getbasetemp() / f"{name}{self.made}"
        folder.mkdir()
        return folder


def make(folder: Path) -> None:
    (folder / "file").write_text("made")


def ask(base: Path, begin, answers) -> None:
    begin.wait(60)
    answers.put(made_once("twin", make, Factory(base)))


def test_the_processes_of_a_run_have_one(tmp_path):
    context = multiprocessing.get_context("fork")
    begin, answers = context.Event(), context.Queue()
    bases = [tmp_path / f"{WORKERS}gw{number}" for number in range(2)]
    processes = [context.Process(target=ask, args=(base, begin, answers)) for base in bases]
    for process in processes:
        process.start()
    begin.set()
    one, other = (answers.get(timeout=60) for _ in processes)
    for process in processes:
        process.join()
    assert one == other
    assert (one / "file").read_text() == "made"
    assert len(list(tmp_path.glob("*/twin*"))) == 1


def test_a_run_without_other_processes_has_its_own(tmp_path):
    one, other = Factory(tmp_path / "run-1"), Factory(tmp_path / "run-2")
    assert made_once("twin", make, one) == made_once("twin", make, one)
    assert made_once("twin", make, other) != made_once("twin", make, one)
    assert (one.made, other.made) == (1, 1)


def test_what_could_not_be_made_is_made_anew(tmp_path):
    def fail(folder: Path) -> None:
        (folder / "half").write_text("made")
        raise OSError("no room")

    factory = Factory(tmp_path / "run")
    with pytest.raises(OSError, match="no room"):
        made_once("twin", fail, factory)
    folder = made_once("twin", make, factory)
    assert [path.name for path in folder.iterdir()] == ["file"]
