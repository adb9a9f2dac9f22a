"""What the server makes of what clients send: arithmetic."""

import numpy as np
import pytest

from transferpain.strategies.federated.aggregate import drawn_clients, rounds_taken, weighted_mean

ONE = [np.array([[1.0, 2.0]], np.float32), np.array([4.0], np.float32)]
OTHER = [np.array([[5.0, 0.0]], np.float32), np.array([8.0], np.float32)]


def test_the_mean_counts_clients_by_their_rows():
    mean = weighted_mean([(ONE, 3), (OTHER, 1)])
    assert [one.tolist() for one in mean] == [[[2.0, 1.5]], [5.0]]  # (3 * 1 + 5) / 4, (3 * 2 + 0) / 4, (3 * 4 + 8) / 4
    assert {one.dtype for one in mean} == {np.dtype(np.float32)}


def test_the_weights_of_one_client_come_back_to_the_bit():
    random = np.random.default_rng(0)
    weights = [random.normal(size=(50, 7)).astype(np.float32)]
    (mean,) = weighted_mean([(weights, 12_345)])
    np.testing.assert_array_equal(mean, weights[0])


def test_equal_clients_give_what_each_of_them_has_and_their_order_counts_for_nothing():
    (alike,) = weighted_mean([([ONE[0]], 7), ([ONE[0]], 7), ([ONE[0]], 7)])
    np.testing.assert_array_equal(alike, ONE[0])
    for there, back in zip(
        weighted_mean([(ONE, 3), (OTHER, 1), (ONE, 2)]), weighted_mean([(OTHER, 1), (ONE, 2), (ONE, 3)]), strict=True
    ):
        np.testing.assert_array_equal(there, back)


@pytest.mark.parametrize(("updates", "reason"), [([], "no client"), ([(ONE, 0)], "one row at least, received 0")])
def test_nothing_to_average_is_refused(updates, reason):
    with pytest.raises(ValueError, match=reason):
        weighted_mean(updates)


@pytest.mark.parametrize(("share", "count"), [(1.0, 10), (0.33, 3), (0.01, 1)])
def test_a_share_of_the_clients_is_drawn_without_repetition_and_one_at_least(share, count):
    drawn = drawn_clients(10, share, (0, "fold"), 0)
    assert len(set(drawn)) == len(drawn) == count
    assert drawn == sorted(drawn)
    assert set(drawn) <= set(range(10))


def test_who_takes_part_depends_on_seed_fold_and_round_alone():
    rounds = [tuple(drawn_clients(20, 0.3, (0, "fold"), number)) for number in range(8)]
    assert rounds == [tuple(drawn_clients(20, 0.3, (0, "fold"), number)) for number in range(8)]
    assert len(set(rounds)) > 4
    assert rounds != [tuple(drawn_clients(20, 0.3, (1, "fold"), number)) for number in range(8)]


def test_rounds_are_counted_for_each_client():
    taken = rounds_taken(20, 0.3, (0, "fold"), 8)
    assert taken.sum() == 8 * 6
    assert rounds_taken(5, 1.0, (0, "fold"), 8).tolist() == [8] * 5
