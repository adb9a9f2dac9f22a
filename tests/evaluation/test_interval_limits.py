import pytest

from tests.evaluation.drawn import draw_predictions
from transferpain.evaluation.interval_limits import interval_limits
from transferpain.evaluation.resampling import read_answers

CLASSES = ("none", "low", "high")


def limits(having: int, subjects: int, score: float = 0.7) -> list[str]:
    """Return the limits of a run of which so many subjects have a clip of the last class."""
    table = draw_predictions((2, 2, 1), subjects=subjects)
    keep = (table["y_true"] < 2) | (table["subject"] < f"S{having:02d}")
    return interval_limits(read_answers(table[keep]), CLASSES, score)


@pytest.mark.parametrize(
    ("having", "subjects", "said"),
    [
        (2, 9, ["2 of 9 subjects have clips of high"]),
        (3, 9, []),
        (7, 26, ["7 of 26 subjects have clips of high"]),
        (5, 87, ["5 of 87 subjects have clips of high"]),
    ],
)
def test_a_class_of_few_subjects_who_are_fewer_than_a_third_is_named(having, subjects, said):
    assert limits(having, subjects) == said


@pytest.mark.parametrize("subjects", [25, 26, 87])
def test_with_eight_subjects_who_have_it_a_rare_class_is_no_limit(subjects):
    assert limits(8, subjects) == []


def test_without_an_interval_there_is_nothing_to_warn_of():
    assert limits(1, 7, 1.0) == []


def test_a_class_that_nobody_has_is_none():
    assert limits(0, 9) == []


@pytest.mark.parametrize(("score", "number"), [(0.949, 0), (0.95, 1), (1.0, 1), (float("nan"), 0)])
def test_nearly_faultless_answers_are_named(score, number):
    assert len(limits(9, 9, score)) == number
