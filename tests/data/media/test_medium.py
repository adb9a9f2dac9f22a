import pytest

from tests.data.datasets.trees import touch
from transferpain.data.media.medium import Medium, UnreadableMedium, picture_files


def test_the_pictures_of_a_folder_stand_in_the_order_of_time(tmp_path):
    files = [touch(tmp_path / "RGB" / name) for name in ("RGB-2.jpg", "RGB-10.jpg", "notes.txt")]
    assert picture_files(tmp_path / "RGB") == files[:2]


def test_a_single_picture_is_one(tmp_path):
    path = touch(tmp_path / "one.png")
    assert picture_files(path) == [path]


def test_a_folder_without_pictures_or_without_itself_is_named_without_its_path(tmp_path):
    touch(tmp_path / "Anna" / "notes.txt")
    with pytest.raises(UnreadableMedium, match="holds no picture") as empty:
        picture_files(tmp_path / "Anna")
    with pytest.raises(UnreadableMedium, match="cannot be read") as gone:
        picture_files(tmp_path / "Anna" / "gone")
    assert "Anna" not in str(empty.value) + str(gone.value)


def test_a_medium_does_not_show_its_path(tmp_path):
    assert "Anna" not in repr(Medium(tmp_path / "Anna.mp4", span=(3, None)))
