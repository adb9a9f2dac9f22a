import os
import stat
from contextlib import suppress

import pytest

from transferpain.core.errors import UserError
from transferpain.core.foreign import (
    LONGEST_REASON,
    MOST_DIGITS,
    MOST_NESTING,
    border,
    parse_json,
    private_copy,
    read_plain,
)


@pytest.mark.parametrize(
    "error", [KeyError("a"), RecursionError(), OverflowError("x\ny"), OSError(5, "no"), MemoryError()]
)
def test_whatever_a_reader_raises_is_one_message(error):
    with (
        pytest.raises(UserError, match=r"^The file is refused") as caught,
        border("The file is refused.", rule="It is good.", todo="Get it."),
    ):
        raise error
    assert len(str(caught.value).splitlines()) == 4


def test_a_message_passes_as_it_is_and_a_stop_is_no_fault_of_a_file():
    for error in (UserError("mine"), KeyboardInterrupt("stop")):
        with pytest.raises(type(error), match=str(error)), border("The file.", rule="", todo=""):
            raise error


def test_a_reason_has_a_length():
    with pytest.raises(UserError) as caught, border("The file.", rule="", todo=""):
        raise ValueError("x" * 10_000)
    assert len(str(caught.value)) < LONGEST_REASON + 100


def test_a_plain_file_is_read_whole(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"abc")
    assert read_plain(path, 3) == b"abc"
    with pytest.raises(ValueError, match="more than 2 bytes"):
        read_plain(path, 2)


def test_a_link_a_pipe_and_a_folder_are_no_plain_files(tmp_path):
    (tmp_path / "link").symlink_to("/etc/hostname")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    with pytest.raises(ValueError, match="which is a link"):
        read_plain(tmp_path / "link", 10)
    for name in ("pipe", "folder"):
        with pytest.raises((ValueError, OSError)):
            read_plain(tmp_path / name, 10)


@pytest.mark.parametrize("fault", [None, RuntimeError, KeyboardInterrupt])
def test_a_private_copy_can_be_reached_by_nobody_else_and_does_not_stay(fault):
    before = os.umask(0)
    try:
        with suppress(fault or ()), private_copy(b"abc", "part.tflite") as path:
            assert path.name == "part.tflite"
            assert path.read_bytes() == b"abc"
            assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
            if fault:
                raise fault
    finally:
        os.umask(before)
    assert not path.parent.exists()


def nested(depth: int, opening: str = "[", closing: str = "]") -> str:
    return opening * depth + "1" + closing * depth


def test_json_nests_as_deep_as_our_files_and_no_deeper():
    assert parse_json(nested(MOST_NESTING).encode()) is not None
    assert parse_json('{"a": -12, "b": 1e3}') == {"a": -12, "b": 1000.0}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (nested(MOST_NESTING + 1), "nest"),
        (nested(100_000), "nest"),
        (nested(500, '{"a":', "}"), "nest"),
        ("1" * (MOST_DIGITS + 1), "whole number of"),
        ('{"a": -' + "9" * 5000 + "}", "whole number of"),
        ("{", "Expecting"),
        (b"\xff\xfe\x00", "decode"),
    ],
)
def test_json_that_no_file_of_ours_could_be_is_refused(text, reason):
    with pytest.raises(ValueError, match=reason):
        parse_json(text)
