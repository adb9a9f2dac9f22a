"""Files are whole or not there."""

import errno
import os
import stat
import subprocess
import sys
import threading
import time
from contextlib import nullcontext

import pytest

from tests.disk import Disk
from transferpain.core import store
from transferpain.core.errors import DamagedFile, UserError
from transferpain.core.locks import using_folder
from transferpain.core.process import Stopped
from transferpain.core.store import (
    checksum_path,
    file_hash,
    fingerprint,
    is_intact,
    move_folder,
    one_process,
    open_to_write,
    read_json,
    read_made,
    reading_checked,
    remove_leftovers,
    sync_checked,
    sync_folder,
    temporary_folder,
    using,
    write_atomically,
    write_checked,
    write_json,
    write_memory,
    write_text,
)

# SHA-256 of "abc", from FIPS 180-2, appendix B.1.
ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_fingerprint_depends_on_content_not_on_order():
    assert fingerprint({"a": 1, "b": [2]}) == fingerprint({"b": [2], "a": 1})
    assert fingerprint({"a": 1}) != fingerprint({"a": 2})
    assert len(fingerprint([])) == 16


@pytest.mark.parametrize("value", [{1, 2}, float("nan")])
def test_fingerprint_refuses_what_json_cannot_hold(value):
    with pytest.raises((TypeError, ValueError)):
        fingerprint(value)


def test_file_hash_is_sha256(tmp_path):
    path = tmp_path / "abc"
    path.write_bytes(b"abc")
    assert file_hash(path) == ABC


def test_a_failed_write_leaves_the_old_file_and_no_temporary(tmp_path):
    path = tmp_path / "result.txt"
    write_text(path, "old")

    def fail(temporary):
        temporary.write_text("half")
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        write_atomically(path, fail)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def write_a_file(path):
    write_atomically(path, lambda temporary: temporary.write_text("whole"))


def write_a_folder(path):
    with temporary_folder(path.parent) as folder:
        (folder / "part").write_text("whole")
        move_folder(folder, path)


@pytest.mark.parametrize("write", [write_a_file, write_a_folder])
def test_a_stop_before_any_line_leaves_no_temporary(write, tmp_path):
    lines = 0

    def trace(frame, event, _):
        nonlocal lines
        if frame.f_code.co_filename != store.__file__:
            return None
        if event == "line":
            lines += 1
            if lines == stopped_at:
                raise Stopped
        return trace

    for stopped_at in range(1, 100):
        lines = 0
        path = tmp_path / str(stopped_at) / "result"
        sys.settrace(trace)
        try:
            write(path)
        except Stopped:
            pass
        finally:
            sys.settrace(None)
        assert not list(tmp_path.rglob(f"{store.TEMPORARY}*")), f"stopped before line {stopped_at}"
        if lines < stopped_at:
            break
    assert 5 < stopped_at < 99
    assert path.exists()


def test_a_file_and_its_name_are_on_the_disk(tmp_path, monkeypatch):
    disk = Disk(monkeypatch)
    write_json(tmp_path / "a" / "b" / "first.json", {})
    write_json(tmp_path / "a" / "b" / "second.json", {})
    write_checked(tmp_path / "c" / "cache.bin", lambda temporary: temporary.write_bytes(b"abc"))
    assert disk.unsynced(tmp_path) == []
    assert disk.around[tmp_path / "a" / "b" / "second.json"] == []  # the first was there before


def test_a_cache_file_that_was_left_unsynced_is_on_the_disk_once_it_is_synced(tmp_path, monkeypatch):
    disk, path = Disk(monkeypatch), tmp_path / "cache" / "ab" / "one.bin"
    write_checked(path, lambda temporary: temporary.write_bytes(b"abc"), synced=False)
    assert is_intact(path)
    assert disk.synced == {}
    sync_checked(path, tmp_path)
    assert disk.unsynced(tmp_path) == []
    checksum_path(path).unlink()
    with pytest.raises(FileNotFoundError):
        sync_checked(path, tmp_path)


def test_a_cache_file_that_a_power_cut_cost_is_not_intact(tmp_path):
    path = tmp_path / "one.bin"
    for lost in (path, checksum_path(path)):
        write_checked(path, lambda temporary: temporary.write_bytes(b"abc"), synced=False)
        lost.write_bytes(b"")
        assert not is_intact(path)


def test_a_memory_is_whole_and_waits_for_no_disk(tmp_path, monkeypatch):
    disk = Disk(monkeypatch)
    for text in ("first", "Zoë"):
        write_memory(tmp_path / "a" / "memory", text)
        assert (tmp_path / "a" / "memory").read_text(encoding="utf-8") == text
    assert disk.synced == {}
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["memory"]


