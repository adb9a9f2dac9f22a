import numpy as np
import pytest

from transferpain.evaluation.ranks import critical_difference, nemenyi_q, rank_runs


def ordered(subjects: int, runs: int = 4, noise: float = 0.0) -> np.ndarray:
    """Scores that fall from run to run."""
    return -np.arange(runs) + noise * np.random.default_rng(0).normal(size=(subjects, runs))


@pytest.mark.parametrize(
    ("runs", "q"), zip(range(2, 11), [1.960, 2.344, 2.569, 2.728, 2.850, 2.948, 3.031, 3.102, 3.164], strict=True)
)
def test_q_of_the_reference(runs, q):
    assert nemenyi_q(runs) == pytest.approx(q, abs=5e-4)


@pytest.mark.parametrize(("runs", "subjects", "distance"), [(4, 25, 0.938), (5, 87, 0.654), (4, 12, 1.354)])
def test_critical_difference_of_the_reference(runs, subjects, distance):
    assert critical_difference(runs, subjects) == pytest.approx(distance, abs=5e-4)


def test_friedman_by_hand():
    """All 12 subjects agree on 4 runs: chi-squared 12 N / (k (k + 1)) (30 - k (k + 1)^2 / 4) = 36, 3 degrees."""
    test = rank_runs(ordered(12), list("abcd"))
    assert test.p == pytest.approx(7.4846e-8, rel=1e-3)
    assert test.mean_ranks == {"a": 1, "b": 2, "c": 3, "d": 4}
    # 1.354 apart: neighbours are not, all others are.
    assert test.different == (("a", "c"), ("a", "d"), ("b", "d"))


def test_no_pair_is_singled_out_without_a_difference():
    test = rank_runs(np.random.default_rng(3).normal(size=(30, 4)), list("abcd"))
    assert test.p > 0.05
    assert test.different == ()
    assert "no pair" in test.reason


def test_equal_scores_share_their_rank():
    scores = np.tile([0.3, 0.1 + 0.2, 0.1], (12, 1))  # the first two differ in the last bit only
    assert rank_runs(scores, list("abc")).mean_ranks == {"a": 1.5, "b": 1.5, "c": 3}


def test_pairs_of_equal_runs_are_seldom_told_apart():
    generator = np.random.default_rng(0)
    found = sum(bool(rank_runs(generator.normal(size=(20, 4)), list("abcd")).different) for _ in range(300))
    assert found <= 25  # 15 are expected at most


@pytest.mark.parametrize(
    ("scores", "reason"),
    [
        (ordered(10), "10 subjects"),
        (ordered(20, runs=2), "2 runs"),
        (np.ones((20, 3)), "same score in all runs"),
        (np.empty((0, 3)), "0 subjects"),
    ],
)
def test_what_the_sample_does_not_support_is_refused(scores, reason):
    test = rank_runs(scores, list("abcd")[: scores.shape[1]])
    assert (test.p, test.critical_difference, test.different) == (None, None, ())
    assert reason in test.reason


@pytest.mark.parametrize("scores", [np.ones((12, 3)), np.full((12, 2), np.nan), np.ones(2)])
def test_scores_must_fit_the_names(scores):
    with pytest.raises(ValueError, match="Received"):
        rank_runs(scores, ["a", "b"])
