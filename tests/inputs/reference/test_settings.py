import pytest
from pydantic import ValidationError

from transferpain.data.datasets.dataset import Neutral
from transferpain.inputs.reference.settings import ReferenceSettings, reads_references


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"form": "withheld", "frames": 3}, "no reference is read"),
        ({"form": "withheld", "of": "another"}, "no reference is read"),
        ({"form": "difference"}, "say how many frames"),
        ({"form": "pair", "frames": 0}, "greater than or equal to 1"),
        ({"form": "ratio", "frames": 3}, "'difference', 'pair' or 'withheld'"),
        ({"form": "pair", "frames": 3, "neutral": {}}, "one column"),
        ({"form": "pair", "frames": 3, "neutral": {"a": [0], "b": [0]}}, "one column"),
        ({"form": "pair", "frames": 3, "neutral": {"a": []}}, "at least 1 item"),
        ({"form": "pair", "frames": 3, "subject": "a"}, "Extra inputs"),
    ],
)
def test_what_cannot_be_followed_is_refused(values, said):
    with pytest.raises(ValidationError, match=said):
        ReferenceSettings(**values)


def test_what_is_read_and_how_wide_it_is():
    withheld, pair = ReferenceSettings(form="withheld"), ReferenceSettings(form="pair", frames=3)
    assert [reads_references(one) for one in (None, withheld, pair)] == [False, False, True]
    assert [withheld.widens, ReferenceSettings(form="difference", frames=1).widens, pair.widens] == [1, 1, 2]


def test_what_is_neutral_may_be_stated():
    stated = ReferenceSettings(form="withheld", neutral={"level": ["none", 0]})
    assert stated.stated_neutral == Neutral("level", ("none", 0))
    assert ReferenceSettings(**stated.model_dump()) == stated
    assert ReferenceSettings(form="withheld").stated_neutral is None


def test_it_says_what_a_head_reads():
    one = ReferenceSettings(form="difference", frames=1).describe()
    assert one == "the features of a face minus those of one neutral frame of the same person"
    wrong = ReferenceSettings(form="pair", frames=10, of="another").describe()
    assert wrong == (
        "the features of a face and beside them the mean of those of 10 neutral frames of another person (a control)"
    )
