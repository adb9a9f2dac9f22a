"""What was finished states its files; nothing else than these very bytes is taken for them."""

import os
import time

import numpy as np
import pytest

from transferpain.core.errors import DamagedFile
from transferpain.core.record import DONE, fault_of, hash_now, is_former, read_record, write_record
from transferpain.core.store import file_hash, write_json


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "answers.bin").write_bytes(np.random.default_rng(0).bytes(500))
    (tmp_path / "notes.txt").write_text("not stated")
    write_record(tmp_path, ["answers.bin"], folds=["a"])
    return tmp_path


def test_a_record_states_size_and_hash_and_what_it_is_told(folder):
    record = read_record(folder)
    assert record["files"] == {"answers.bin": {"bytes": 500, "sha256": file_hash(folder / "answers.bin")}}
    assert record["folds"] == ["a"]
    assert fault_of(folder, record) == ""


def test_every_single_bit_counts(folder):
    record, content = read_record(folder), (folder / "answers.bin").read_bytes()
    for bit in np.random.default_rng(1).choice(8 * len(content), 300, replace=False):
        flipped = bytearray(content)
        flipped[bit // 8] ^= 1 << bit % 8
        (folder / "answers.bin").write_bytes(flipped)
        assert fault_of(folder, record) == "answers.bin is not the file that was written"


def test_only_what_is_stated_counts(folder):
    (folder / "notes.txt").unlink()
    (folder / "more.bin").write_bytes(b"")
    assert fault_of(folder, read_record(folder)) == ""
    (folder / "answers.bin").unlink()
    assert fault_of(folder, read_record(folder)) == "answers.bin is missing"


def test_a_file_that_changed_long_ago_is_read_once_and_again_when_it_changes(folder, monkeypatch):
    path, now = folder / "answers.bin", time.time_ns
    monkeypatch.setattr(time, "time_ns", lambda: now() + 60 * 10**9)
    before, times = hash_now(path), (path.stat().st_atime_ns, path.stat().st_mtime_ns)
    with monkeypatch.context() as context:
        context.setattr("builtins.open", lambda *_, **__: pytest.fail("the file is read"))
        assert hash_now(path) == before
    time.sleep(0.02)
    path.write_bytes(path.read_bytes()[::-1])
    os.utime(path, ns=times)
    assert hash_now(path) == file_hash(path) != before


def test_a_folder_in_the_place_of_a_record_makes_way(folder):
    (folder / DONE).unlink()
    (folder / DONE).mkdir()
    with pytest.raises(IsADirectoryError):
        read_record(folder)
    write_record(folder, ["answers.bin"])
    assert fault_of(folder, read_record(folder)) == ""


@pytest.mark.parametrize("files", [None, [], "x", {"a": 3}])
def test_a_record_that_says_nothing_of_files_is_damaged(files, tmp_path):
    write_json(tmp_path / DONE, {"files": files})
    with pytest.raises(DamagedFile, match="is damaged"):
        read_record(tmp_path)


def test_the_former_form_is_told_from_a_damaged_one(tmp_path):
    assert read_record(tmp_path) is None
    (tmp_path / DONE).write_text("2026-03-01T12:00:00+00:00\n")
    assert is_former(tmp_path)
    assert read_record(tmp_path) is None
    for content in (b"", b"2026-03", b"\xff", bytes(26)):
        (tmp_path / DONE).write_bytes(content)
        assert not is_former(tmp_path)
        with pytest.raises(DamagedFile):
            read_record(tmp_path)
