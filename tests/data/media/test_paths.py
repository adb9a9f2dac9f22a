import pytest

from tests.data.datasets.trees import touch
from transferpain.core.errors import UserError
from transferpain.data.media.paths import list_pictures, resolve_media


def frames(path) -> list[tuple[int, str]]:
    return [(picture.frame, picture.path.name) for picture in list_pictures(path)]


def write_pictures(folder, *names):
    for name in names:
        touch(folder / name)
    return folder


def test_pictures_named_after_their_folder_keep_their_number(tmp_path):
    folder = write_pictures(tmp_path / "clip", "clip010.png", "Clip002 .PNG", "clip11.jpg", "notes.txt", "clip4.txt")
    assert frames(folder) == [(2, "Clip002 .PNG"), (10, "clip010.png"), (11, "clip11.jpg")]


def test_pictures_alike_but_for_the_number_at_the_end_keep_it(tmp_path):
    folder = write_pictures(tmp_path / "clip", "frame_10.jpg", "frame_2.jpg", "frame_0007.png")
    assert frames(folder) == [(2, "frame_2.jpg"), (7, "frame_0007.png"), (10, "frame_10.jpg")]
    assert frames(write_pictures(tmp_path / "bare", "0.png", "1.png", "10.png")) == [
        *[(0, "0.png"), (1, "1.png"), (10, "10.png")]
    ]


@pytest.mark.parametrize(
    ("folder", "names"),
    [
        ("1", [f"{number}.png" for number in range(1, 16)]),
        ("2", [f"{number}.png" for number in range(1, 31)]),
        ("clip", ["clip1.png", "clip2.png", "other.png"]),
        ("clip", ["clip.png", "clip1.png", "clip 2.png"]),
        ("clip", ["clip1.jpg", "clip1.png", "clip2.png"]),
        ("clip", ["clip1.png", "clip01.png"]),
        ("clip", ["a1.png", "b1.png", "b2.png"]),
        ("clip", ["clip" + "9" * 30 + ".png", "clip1.png"]),
        ("a.b", ["a.b1.png", "axb2.png"]),
    ],
)
def test_no_picture_is_left_out_by_a_rule_for_numbers(tmp_path, folder, names):
    found = list_pictures(write_pictures(tmp_path / folder, *names))
    assert sorted(picture.path.name for picture in found) == sorted(names)
    if folder in ("1", "2"):
        assert [picture.path.name for picture in found] == names
    assert [picture.frame for picture in found] == list(range(1, len(names) + 1))


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
