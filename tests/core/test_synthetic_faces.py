import pytest

from transferpain.core.synthetic_faces import (
    DRAWN,
    faces_fact,
    faces_of,
    in_words,
    merge_faces,
    named,
    shown_faces,
    stamp_of,
)

OTHERS = "3DPain, synthetic faces"


def test_names_are_merged_each_once_with_drawn_faces_first():
    assert merge_faces((OTHERS,), (DRAWN,), (OTHERS, DRAWN)) == (DRAWN, OTHERS)
    assert merge_faces((), ()) == merge_faces() == ()


@pytest.mark.parametrize("faces", [(), (DRAWN,), (OTHERS,), (DRAWN, OTHERS)])
def test_what_a_file_says_is_read_back(faces):
    assert faces_of({"synthetic": bool(faces), **faces_fact(faces)}) == faces


def test_files_with_drawn_faces_alone_stay_as_they_were():
    assert faces_fact((DRAWN,)) == faces_fact(()) == {}
    assert faces_of({"synthetic": True}) == (DRAWN,)
    assert faces_of({"synthetic": None}) == faces_of({}) == ()


def test_other_synthetic_faces_are_never_called_drawn():
    assert stamp_of(in_words((OTHERS,))) == "SYNTHETIC DATA: 3DPain, synthetic faces, not people"
    assert stamp_of(True) == "SYNTHETIC DATA: drawn faces, not people"
    assert (named(True), named(OTHERS), named(False), named("")) == (DRAWN, OTHERS, "", "")


def test_several_files_are_said_in_one_phrase():
    files = [{"synthetic": True}, {"synthetic": False}, {"synthetic": True, "synthetic_faces": [OTHERS]}]
    assert shown_faces(files) == "drawn faces and 3DPain, synthetic faces"
    assert shown_faces(files[1:2]) == ""
