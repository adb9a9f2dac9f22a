from pathlib import Path

from tests.order import LONGEST, TESTS, rank


def test_every_file_that_is_named_is_there_and_named_once():
    assert [name for name in LONGEST if not (TESTS / name).is_file()] == []
    assert len(set(LONGEST)) == len(LONGEST)


def test_the_longest_come_first_and_others_last_in_their_own_order():
    others = [TESTS / "test_api.py", Path("/elsewhere/test_api.py"), TESTS / "cli" / "test_console.py"]
    named = [TESTS / name for name in LONGEST]
    assert sorted([*others, *reversed(named)], key=rank) == [*named, *others]