def test_a_folder_has_its_name_when_all_in_it_is_on_the_disk(tmp_path, monkeypatch):
    disk = Disk(monkeypatch)
    with temporary_folder(tmp_path / "deep") as folder:
        (folder / "parts").mkdir()
        for name in ("whole.bin", "parts/one.bin"):
            (folder / name).write_bytes(b"abc")
        assert len(disk.unsynced(folder)) == 4
        move_folder(folder, tmp_path / "deep" / "target")
    assert disk.moved[tmp_path / "deep" / "target"] == []
    assert disk.unsynced(tmp_path) == []


@pytest.mark.parametrize("number", [errno.EINVAL, errno.ENOTSUP, errno.EIO])
def test_only_what_a_file_system_cannot_do_is_passed_over(number, tmp_path, monkeypatch):
    def fail(_):
        raise OSError(number, "no sync")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="no sync") if number == errno.EIO else nullcontext():
        sync_folder(tmp_path)


def test_a_file_in_place_of_a_folder_is_named(tmp_path):
    (tmp_path / "file").write_text("here")
    with pytest.raises(FileExistsError):
        write_text(tmp_path / "file" / "result.txt", "x")


def test_written_files_are_readable_by_others(tmp_path):
    path = tmp_path / "deep" / "result.json"
    write_json(path, {"b": 1, "a": [1.5]})
    assert read_json(path) == {"a": [1.5], "b": 1}
    assert stat.S_IMODE(path.stat().st_mode) == 0o644


def test_checked_files_notice_damage(tmp_path):
    path = tmp_path / "cache.bin"
    assert not is_intact(path)
    write_checked(path, lambda temporary: temporary.write_bytes(b"abc"))
    assert is_intact(path)
    path.write_bytes(b"abd")
    assert not is_intact(path)


def test_a_file_without_its_checksum_does_not_count(tmp_path):
    path = tmp_path / "cache.bin"
    write_checked(path, lambda temporary: temporary.write_bytes(b"abc"))
    checksum_path(path).unlink()
    assert not is_intact(path)


def test_leftovers_of_killed_processes_go_after_a_day(tmp_path):
    young, old, kept = (tmp_path / "ab" / name for name in (".partial-1.npy", ".partial-2.npy", "whole.npy"))
    for path in (young, old, kept):
        write_text(path, "x")
    for path in (old, kept):
        os.utime(path, (time.time() - 25 * 3600,) * 2)
    remove_leftovers(tmp_path)
    remove_leftovers(tmp_path / "absent")
    assert sorted((tmp_path / "ab").iterdir()) == [young, kept]


def test_what_nobody_here_wrote_does_not_stop_who_removes_leftovers(tmp_path):
    planted, link = tmp_path / ".partial-folder", tmp_path / ".partial-link"
    planted.mkdir()
    link.symlink_to(tmp_path / "nowhere")
    for path in (planted, link):
        os.utime(path, (0, 0), follow_symlinks=False)
    remove_leftovers(tmp_path)
    assert planted.is_dir()
    assert not link.is_symlink()


@pytest.mark.parametrize("mode", ["a", "wb"])
def test_what_is_written_in_place_is_written_nowhere_else(mode, tmp_path):
    mine = tmp_path / "mine.txt"
    mine.write_text("mine")
    (tmp_path / "link").symlink_to(mine)
    os.mkfifo(tmp_path / "pipe")
    for name in ("link", "pipe"):
        with pytest.raises(OSError, match=r"symbolic link|No such device"):
            open_to_write(tmp_path / name, mode)
    assert mine.read_text() == "mine"
    with open_to_write(tmp_path / "new", mode) as file:
        file.write("ü" if mode == "a" else b"x")
    assert (tmp_path / "new").read_bytes() in (b"x", "ü".encode())


def test_the_second_waits_for_the_first(tmp_path):
    lock, order, waiting = tmp_path / "folder" / ".lock", [], threading.Event()

    def second() -> None:
        with one_process(lock, waiting.set):
            order.append("second")

    thread = threading.Thread(target=second)
    with one_process(lock, lambda: order.append("waited in vain")):
        thread.start()
        assert waiting.wait(timeout=60)
        order.append("first")
    thread.join(timeout=60)
    assert order == ["first", "second"]


def test_nobody_waits_where_waiting_is_refused(tmp_path):
    def refuse() -> None:
        raise UserError("It is taken.")

    lock = tmp_path / ".lock"
    with one_process(lock, refuse), pytest.raises(UserError, match="It is taken"), one_process(lock, refuse):
        raise AssertionError("the second lock must not be given")
    with one_process(lock, refuse):
        assert lock.is_file()


