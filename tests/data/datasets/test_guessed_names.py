import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transferpain.data.datasets.guessed_names import guess_labels, guess_subjects, strength

TWICE = (1, 2)


def guess(media):
    subjects = guess_subjects(media)
    return subjects, guess_labels(media, subjects)


@pytest.mark.parametrize(
    ("media", "people", "felt"),
    [
        ([f"P0{p}_{w}_{n}.mp4" for p in TWICE for w in ("pain", "rest") for n in TWICE], "P01 P02", "pain,rest"),
        ([f"sub-0{p}/ses-1/{w}.mp4" for p in TWICE for w in ("low", "high")], "sub-01 sub-02", "low,high"),
        ([f"{w}/s{p}-{n}.mp4" for p in TWICE for w in ("pain", "no_pain") for n in TWICE], "s1 s2", "pain,no pain"),
        ([f"{p}/{w}_{n}.mp4" for p in ("ann", "otto") for w in ("bl", "pa4") for n in TWICE], "ann otto", "bl,pa4"),
        ([f"day{d}/{p}/x{d}.mp4" for d in TWICE for p in ("ann", "otto", "zoë")], "ann otto zoë", ""),
        ([f"{p}_{w}_{n}.mp4" for p in ("an", "ot") for w in ("sad", "glad") for n in TWICE], "an ot", "sad,glad"),
        ([f"0{p}/nrs_{n}.mp4" for p in TWICE for n in (0, 3, 7)], "01 02", "0,3,7"),
        ([f"videos/{w}_{n}.mp4" for w in ("pain", "rest") for n in TWICE], "", "pain,rest"),
        ([f"GX01000{n}.mp4" for n in range(6)], "", ""),
        ([f"2023010{d}_{n}.mp4" for d in TWICE for n in TWICE], "", ""),
        (["p1/a.mp4", "P01/b.mp4", "P02/c.mp4", "other/d.mp4"], "p1 P02 ", ""),
        ([f"=1+1_{n}.mp4" for n in TWICE] + [f"@sum_{n}.mp4" for n in TWICE], "", ""),
    ],
)
def test_one_place_in_all_names_says_who_and_what(media, people, felt):
    subjects, labels = guess(media)
    assert set(subjects.values) == set(people.split(" "))
    assert set(labels.values) == set(felt.split(","))
    assert bool(subjects.where) == bool(people)


def test_a_name_that_says_two_things_says_nothing():
    media = ["P1_pain_low.mp4", "P1_rest.mp4", "P2_low_high.mp4", "P2_rest_2.mp4"]
    assert guess(media)[1].values == ("low", "rest", "", "rest")


@pytest.mark.parametrize(
    ("less", "more"),
    [("no pain", "pain"), ("rest", "mild"), ("BL1", "PA1"), ("PA3", "PA4"), ("0", "3.5"), ("low", "high")],
)
def test_labels_have_an_order(less, more):
    assert strength(less) < strength(more)


def test_other_labels_have_none():
    assert strength("sad") is None


@settings(max_examples=30)
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12), min_size=1, max_size=12))
def test_any_names_are_guessed_from(names):
    for guessed in guess(names):
        assert len(guessed.values) == len(names)
        assert not any(value.startswith(("=", "+", "@")) for value in guessed.values)
