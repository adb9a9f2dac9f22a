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
    [(2, 9, ["2 of 9 subjects have clips of high"]), (3, 9, []), (8, 25, ["8 of 25 subjects have clips of high"])],
)
def test_a_class_of_fewer_than_a_third_of_the_subjects_is_named(having, subjects, said):
    assert limits(having, subjects) == said


def test_with_many_subjects_a_rare_class_is_no_limit():
    assert limits(5, 26) == []


def test_a_class_that_nobody_has_is_none():
    assert limits(0, 9) == []


@pytest.mark.parametrize(("score", "number"), [(0.949, 0), (0.95, 1), (1.0, 1), (float("nan"), 0)])
def test_nearly_faultless_answers_are_named(score, number):
    assert len(limits(9, 9, score)) == number
