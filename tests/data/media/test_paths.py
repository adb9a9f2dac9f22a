import pytest

from tests.data.datasets.trees import touch
from transferpain.core.errors import UserError
from transferpain.data.media.paths import list_pictures, resolve_media


def frames(path) -> list[tuple[int, str]]:
    return [(picture.frame, picture.path.name) for picture in list_pictures(path)]


def test_pictures_named_after_their_folder_keep_their_number(tmp_path):
    folder = tmp_path / "clip"
    for name in (
        "clip010.png",
        "clip002.png",
        "clip 003.png",
        "clip002 copy.png",
        "clip.png",
        "other1.png",
        "clip4.txt",
    ):
        touch(folder / name)
    assert frames(folder) == [(2, "clip002.png"), (10, "clip010.png")]


def test_other_pictures_are_counted_in_natural_order(tmp_path):
    folder = tmp_path / "RGB"
    for name in ("RGB-9-00.jpg", "RGB-10-00.JPG", "RGB-2-00.jpeg ", ".hidden.jpg", "Thumbs.db", "notes.txt"):
        touch(folder / name)
    (folder / "folder.jpg").mkdir()
    assert frames(folder) == [(1, "RGB-2-00.jpeg "), (2, "RGB-9-00.jpg"), (3, "RGB-10-00.JPG")]


def test_a_single_picture_is_a_clip_of_one_frame(tmp_path):
    path = touch(tmp_path / "one.png", b"1234")
    (picture,) = list_pictures(path)
    assert (picture.frame, picture.path, picture.bytes) == (1, path, 4)


def test_a_folder_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(UserError, match="cannot be read"):
        list_pictures(tmp_path / "gone")


def test_media_of_most_datasets_stand_where_the_index_says(tmp_path):
    path = touch(tmp_path / "biovid" / "a b.mp4")
    assert resolve_media(tmp_path, "biovid/a b.mp4") == path


@pytest.mark.parametrize(
    "name", ["Sub1 Erika Muster", "Sub01", "sub001 Jörg  Größe", " SUB1_Erika", "Sub1-Ana.Lu", "Sub1"]
)
def test_a_persons_folder_is_found_by_its_number(tmp_path, name):
    path = touch(tmp_path / "mintpain" / name / "trial" / "a.jpg")
    touch(tmp_path / "mintpain" / "Sub11 Otto Muster" / "trial" / "a.jpg")
    assert resolve_media(tmp_path, "mintpain/Sub01/trial/a.jpg") == path


def test_of_two_folders_of_one_number_the_one_with_the_media_is_taken(tmp_path):
    touch(tmp_path / "Sub1 A" / "other")
    path = touch(tmp_path / "Sub1 B" / "trial" / "a.jpg")
    assert resolve_media(tmp_path, "Sub01/trial/a.jpg") == path


def test_what_is_missing_keeps_its_harmless_name(tmp_path):
    touch(tmp_path / "Sub2 Erika Muster" / "a.jpg")
    assert resolve_media(tmp_path, "Sub01/a.jpg") == tmp_path / "Sub01" / "a.jpg"
    assert resolve_media(tmp_path / "gone", "Sub01/a.jpg") == tmp_path / "gone" / "Sub01" / "a.jpg"
