import json

import pytest

from tests.data.datasets.trees import make_biovid, make_mintpain
from transferpain.core.errors import NotHere, UserError
from transferpain.data.datasets.locate import find_synthetic_mark, find_top, layout_error, own_folder
from transferpain.data.datasets.registry import DATASETS

BIOVID, MINTPAIN = DATASETS["biovid"], DATASETS["mintpain"]
SUBJECTS = ("071309_w_21",)


@pytest.mark.parametrize("place", ["biovid", "BioVid ", "biovid/PartA", "biovid/release/PartA", ".", "PartA"])
def test_a_dataset_is_found_at_its_folder_below_it_or_at_the_root(tmp_path, place):
    make_biovid(tmp_path / place, SUBJECTS)
    assert find_top(BIOVID, tmp_path) == tmp_path / place


@pytest.mark.parametrize(
    ("place", "kind"),
    [
        ("biovid/a/b/c", UserError),  # too deep
        ("others/release", NotHere),  # a neighbour
        ("biovids", None),  # one level below the root is the root's own
    ],
)
def test_a_dataset_is_not_looked_for_everywhere(tmp_path, place, kind):
    make_biovid(tmp_path / place, SUBJECTS)
    if kind is None:
        assert find_top(BIOVID, tmp_path) == tmp_path / place
        return
    with pytest.raises(UserError, match=r"Expected in biovid/(.|\n)*Received: in ") as refused:
        find_top(BIOVID, tmp_path)
    assert type(refused.value) is kind


def test_what_is_not_here_is_told_from_what_is_wrong(tmp_path):
    with pytest.raises(NotHere, match=r"no data folder(.|\n)*Received: .*gone"):
        find_top(BIOVID, tmp_path / "gone")
    with pytest.raises(NotHere, match="an empty folder"):
        find_top(BIOVID, tmp_path)
    (tmp_path / "biovid").mkdir()
    (tmp_path / "biovid" / "readme.txt").touch()
    with pytest.raises(UserError, match=r"readme\.txt") as refused:
        find_top(BIOVID, tmp_path)
    assert not isinstance(refused.value, NotHere)


def test_of_names_that_differ_in_case_the_one_to_the_letter_counts(tmp_path):
    for name in ("BIOVID", "BioVid"):
        make_biovid(tmp_path / name, SUBJECTS)
    with pytest.raises(UserError, match=r"Several folders(.|\n)*'BIOVID', 'BioVid'"):
        find_top(BIOVID, tmp_path)
    make_biovid(tmp_path / "biovid", SUBJECTS)
    assert find_top(BIOVID, tmp_path) == tmp_path / "biovid"


def test_a_file_of_its_name_is_no_folder(tmp_path):
    (tmp_path / "biovid").touch()
    assert own_folder(BIOVID, tmp_path) == tmp_path
    make_biovid(tmp_path, SUBJECTS)
    assert find_top(BIOVID, tmp_path) == tmp_path


def test_names_of_people_are_not_shown(tmp_path):
    make_mintpain(tmp_path / "mintpain" / "a" / "b" / "c", {1: "Erika Muster"})
    (tmp_path / "mintpain" / "Sub01 Erika Muster").mkdir()
    with pytest.raises(UserError, match="Sub01") as refused:
        find_top(MINTPAIN, tmp_path)
    assert "Muster" not in str(refused.value)


@pytest.mark.parametrize("place", ["biovid/PartA", "biovid", "."])
def test_the_mark_of_drawn_data_is_found_up_to_the_data_root(tmp_path, place):
    top = tmp_path / "root" / "biovid" / "PartA"
    top.mkdir(parents=True)
    (tmp_path / "SYNTHETIC.json").write_text('{"seed": 1}')
    assert find_synthetic_mark(top, tmp_path / "root") is None
    (tmp_path / "root" / place / "SYNTHETIC.json").write_text(json.dumps({"seed": 2}))
    assert find_synthetic_mark(top, tmp_path / "root") == {"seed": 2}


@pytest.mark.parametrize("content", ["", "{", "[1]", "null", "1", "\x00"])
def test_a_damaged_mark_is_refused(tmp_path, content):
    (tmp_path / "SYNTHETIC.json").write_text(content)
    with pytest.raises(UserError, match=r"SYNTHETIC\.json is damaged"):
        find_synthetic_mark(tmp_path, tmp_path)


def test_an_unfinished_twin_is_refused_until_it_is_finished(tmp_path):
    (tmp_path / "SYNTHETIC.unfinished.json").write_text("{}")
    with pytest.raises(UserError, match="is unfinished"):
        find_synthetic_mark(tmp_path, tmp_path)
    (tmp_path / "SYNTHETIC.json").write_text("{}")
    assert find_synthetic_mark(tmp_path, tmp_path) == {}


def test_the_error_of_a_layout_shows_some_of_the_problems(tmp_path):
    error = str(layout_error(BIOVID, tmp_path, tuple(f"problem {number}" for number in range(50))))
    assert "problem 0\n" in error
    assert "problem 49" not in error
    assert BIOVID.request_url in error


@pytest.mark.parametrize(("link", "root"), [("biovid", "."), ("root", "root")])
def test_a_folder_that_is_a_link_to_nowhere_is_told(link, root, tmp_path):
    (tmp_path / link).symlink_to("unplugged")
    with pytest.raises(UserError, match=r"is a link to unplugged, which is not there"):
        find_top(BIOVID, tmp_path / root)
