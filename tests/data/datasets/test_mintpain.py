import dataclasses
import os
import traceback

import pytest

from tests.data.datasets.trees import make_mintpain, touch
from transferpain.core.errors import UserError
from transferpain.data.datasets import mintpain
from transferpain.data.datasets.check import check_dataset
from transferpain.data.datasets.index import read_index
from transferpain.data.media.paths import list_pictures, resolve_media

NAMES = {1: "Erika Mustermann", 2: "Jörg  van der Größe", 10: "OTTO"}
PARTS = ("Erika", "Mustermann", "Jörg", "Größe", "OTTO")


@pytest.fixture
def tree(tmp_path):
    make_mintpain(tmp_path / "mintpain", NAMES)
    return tmp_path


def assert_nameless(text: str) -> None:
    assert not [part for part in PARTS if part.lower() in text.lower()]


def test_sweeps_carry_their_level(tree):
    index = read_index("mintpain", tree)
    assert index.problems == ()
    assert len(index.clips) == 12
    assert list(dict.fromkeys(index.clips["subject"])) == ["Sub01", "Sub02", "Sub10"]
    clip = index.clips.iloc[3]
    assert clip["clip"] == "Sub01_Trial01_Sweep02_Label2"
    assert clip["media"] == (
        "mintpain/Extracted_Data/Sub01/Annotated_data_Sub01_Trial01/Sub01_Trial01_Sweep02_Label2/RGB"
    )
    assert (clip["kind"], clip["first_frame"], clip["num_frames"], clip["bytes"]) == ("images", 1, 3, 3)
    assert (clip["trial"], clip["sweep"], clip["level"]) == (1, 2, 2)
    assert index.clips["level"].value_counts().to_dict() == {0: 6, 1: 3, 2: 3}


def test_media_are_found_again(tree):
    index = read_index("mintpain", tree)
    for clip in index.clips.itertuples():
        pictures = list_pictures(resolve_media(tree, clip.media))
        assert [picture.frame for picture in pictures] == [1, 2, 3]
        assert all(picture.path.is_file() for picture in pictures)


def test_no_name_of_a_person_enters_the_index(tree):
    index = read_index("mintpain", tree)
    assert_nameless(index.clips.to_csv())
    assert_nameless(repr(dataclasses.replace(index, data_root=None)))


def test_the_hash_does_not_depend_on_the_names(tree, tmp_path_factory):
    other = tmp_path_factory.mktemp("other")
    make_mintpain(other / "mintpain", {1: "A", 2: "B", 10: "C"})
    assert read_index("mintpain", tree).hash == read_index("mintpain", other).hash


def test_problems_are_told_without_names(tree):
    top = tree / "mintpain" / "Extracted_Data"
    first = top / "Sub1 Erika Mustermann" / "Annotated_data_Sub01_Trial01"
    touch(first / "Erika notes.txt")
    touch(top / "Mustermann family" / "a.jpg")
    (first / "Sub01_Trial01_Sweep07_Label0" / "RGB").mkdir(parents=True)
    (first / "Sub01_Trial01_Sweep08_Label3").mkdir()
    touch(first / "Sub02_Trial01_Sweep09_Label0" / "RGB" / "RGB-1.jpg")
    second = top / "Sub01 Otto Erika" / "Annotated_data_Sub01_Trial01" / "Sub01_Trial01_Sweep01_Label0" / "RGB"
    touch(second / "RGB-1.jpg")
    report = check_dataset("mintpain", tree)
    told = "\n".join(report.warnings)
    for expected in (
        "Extracted_Data: an entry that is no subject's folder",
        "Annotated_data_Sub01_Trial01: an entry that is no sweep's folder",
        "Sub01_Trial01_Sweep07_Label0: no colour picture",
        "Sub01_Trial01_Sweep08_Label3: no colour picture",
        "Sub02_Trial01_Sweep09_Label0: stands in the folder of Sub01, trial 1",
        "Sub01_Trial01_Sweep01_Label0/RGB: a second file of one clip",
    ):
        assert expected in told
    assert_nameless(repr(report))
    assert len(read_index("mintpain", tree).clips) == 12


@pytest.mark.parametrize(
    "inside", ["mintpain", "mintpain/Extracted_Data", "mintpain/Extracted_Data/Sub1 Erika Mustermann"]
)
def test_an_unknown_layout_is_told_without_names(tree, inside):
    for trial in tree.glob("mintpain/Extracted_Data/*/*"):
        trial.rename(trial.with_name("renamed"))
    with pytest.raises(UserError, match="No data of MIntPAIN") as error:
        read_index("mintpain", tree / inside)
    assert_nameless("".join(traceback.format_exception(error.value)))
    assert "Received:" in str(error.value)


@pytest.mark.skipif(os.geteuid() == 0, reason="the administrator may read every folder")
def test_a_folder_without_read_permission_is_told_without_its_name(tree):
    folder = tree / "mintpain" / "Extracted_Data" / "Sub1 Erika Mustermann"
    folder.chmod(0)
    try:
        with pytest.raises(UserError, match="Sub01 cannot be read") as error:
            read_index("mintpain", tree)
        assert_nameless("".join(traceback.format_exception(error.value)))
    finally:
        folder.chmod(0o755)


@pytest.mark.parametrize("colour", ["rgb", "Rgb ", "RGB"])
def test_the_folder_of_colour_pictures_may_be_written_in_lower_case(tmp_path, colour):
    make_mintpain(tmp_path / "mintpain", {1: "A"}, sweeps=1)
    for folder in tmp_path.rglob("RGB"):
        folder.rename(folder.with_name(colour))
    index = read_index("mintpain", tmp_path)
    assert len(index.clips) == 2
    assert len(list_pictures(resolve_media(tmp_path, index.clips["media"][0]))) == 3


@pytest.mark.parametrize("top", ["mintpain", "MIntPAIN/download", "", "mintpain/Extracted_Data"])
def test_the_top_folder_is_found(tmp_path, top):
    make_mintpain(tmp_path / top, {1: "A"})
    assert len(read_index("mintpain", tmp_path).clips) == 4


def test_the_folder_of_subjects_may_be_the_data_root(tmp_path):
    make_mintpain(tmp_path, {1: "Erika"})
    index = read_index("mintpain", tmp_path / "Extracted_Data")
    assert index.clips["media"].str.startswith("Sub01/Annotated").all()


def test_counts_beside_the_known(tree):
    counts = mintpain.count(read_index("mintpain", tree).clips)
    assert [counts[key] for key in ("subjects", "trials", "clips", "frames")] == [3, 3, 12, 36]
    assert (counts["clips level 0"], counts["frames level 4"]) == (6, 0)
    expected = mintpain.DATASET.expected
    assert (expected["clips"], expected["frames"]) == (3122, 54385)
    assert set(expected) == set(counts)


def test_the_holdout_names_five_subjects():
    assert mintpain.HOLDOUT_SUBJECTS == ("Sub16", "Sub17", "Sub18", "Sub19", "Sub20")
