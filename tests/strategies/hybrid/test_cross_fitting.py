import numpy as np
import pytest

from transferpain.core.errors import UserError
from transferpain.strategies.hybrid.cross_fitting import deal

SUBJECTS = np.repeat([f"s{number}" for number in range(9)], 4)
IS_PAIN = np.tile([0, 0, 0, 1], 9)


def test_each_subject_is_in_one_part_and_the_others_have_both_answers():
    parts = deal(IS_PAIN, SUBJECTS, 3, seed=1)
    assert sorted(np.concatenate(parts)) == list(range(len(SUBJECTS)))
    for rows in parts:
        assert not set(SUBJECTS[rows]) & set(np.delete(SUBJECTS, rows))
        assert set(np.delete(IS_PAIN, rows)) == {0, 1}
    again = deal(IS_PAIN, SUBJECTS, 3, seed=1)
    assert all(np.array_equal(one, other) for one, other in zip(parts, again, strict=True))


def test_too_few_people_with_an_answer_are_refused():
    one_in_pain = np.where(SUBJECTS == "s3", IS_PAIN, 0)
    with pytest.raises(UserError, match=r"1 with pain, 9 without(.|\n)*Lower head.cross_fitting"):
        deal(one_in_pain, SUBJECTS, 2, seed=0)
