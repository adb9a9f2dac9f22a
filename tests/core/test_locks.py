import errno
import fcntl
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.end_to_end.test_permissions import obey_permissions
from transferpain.core.errors import UserError
from transferpain.core.locks import FOLDER_LOCK, VARIABLE, alone, using_folder
from transferpain.core.store import one_process


def waited() -> None:
    raise AssertionError("nobody has to be waited for")


def use(folder, entered, on_wait):
    with using_folder(folder, on_wait):
        entered.set()


def use_folder(folder: str) -> None:
    with using_folder(Path(folder), waited):
        pass


def test_a_lock_is_no_way_to_another_file_and_no_pipe_is_waited_for(tmp_path):
    lock = tmp_path / FOLDER_LOCK
    lock.symlink_to(tmp_path / "elsewhere")
    use_folder(tmp_path)
    with pytest.raises(OSError, match="symbolic link"), alone([lock]):
        pass
    assert not (tmp_path / "elsewhere").exists()
    lock.unlink()
    os.mkfifo(lock)
    use_folder(tmp_path)


def test_many_use_a_folder_at_once(tmp_path):
    with using_folder(tmp_path / "cache", waited), using_folder(tmp_path / "cache", waited):
        assert (tmp_path / "cache" / FOLDER_LOCK).is_file()


def test_who_has_it_alone_is_waited_for(tmp_path):
    waiting, entered = threading.Event(), threading.Event()
    with alone([tmp_path / FOLDER_LOCK]):
        thread = threading.Thread(target=use, args=(tmp_path, entered, waiting.set))
        thread.start()
        assert waiting.wait(30)
        assert not entered.is_set()
    assert entered.wait(30)
    thread.join()


def test_nobody_has_it_alone_while_others_use_it(tmp_path):
    with using_folder(tmp_path, waited), pytest.raises(BlockingIOError) as raised, alone([tmp_path / FOLDER_LOCK]):
        pass
    assert raised.value.filename == str(tmp_path / FOLDER_LOCK)


def test_what_was_held_before_a_held_one_is_free_again(tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    with alone([second]):
        with pytest.raises(BlockingIOError), alone([first, second]):
            pass
        with alone([first]):
            pass


def test_where_no_lock_can_be_made_nothing_is_held(tmp_path):
    (tmp_path / "file").write_text("here")
    with using_folder(tmp_path / "file", waited):
        pass
    assert (tmp_path / "file").read_text() == "here"


def test_a_folder_that_may_not_be_written_to_can_be_used(tmp_path):
    program = "import sys; from tests.core.test_locks import use_folder; use_folder(sys.argv[1])"
    tmp_path.chmod(0o555)
    try:
        subprocess.run([sys.executable, "-c", program, tmp_path], check=True, preexec_fn=obey_permissions)
        assert list(tmp_path.iterdir()) == []
    finally:
        tmp_path.chmod(0o755)


@pytest.fixture(params=[errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP])
def without_locks(request, monkeypatch):
    """Let the file system answer that it has no locks."""

    def refuse(*_):
        raise OSError(request.param, os.strerror(request.param))

    monkeypatch.setattr(fcntl, "flock", refuse)


def hold(kind: str, folder: Path):
    if kind == "one process":
        return one_process(folder / "a.lock", waited)
    return using_folder(folder, waited) if kind == "folder" else alone([folder / "b.lock"])


@pytest.mark.parametrize("kind", ["one process", "folder", "alone"])
def test_a_file_system_without_locks_is_named_with_the_way_out(kind, tmp_path, without_locks):
    with pytest.raises(UserError, match=r"has no locks(.|\n)*--lock none"), hold(kind, tmp_path):
        raise AssertionError("nothing is locked")


@pytest.mark.parametrize("kind", ["one process", "folder", "alone"])
def test_who_works_alone_needs_no_lock(kind, tmp_path, without_locks, monkeypatch):
    monkeypatch.setenv(VARIABLE, "none")
    entered = []
    with hold(kind, tmp_path):
        entered.append(kind)
    assert entered == [kind]
