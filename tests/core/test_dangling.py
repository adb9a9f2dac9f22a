import pytest

from transferpain.core.dangling import dangling_link
from transferpain.core.process import message_of
from transferpain.core.store import make_folder, move_folder


def test_a_link_that_leads_nowhere_is_told_wherever_it_stands_on_the_way(tmp_path):
    (tmp_path / "there").mkdir()
    (tmp_path / "good").symlink_to("there")
    (tmp_path / "bad").symlink_to("gone")
    (tmp_path / "round").symlink_to("round")
    assert dangling_link(tmp_path / "good" / "new") == dangling_link(tmp_path / "missing" / "new") == ""
    for path in ("bad", "bad/new/deeper"):
        assert dangling_link(tmp_path / path) == f"{tmp_path / 'bad'} is a link to gone, which is not there"
    assert "round is a link to round" in dangling_link(tmp_path / "round" / "new")


@pytest.mark.parametrize("place", ["bad", "bad/new", "round/new"])
def test_a_folder_that_cannot_be_made_behind_a_link_says_so(place, tmp_path):
    (tmp_path / "bad").symlink_to("gone")
    (tmp_path / "round").symlink_to("round")
    with pytest.raises(OSError, match=r"File exists|symbolic links") as failed:
        make_folder(tmp_path / place)
    said = message_of(failed.value)
    assert "A folder could not be made" in said
    assert "which is not there" in said
    assert "File exists" not in said


@pytest.mark.parametrize("place", ["plain", "plain/new"])
def test_a_file_where_a_folder_is_meant_is_named(place, tmp_path):
    (tmp_path / "plain").touch()
    with pytest.raises(OSError, match=r"File exists|Not a directory") as failed:
        make_folder(tmp_path / place)
    assert f"{tmp_path / 'plain'} is a file, where a folder is meant" in message_of(failed.value)


def test_a_folder_that_is_to_take_the_place_of_a_link_says_so(tmp_path):
    (tmp_path / "bad").symlink_to("gone")
    (tmp_path / "new").mkdir()
    with pytest.raises(NotADirectoryError) as failed:
        move_folder(tmp_path / "new", tmp_path / "bad")
    assert "bad is a link to gone" in message_of(failed.value)
    assert (tmp_path / "new").is_dir()


def test_what_is_in_nobodys_way_keeps_the_words_of_the_system(tmp_path):
    assert "No such file" in message_of(FileNotFoundError(2, "No such file or directory", str(tmp_path / "x")))
    assert "File exists" in message_of(FileExistsError(17, "File exists", str(tmp_path / "x")))
