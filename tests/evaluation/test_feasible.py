import pytest
from statsmodels.stats.power import TTestPower

from transferpain.evaluation.feasible import feasible, power_in_words, smallest_effect, too_few


def named(*subjects):
    return {str(place): number for place, number in enumerate(subjects)}


@pytest.mark.parametrize(("subjects", "able"), [(5, False), (6, True), (0, False), (26, True)])
def test_a_single_test_needs_six_subjects(subjects, able):
    assert feasible({"test": subjects}) == ({"test"} if able else set())


def test_tests_of_too_few_subjects_leave_the_family_and_spare_the_others():
    assert feasible(named(5, 5, 5, 26)) == {"3"}


def test_a_family_of_many_needs_more_subjects_for_each():
    """2 / 2^8 is .0078: six such tests hold together, seven do not; one of more subjects does not help them."""
    assert feasible(named(*[8] * 6)) == set(named(*[8] * 6))
    assert feasible(named(*[8] * 7)) == set()
    assert feasible(named(*[8] * 7, 26)) == {"7"}


def test_a_family_of_which_no_test_is_feasible_is_empty():
    assert feasible(named(5, 3, 0)) == set()
    assert feasible({}) == set()


def test_a_test_whose_subjects_are_not_known_stays_and_counts():
    assert feasible(named(None, 26)) == {"0", "1"}
    assert feasible(named(None, 6)) == {"0"}


def test_the_smallest_effect_is_that_of_a_paired_t_test():
    for subjects, tests in ((8, 1), (26, 1), (26, 28), (87, 12)):
        expected = TTestPower().solve_power(nobs=subjects, alpha=0.05 / tests, power=0.8)
        assert smallest_effect(subjects, tests) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize(("subjects", "tests"), [(0, 1), (1, 1), (5, 1), (8, 7)])
def test_where_no_outcome_counts_there_is_no_smallest_effect(subjects, tests):
    assert smallest_effect(subjects, tests) is None


def test_words_name_the_numbers_and_the_assumption():
    words = power_in_words([26, 12, 12], 3)
    assert "12 subjects: 0.89 s, which is 0.133 alone" in words
    assert "26 subjects: 0.57 s, which is 0.086 alone" in words
    assert "assumed to be 0.15" in words
    assert too_few(1).startswith("1 subject: the smallest p that they can give is 1,")
