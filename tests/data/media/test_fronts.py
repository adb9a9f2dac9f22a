import os

import pytest

from tests.data.datasets.trees import touch
from transferpain.core.errors import UserError
from transferpain.data.media import fronts
from transferpain.data.media.contents import pictures_hash
from transferpain.data.media.fronts import is_front, names_by_front
from transferpain.data.media.medium import UnreadableMedium, picture_files
from transferpain.data.media.paths import list_pictures

NAMES = ("a_1_view_10.jpg", "a_1_view_2.PNG", "a_10_view_0.jpg", "a_1_notes.txt", "b_1_view_0.jpg")


@pytest.fixture
def folder(tmp_path):
    for name in NAMES:
        touch(tmp_path / "all" / name, name.encode())
    (tmp_path / "all" / "a_1_view_3.jpg").mkdir()
    return tmp_path / "all"


def aged(folder):
    os.utime(folder, (1, 1))
    return folder


def test_pictures_are_those_whose_names_begin_so_counted_in_natural_order(folder):
    found = list_pictures(folder / "a_1_*")
    assert [(one.frame, one.path.name, one.bytes) for one in found] == [(1, NAMES[1], 14), (2, NAMES[0], 15)]
    assert [one.path.name for one in list_pictures(folder / "a_10_*")] == [NAMES[2]]


def test_what_is_called_with_a_star_is_itself(folder):
    touch(folder / "c_*" / "1.png")
    assert not is_front(folder / "c_*")
    assert [one.path.name for one in list_pictures(folder / "c_*")] == ["1.png"]


def test_letters_count_as_they_stand(folder):
    assert list_pictures(folder / "A_1_*") == []
    with pytest.raises(UnreadableMedium, match="holds no picture"):
        picture_files(folder / "A_1_*")


def test_a_folder_that_is_not_there_is_told(tmp_path):
    with pytest.raises(UserError, match="cannot be read"):
        names_by_front(tmp_path / "none" / "a_*")
    with pytest.raises(UnreadableMedium):
        picture_files(tmp_path / "none" / "a_*")


def test_a_folder_is_listed_once_and_again_when_it_changes(folder, monkeypatch):
    listed = []
    monkeypatch.setattr(fronts.os, "listdir", lambda path: listed.append(path) or sorted(NAMES))
    monkeypatch.setattr(fronts, "has_settled", lambda states: True)
    fronts._remembered.cache_clear()
    for front in ("a_1_*", "a_10_*", "b_*"):
        names_by_front(folder / front)
    assert len(listed) == 1
    touch(aged(folder) / "a_1_view_4.jpg")
    names_by_front(folder / "a_1_*")
    assert len(listed) == 2


def test_a_new_picture_of_a_fresh_folder_is_seen_at_once(folder):
    assert len(list_pictures(folder / "a_1_*")) == 2
    touch(folder / "a_1_view_4.jpg")
    assert len(list_pictures(folder / "a_1_*")) == 3


def test_the_content_is_that_of_its_own_pictures(folder, tmp_path):
    before = pictures_hash(picture_files(folder / "a_1_*"), tmp_path / "cache")
    touch(folder / "b_1_view_0.jpg", b"another")
    assert pictures_hash(picture_files(folder / "a_1_*"), tmp_path / "cache") == before
    touch(folder / NAMES[0], b"another")
    assert pictures_hash(picture_files(folder / "a_1_*"), tmp_path / "cache") != before
