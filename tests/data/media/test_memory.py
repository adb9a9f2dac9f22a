import pytest

from transferpain.core.errors import UserError
from transferpain.data.media.memory import memory_of, recall, remember


@pytest.mark.parametrize("known", ["0", "1f", "0" * 64])
def test_what_was_found_out_is_remembered_for_its_state_alone(tmp_path, known):
    memory, other = memory_of(tmp_path, ["anna.mp4", [1, 2]]), memory_of(tmp_path, ["anna.mp4", [1, 3]])
    assert memory != other
    assert "anna" not in str(memory)
    assert recall(memory, tmp_path) == ""
    remember(memory, known)
    assert recall(memory, tmp_path) == known
    other.parent.mkdir(exist_ok=True)
    memory.rename(other)
    assert recall(other, tmp_path) == ""


@pytest.mark.parametrize("damaged", [b"", b" ", b"1f", b"1f 0123456789abcdef\n", b"xyz 1", b"\xff\xfe", bytes(90)])
def test_a_damaged_memory_is_none(tmp_path, damaged):
    memory = memory_of(tmp_path, ["clip"])
    remember(memory, "1f")
    memory.write_bytes(damaged)
    assert recall(memory, tmp_path) == ""


def test_a_memory_that_cannot_be_read_is_told_and_one_that_cannot_be_written_is_done_without(tmp_path, monkeypatch):
    memory = memory_of(tmp_path, ["clip"])
    remember(memory, "1f")
    with monkeypatch.context() as context:
        context.setattr(type(memory), "read_bytes", lambda _: (_ for _ in ()).throw(PermissionError(13, "denied")))
        with pytest.raises(UserError, match="cannot be read or written"):
            recall(memory, tmp_path)
    (tmp_path / "file").touch()
    blocked = memory_of(tmp_path / "file", ["clip"])
    remember(blocked, "1f")
    assert not blocked.is_file()
