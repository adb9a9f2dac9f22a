import os

import pytest

from tests.data.datasets.trees import touch
from transferpain.core.errors import UserError
from transferpain.data.datasets.found_clips import find_clips

NUMBERS = {"files of features": 0, "tables": 0}


def found(folder, *names):
    for name in names:
        touch(folder / name)
    return find_clips(folder)


def test_videos_folders_of_frames_and_pictures_are_clips(tmp_path):
    clips = found(
        tmp_path,
        *("a/Anna 2.MP4", "a/Anna 10.mkv", "a/thumbnail.jpg", "notes.txt", ".hidden.mp4", "one.png"),
        *("b/f_1.jpg", "b/f_2.jpg", "b/f_10.jpg", "c/rest.jpg", "c/pain.jpg", "d/wink1.gif", "d/wink2.gif"),
    )
    pictures = ["c/pain.jpg", "c/rest.jpg", "d/wink1.gif", "d/wink2.gif", "one.png"]
    assert list(clips.media) == ["a/Anna 2.MP4", "a/Anna 10.mkv", "b", *pictures]
    assert clips.counts == {"videos": 2, "folders of pictures": 1, "single pictures": 5} | NUMBERS
    assert clips.passed_over == ("a/thumbnail.jpg", "notes.txt")


def test_subfolders_between_the_files_of_a_folder_change_nothing(tmp_path):
    clips = found(tmp_path, "a.jpg", "b/f_1.jpg", "b/f_1_more/1.png", "b/f_2.jpg", "c.mp4")
    assert clips.media == ("c.mp4", "b", "b/f_1_more/1.png")
    assert clips.passed_over == ("a.jpg",)


def test_numbered_pictures_straight_in_the_folder_are_no_clip_of_all(tmp_path):
    assert found(tmp_path, "1.jpg", "2.jpg").counts["single pictures"] == 2


def test_files_of_features_are_clips_where_nothing_else_is(tmp_path):
    assert found(tmp_path, "p1/rest.npy", "notes.txt").media == ("p1/rest.npy",)
    assert found(tmp_path, "p1/rest.mp4").media == ("p1/rest.mp4",)


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ((), "There is no clip"),
        (("notes.txt",), "notes.txt"),
        (("anna .mp4", " otto.mp4"), "begins or ends with a blank"),
        (("P1\nrest.mp4",), "cannot be seen"),
        (("P1\trest.mp4",), "cannot be seen"),
        (("P1\u2028/rest.mp4",), "cannot be seen"),
        ((os.fsdecode(b"caf\xe9.mp4"),), "is no text"),
    ],
)
def test_what_cannot_stand_in_an_index_is_refused(names, message, tmp_path):
    with pytest.raises(UserError, match=message):
        found(tmp_path, *names)


def test_tables_of_action_units_are_clips_where_there_is_nothing_else(tmp_path):
    touch(tmp_path / "a" / "rest.csv", b"frame, confidence, success, AU04_r\n1, 0.9, 1, 0\n")
    touch(tmp_path / "b" / "pain.csv", b"frame_idx,au_4_intensity\n0,0\n")
    touch(tmp_path / "labels.csv", b"clip,pain\nrest,0\n")
    clips = find_clips(tmp_path)
    assert (clips.media, clips.passed_over) == (("a/rest.csv", "b/pain.csv"), ("labels.csv",))
    touch(tmp_path / "c" / "joy.csv", "frame_idx,au_4_intensity\n0,0\n".encode("utf-16-le"))
    assert find_clips(tmp_path).media == ("a/rest.csv", "b/pain.csv", "c/joy.csv")
    touch(tmp_path / "c" / "fear.npy")
    assert find_clips(tmp_path).media == ("c/fear.npy",)
