import os

from transferpain.core.file_state import STEP_NANOSECONDS, file_state, has_settled


def test_another_file_of_the_same_size_and_time_shows(tmp_path):
    path, other = tmp_path / "a", tmp_path / "b"
    path.write_bytes(b"one")
    before = file_state(path)
    other.write_bytes(b"two")
    os.utime(other, ns=(0, before[2]))
    other.replace(path)
    assert file_state(path)[1:3] == before[1:3]
    assert file_state(path) != before


def test_an_entry_of_a_folder_has_the_state_of_its_path(tmp_path):
    (tmp_path / "a").write_bytes(b"one")
    with os.scandir(tmp_path) as entries:
        assert [file_state(entry) for entry in entries] == [file_state(tmp_path / "a")]


def test_only_what_changed_a_while_ago_has_settled(tmp_path):
    (tmp_path / "a").write_bytes(b"one")
    inode, size, content, status = file_state(tmp_path / "a")
    old = [inode, size, content - 2 * STEP_NANOSECONDS, status - 2 * STEP_NANOSECONDS]
    assert has_settled([old])
    assert has_settled([])
    assert not has_settled([old, [inode, size, content - 2 * STEP_NANOSECONDS, status]])
    assert not has_settled([[inode, size, content, status - 2 * STEP_NANOSECONDS]])
