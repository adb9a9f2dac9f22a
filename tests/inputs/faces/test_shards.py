"""Shards: who holds some keeps others off these alone, and who holds all keeps everybody off."""

import multiprocessing
import os
import signal
from pathlib import Path

import pytest

from tests.waiting import wait_until
from transferpain.core.errors import UserError
from transferpain.core.locks import VARIABLE
from transferpain.core.store import one_process
from transferpain.inputs.faces.shards import SHARDS, dealt, holding, shard_of

CONTEXT = multiprocessing.get_context("spawn")


def hold(lock: Path, shards: list[int], waits, holds, leave) -> None:
    """Hold shards, or all where none is named, until this is to leave."""
    with holding(lock, shards, waits.set) if shards else one_process(lock, waits.set):
        holds.set()
        leave.wait()


class Holder:
    """A process that holds shards, or waits for them."""

    def __init__(self, lock: Path, shards: list[int]):
        self.waits, self.holds, self.leave = CONTEXT.Event(), CONTEXT.Event(), CONTEXT.Event()
        self.process = CONTEXT.Process(target=hold, args=(lock, shards, self.waits, self.holds, self.leave))
        self.process.start()

    def end(self) -> None:
        self.leave.set()
        self.process.join()


@pytest.fixture
def lock(tmp_path):
    return tmp_path / "faces" / ".lock-0123456789abcdef"


def test_the_shard_of_a_clip_is_the_first_byte_of_its_key():
    assert [shard_of(key) for key in ("00aa", "0fbb", "ff00")] == [0, 15, SHARDS - 1]


def test_others_hold_other_shards_and_wait_for_the_same(lock):
    first = Holder(lock, [3, 1])
    first.holds.wait()
    beside, behind = Holder(lock, [2, 4]), Holder(lock, [1, 5])
    beside.holds.wait()
    behind.waits.wait()
    assert not behind.holds.is_set()
    assert not beside.waits.is_set()
    first.end()
    behind.holds.wait()
    for one in (beside, behind):
        one.end()


def test_who_holds_all_waits_for_who_holds_some_and_the_other_way_round(lock):
    some = Holder(lock, [7])
    some.holds.wait()
    everything = Holder(lock, [])
    everything.waits.wait()
    some.end()
    everything.holds.wait()
    later = Holder(lock, [200])
    later.waits.wait()
    everything.end()
    later.holds.wait()
    later.end()


def test_a_process_that_was_killed_holds_nothing(lock):
    first = Holder(lock, [1])
    first.holds.wait()
    os.kill(first.process.pid, signal.SIGKILL)
    first.process.join()
    second = Holder(lock, [1])
    wait_until(second.holds.is_set)
    second.end()


def test_one_process_alone_needs_no_lock(lock, monkeypatch):
    monkeypatch.setenv(VARIABLE, "none")
    with holding(lock, [1], lambda: None):
        assert not lock.exists()


def test_a_link_in_the_lock_s_place_is_not_followed(lock, tmp_path):
    lock.parent.mkdir()
    lock.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="symbolic"), holding(lock, [1], lambda: None):
        pass
    assert not (tmp_path / "elsewhere").exists()


def test_a_file_system_without_locks_is_told(lock, monkeypatch):
    def refused(*_: object) -> None:
        raise OSError(38, "Function not implemented")

    monkeypatch.setattr("fcntl.flock", refused)
    with pytest.raises(UserError, match="has no locks"), holding(lock, [1], lambda: None):
        pass


def test_shards_are_dealt_out_evenly_and_each_once():
    hands = dealt({0: 5.0, 1: 4.0, 2: 3.0, 3: 3.0, 4: 3.0}, 2)
    assert hands == [((1, 2, 4), 10.0), ((0, 3), 8.0)]
    assert dealt({7: 1.0}, 5) == [((7,), 1.0)]
    assert dealt({}, 5) == []
