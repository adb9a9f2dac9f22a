import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.end_to_end.test_permissions import obey_permissions
from transferpain.core.locks import FOLDER_LOCK, alone, using_folder


def waited() -> None:
    raise AssertionError("nobody has to be waited for")


def use(folder, entered, on_wait):
    with using_folder(folder, on_wait):
        entered.set()


def use_folder(folder: str) -> None:
    with using_folder(Path(folder), waited):
        pass


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