def test_a_killed_process_frees_the_lock_though_a_child_of_it_lives_on(tmp_path):
    script = (
        "import os, sys; from pathlib import Path; from transferpain.core.store import one_process\n"
        "with one_process(Path(sys.argv[1]), print):\n"
        "    os.fork() and print('held', flush=True); sys.stdin.read()"
    )
    lock, pipes = tmp_path / ".lock", {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", script, lock], text=True, **pipes) as holder:
        assert holder.stdout.readline() == "held\n"
        waited = []
        with one_process(lock, lambda: (waited.append(True), holder.kill())):
            assert waited == [True]


def test_a_lock_that_is_a_link_is_not_followed(tmp_path):
    (tmp_path / ".lock").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="symbolic link"), one_process(tmp_path / ".lock", print):
        raise AssertionError("the lock must not be given")
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_lock_in_a_folder_without_permission_is_an_error(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(PermissionError), one_process(tmp_path / ".lock", print):
        raise AssertionError("the lock must not be given")


def test_a_checked_file_says_what_it_was_made_with(tmp_path):
    path = tmp_path / "cache.bin"
    write_checked(path, lambda temporary: temporary.write_bytes(b"abc"), {"dtype": "float32"})
    assert is_intact(path)
    assert read_made(path) == {"dtype": "float32"}
    write_checked(path, lambda temporary: temporary.write_bytes(b"abc"))
    assert read_made(path) == {}


@pytest.mark.parametrize("second", [b"{", b"[1]", b"3", b"\xff", b"", b"[" * 100_000])
def test_a_damaged_word_on_what_made_it_leaves_a_file_intact(tmp_path, second):
    path = tmp_path / "cache.bin"
    write_checked(path, lambda temporary: temporary.write_bytes(b"abc"), {"dtype": "float32"})
    checksum = checksum_path(path).read_bytes().split(b"\n")[0]
    checksum_path(path).write_bytes(checksum + b"\n" + second)
    assert is_intact(path)
    assert read_made(path) == {}


@pytest.mark.parametrize("content", [b"{", b"\xff", b"", b"[" * 100_000, b"1" * 5000])
def test_damaged_json_is_an_error_for_users_that_callers_can_do_without(tmp_path, content):
    (tmp_path / "a.json").write_bytes(content)
    for kind in (UserError, ValueError):
        with pytest.raises(kind, match=r"a\.json is damaged"):
            read_json(tmp_path / "a.json")


def test_a_failed_write_names_the_cache(tmp_path):
    with pytest.raises(UserError, match=r"cache .* cannot be read or written(.|\n)*No space left"), using(tmp_path):
        raise OSError(28, "No space left on device")


def test_swapped_cache_files_are_not_intact(tmp_path):
    one, other = tmp_path / "0a" / "0a.npy", tmp_path / "0b" / "0b.npy"
    for path in (one, other):
        write_checked(path, lambda temporary, path=path: temporary.write_text(path.name))
    assert is_intact(one)
    assert is_intact(other)
    for path, target in ((one, tmp_path / "aside"), (other, one), (tmp_path / "aside", other)):
        path.rename(target)
        checksum_path(path).rename(checksum_path(target))
    assert one.read_text() == "0b.npy"
    assert not is_intact(one)
    assert not is_intact(other)


@pytest.mark.parametrize(("mask", "mode"), [(0o022, 0o644), (0o002, 0o664), (0o027, 0o640)])
def test_modes_of_files_and_folders_follow_the_umask(mask, mode, tmp_path):
    former = os.umask(mask)
    try:
        write_checked(tmp_path / "a" / "b.npy", lambda temporary: temporary.write_text("x"))
        write_json(tmp_path / "a" / "c.json", {})
        with temporary_folder(tmp_path / "a") as folder:
            move_folder(folder, tmp_path / "a" / "d")
        with one_process(tmp_path / "a" / ".lock", pytest.fail), using_folder(tmp_path / "e", pytest.fail):
            pass
    finally:
        os.umask(former)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {path.name for path in files} == {"b.npy", "b.npy.sha256", "c.json", ".lock"}
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {mode}
    assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.rglob("*") if path.is_dir()} == {0o777 & ~mask}


def test_a_damaged_cache_file_no_longer_counts_though_its_checksum_fits(tmp_path):
    path = tmp_path / "a.npy"
    write_checked(path, lambda temporary: temporary.write_bytes(b"abc"))
    with pytest.raises(DamagedFile, match=r"a\.npy is damaged(.|\n)*computed anew"), reading_checked(path):
        raise KeyError("x")
    assert path.is_file()
    assert not is_intact(path)


@pytest.mark.parametrize("error", [PermissionError(errno.EACCES, "no"), UserError("mine"), KeyboardInterrupt()])
def test_what_is_no_damage_leaves_a_cache_file_as_it_is(tmp_path, error):
    path = tmp_path / "a.npy"
    write_checked(path, lambda temporary: temporary.write_bytes(b"abc"))
    with pytest.raises(type(error)), reading_checked(path):
        raise error
    assert is_intact(path)
