import json
import math

import pytest

from tests.data.datasets.pain3d_trees import SCORE, UNITS
from transferpain.data.datasets.pain3d_labels import (
    AnnotationFault,
    SplitFault,
    base_name,
    parse_annotation,
    parse_split,
)


def said(**changes) -> bytes:
    content = UNITS | changes
    return json.dumps({key: value for key, value in content.items() if value != "absent"}).encode()


@pytest.mark.parametrize(
    ("stem", "face"),
    [
        ("flame_sample_0000_pain_1_textured_view_000_inpainted", "flame_sample_0000_pain_1"),
        ("flame_sample_0000_pain_10_view_001", "flame_sample_0000_pain_10"),
        ("flame_sample_0000_pain_1_bg_002", "flame_sample_0000_pain_1"),
        ("flame_sample_0000_pain_1_render_0", "flame_sample_0000_pain_1"),
        ("flame_sample_0000_pain_1_deform_0", "flame_sample_0000_pain_1"),
        ("flame_sample_0000_pain_1_inpainted", "flame_sample_0000_pain_1"),
        ("flame_sample_0000_pain_1_textured", "flame_sample_0000_pain_1"),
        ("flame_sample_0000_neutral_view_003", "flame_sample_0000_neutral"),
        ("flame_sample_0000_pain_1", "flame_sample_0000_pain_1"),
    ],
)
def test_a_picture_is_of_the_annotation_that_its_name_begins_with(stem, face):
    assert base_name(stem) == face


def test_the_stated_score_counts_and_is_compared_with_the_formula():
    assert parse_annotation(said(PSPI=SCORE)).score == SCORE
    assert not parse_annotation(said(PSPI=SCORE + 0.004)).differs
    other = parse_annotation(said(PSPI=3))
    assert (other.score, other.differs, other.units) == (3, True, (2, 1, 3, 0, 4, 1))


def test_without_a_stated_score_the_formula_gives_it():
    assert parse_annotation(said()).score == SCORE
    assert parse_annotation(said(AU4=0.5)).score == SCORE - 1.5


def test_a_score_needs_no_action_units_and_none_is_taken_for_0():
    found = parse_annotation(b'{"PSPI": 4, "AU4": 2, "mood": "calm"}')
    assert (found.score, found.differs, found.units[0]) == (4, False, 2)
    assert all(math.isnan(value) for value in found.units[1:])


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"", "is no JSON"),
        (b"{", "is no JSON"),
        (b"\xff\xfe\x00", "is no JSON"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:1\n", "is a pointer of Git LFS"),
        (b"[1, 2]", "is no JSON object"),
        (b"null", "is no JSON object"),
        (b"[" * 5000, "is no JSON"),
        (b'{"PSPI": 1' + b"0" * 40 + b"}", "is no JSON"),
        (b'{"PSPI": 4, "PSPI": 5}', "states PSPI twice"),
        (b'{"PSPI": 4, "AU9": 1, "AU9": 1}', "states AU9 twice"),
        (said(PSPI=17), "states as PSPI what is no number from 0 to 16"),
        (said(PSPI=-1), "states as PSPI"),
        (said(PSPI=None), "states as PSPI"),
        (said(PSPI="4"), "states as PSPI"),
        (said(PSPI=True), "states as PSPI"),
        (b'{"PSPI": NaN}', "states as PSPI"),
        (b'{"PSPI": Infinity}', "states as PSPI"),
        (said(PSPI=SCORE, AU4=5.1), "states as AU4 what is no number from 0 to 5"),
        (said(PSPI=SCORE, AU10=[1]), "states as AU10"),
        (said(PSPI=SCORE, AU43=2), "states as AU43 what is no number from 0 to 1"),
        (said(PSPI=SCORE, AU43=0.5), "states as AU43 what is neither 0 nor 1"),
        (said(AU6="absent", AU43="absent"), "states no PSPI, and none of AU6, AU43"),
        (b"{}", "states no PSPI"),
    ],
)
def test_whatever_is_no_label_is_refused(content, fault):
    with pytest.raises(AnnotationFault, match=fault):
        parse_annotation(content)


HEADER = "annotation_base_name,split\n"


def test_the_split_is_read_by_person():
    text = HEADER + "flame_sample_0000_pain_1,0\r\n flame_sample_0000_pain_10 ,0\n\nflame_sample_0001_pain_1,2\n"
    assert parse_split(text + "flame_sample_0002_pain_1, 1\n") == {
        "flame_sample_0000": "train",
        "flame_sample_0001": "test",
        "flame_sample_0002": "validation",
    }


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "has not the columns"),
        ("name,split\nflame_sample_0000_pain_1,0\n", "has not the columns"),
        (HEADER + "flame_sample_0000_pain_1,3\n", "a line 2 that is not"),
        (HEADER + "flame_sample_0000_pain_1\n", "a line 2 that is not"),
        (HEADER + "flame_sample_0000_pain_1,0,0\n", "a line 2 that is not"),
        (HEADER + "somebody,0\n", "a line 2 that is not"),
        (HEADER + '"flame_sample_0000_pain_1,0\n', "is no CSV"),
        (
            HEADER + "flame_sample_0000_pain_1,0\nflame_sample_0000_pain_2,2\n",
            "has flame_sample_0000 in two parts, train and test \\(line 3\\)",
        ),
    ],
)
def test_a_split_that_cannot_be_followed_is_refused(text, fault):
    with pytest.raises(SplitFault, match=fault):
        parse_split(text)
