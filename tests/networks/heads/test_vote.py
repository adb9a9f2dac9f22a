from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from transferpain.networks.heads.vote import majority_vote

PRIOR = np.array([0.2, 0.4, 0.4])


def vote(rows, found=None, prior=PRIOR):
    rows = np.array(rows, dtype=float)
    return majority_vote(rows, np.ones(len(rows), bool) if found is None else np.array(found), prior)


def test_most_votes_win_against_the_higher_mean():
    answer = vote([[0.4, 0.3, 0.3], [0.4, 0.3, 0.3], [0.0, 1.0, 0.0]])
    assert answer.y_pred == 0
    assert answer.probabilities == pytest.approx([0.8 / 3, 1.6 / 3, 0.2])
    assert answer.coverage == 1.0


def test_tie_goes_to_the_higher_mean_probability():
    assert vote([[0.6, 0.1, 0.3], [0.1, 0.0, 0.9]]).y_pred == 2


def test_a_class_without_the_most_votes_cannot_win_a_tie():
    # class 2 has the highest mean, yet only classes 0 and 1 share the most votes
    rows = [[0.52, 0.0, 0.48], [0.52, 0.0, 0.48], [0.0, 0.51, 0.49], [0.0, 0.51, 0.49], [0.0, 0.0, 1.0]]
    assert vote(rows).y_pred == 0


def test_full_tie_goes_to_the_lower_class():
    assert vote([[0.1, 0.2, 0.7], [0.1, 0.7, 0.2]]).y_pred == 1


def test_only_found_frames_vote():
    nan = [np.nan] * 3
    answer = vote([[0.1, 0.8, 0.1], nan, nan, [0.9, 0.1, 0.0]], found=[True, False, False, False])
    assert answer.y_pred == 1
    assert answer.probabilities == pytest.approx([0.1, 0.8, 0.1])
    assert answer.coverage == 0.25


def test_no_face_gives_the_prior_and_coverage_zero():
    answer = vote([[1.0, 0.0, 0.0]] * 3, found=[False] * 3)
    assert (answer.y_pred, answer.coverage) == (1, 0.0)
    assert answer.probabilities == pytest.approx(PRIOR)


def test_clip_without_a_frame_gives_the_prior():
    answer = majority_vote(np.empty((0, 3)), np.empty(0, bool), PRIOR)
    assert (answer.y_pred, answer.coverage) == (1, 0.0)


@pytest.mark.parametrize("shape", [(4, 2), (3, 3), (4,)])
def test_refuses_shapes_that_do_not_agree(shape):
    with pytest.raises(ValueError, match="Received"):
        majority_vote(np.zeros(shape), np.ones(4, bool), PRIOR)


@st.composite
def clips(draw) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw probabilities `(frames, classes)`, which frames have a face, and a prior."""
    shape = draw(st.tuples(st.integers(0, 12), st.integers(2, 5)))
    # Few values, so that ties are common.
    weights = draw(arrays.arrays(float, shape, elements=st.sampled_from([0.0, 0.25, 0.5, 1.0])))
    found = draw(arrays.arrays(bool, shape[0]))
    prior = draw(arrays.arrays(float, shape[1], elements=st.sampled_from([0.1, 0.2, 0.7])))
    return weights, found, prior


@given(clips(), st.data())
def test_the_vote_hangs_on_found_frames_alone_and_not_on_their_order(clip, data):
    probabilities, found, prior = clip
    answer = majority_vote(probabilities, found, prior)
    order = np.array(data.draw(st.permutations(range(len(found)))), dtype=int)
    noise = np.where(found[:, None], probabilities, np.nan)
    again = majority_vote(noise[order], found[order], prior)
    assert (again.y_pred, again.coverage) == (answer.y_pred, answer.coverage)
    assert again.probabilities == pytest.approx(answer.probabilities)


@given(clips())
def test_the_winner_has_the_most_votes_and_of_those_the_highest_mean(clip):
    probabilities, found, prior = clip
    answer = majority_vote(probabilities, found, prior)
    assert answer.coverage == (np.mean(found) if found.any() else 0)
    if not found.any():
        assert answer.y_pred == max(range(len(prior)), key=lambda number: (prior[number], -number))
        return
    ballots = Counter(int(row.argmax()) for row in probabilities[found])
    means = probabilities[found].mean(axis=0)
    ranks = [(ballots[number], means[number], -number) for number in range(len(prior))]
    assert answer.y_pred == ranks.index(max(ranks))
