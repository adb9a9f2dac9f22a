import os
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from transferpain.core.contracts import LabelMode
from transferpain.core.errors import UserError
from transferpain.data.datasets.ferplus import VOTES
from transferpain.data.datasets.index import read_index
from transferpain.data.tasks.ferplus_votes import accepted_votes, label_distributions

MODES = get_args(LabelMode)
NEUTRAL, HAPPINESS, SURPRISE, SADNESS, ANGER, DISGUST, FEAR, CONTEMPT, UNKNOWN, NO_FACE = range(10)


def row(**votes: int) -> np.ndarray:
    names = [name.lower() for name in VOTES]
    result = np.zeros((1, 10), dtype=int)
    for name, count in votes.items():
        result[0, names.index(name)] = count
    return result


def target(votes: np.ndarray, mode: str) -> dict[int, float] | None:
    """Return the target of one row as {class: value}, or None where it is dropped."""
    kept, targets = label_distributions(votes, mode)
    assert targets.shape == (1, 8)
    assert targets.dtype == np.float32
    values = {index: pytest.approx(float(value)) for index, value in enumerate(targets[0]) if value}
    assert kept[0] == bool(values)
    return values or None


def test_single_votes_are_outliers_in_every_mode():
    votes = row(neutral=8, anger=1, unknown=1)
    for mode in MODES:
        assert target(votes, mode) == {NEUTRAL: 1.0}


def test_majority_needs_more_than_half_of_what_is_left():
    assert target(row(neutral=5, sadness=3, anger=2), "majority") is None
    assert target(row(neutral=5, sadness=3, anger=1, fear=1), "majority") == {NEUTRAL: 1.0}
    assert target(row(neutral=5, unknown=5), "majority") is None
    assert target(row(neutral=6, nf=4), "majority") == {NEUTRAL: 1.0}


def test_unknown_or_no_face_on_top_drops_the_row():
    for mode in MODES:
        assert target(row(neutral=2, unknown=8), mode) is None
        assert target(row(nf=10), mode) is None


def test_distribution_stops_at_three_quarters():
    assert target(row(neutral=6, sadness=2, fear=2), "crossentropy") == {NEUTRAL: 0.6, SADNESS: 0.2, FEAR: 0.2}
    assert target(row(neutral=8, sadness=2), "crossentropy") == {NEUTRAL: 1.0}
    assert target(row(neutral=5, sadness=3, fear=2), "crossentropy") == {NEUTRAL: 0.625, SADNESS: 0.375}


def test_distribution_takes_ties_together_and_three_at_most():
    assert target(row(neutral=4, sadness=2, fear=2, anger=2), "crossentropy") is None
    assert target(row(neutral=4, sadness=3, fear=3), "crossentropy") == {NEUTRAL: 0.4, SADNESS: 0.3, FEAR: 0.3}


def test_distribution_ends_before_unknown():
    assert target(row(neutral=6, unknown=2, sadness=2), "crossentropy") == {NEUTRAL: 0.75, SADNESS: 0.25}
    assert target(row(neutral=6, unknown=4), "crossentropy") == {NEUTRAL: 1.0}
    assert target(row(neutral=4, unknown=3, sadness=3), "crossentropy") == {NEUTRAL: 4 / 7, SADNESS: 3 / 7}
    assert target(row(neutral=4, unknown=4, sadness=2), "crossentropy") is None


def test_distribution_needs_more_than_half_of_the_votes():
    assert target(row(neutral=5, unknown=3, sadness=2), "crossentropy") is None


def test_multi_target_accepts_from_thirty_percent_on_as_equal():
    assert target(row(neutral=4, sadness=3, fear=3), "multi_target") == {NEUTRAL: 1, SADNESS: 1, FEAR: 1}
    assert target(row(neutral=6, sadness=2, fear=2), "multi_target") == {NEUTRAL: 1}
    assert target(row(neutral=4, sadness=2, fear=2, anger=2), "multi_target") is None
    assert target(row(neutral=5, unknown=5), "multi_target") == {NEUTRAL: 1}


def test_probability_and_crossentropy_share_their_distribution():
    votes = np.random.default_rng(0).multinomial(10, [0.1] * 10, size=500)
    for one, other in zip(
        label_distributions(votes, "probability"), label_distributions(votes, "crossentropy"), strict=True
    ):
        assert np.array_equal(one, other)


def test_rows_without_votes_are_dropped():
    for mode in MODES:
        assert target(np.zeros((1, 10), dtype=int), mode) is None
        assert target(np.ones((1, 10), dtype=int), mode) is None


@pytest.mark.parametrize("mode", MODES)
@given(votes=st.lists(st.lists(st.integers(0, 10), min_size=10, max_size=10), min_size=1, max_size=20))
def test_targets_are_well_formed_whatever_the_votes(mode, votes):
    votes = np.array(votes)
    kept, targets = label_distributions(votes, mode)
    assert np.isfinite(targets).all()
    assert not targets[~kept].any()
    assert not targets[votes[:, :8] < 2].any()
    if mode == "multi_target":
        assert set(np.unique(targets)) <= {0.0, 1.0}
        assert targets[kept].any(axis=1).all()
    else:
        assert np.allclose(targets[kept].sum(axis=1), 1)
    # A kept row's most voted class is an emotion, and it is accepted.
    assert (targets[kept, votes[kept].argmax(axis=1)] > 0).all()


@pytest.mark.parametrize("votes", [np.zeros((3, 8), int), np.zeros(10, int), np.full((1, 10), -1)])
def test_wrong_votes_are_refused(votes):
    with pytest.raises(UserError, match="Ten columns"):
        label_distributions(votes, "majority")


def test_unknown_mode_lists_the_known():
    with pytest.raises(UserError, match=r"multi_target(.|\n)*soft"):
        label_distributions(np.zeros((1, 10), int), "soft")


# Counts from the official fer2013new.csv: kept rows and rows by top class.
OFFICIAL = {
    ("majority", "train"): (25060, [8740, 7287, 3149, 3014, 2100, 119, 532, 119]),
    ("majority", "validation"): (3199, [1182, 865, 415, 351, 287, 24, 62, 13]),
    ("majority", "test"): (3153, [1090, 893, 396, 384, 273, 18, 83, 16]),
    ("crossentropy", "train"): (27956, [10122, 7503, 3524, 3430, 2407, 169, 641, 160]),
    ("crossentropy", "validation"): (3505, [1317, 897, 450, 401, 314, 31, 72, 23]),
    ("crossentropy", "test"): (3505, [1251, 925, 435, 435, 320, 22, 92, 25]),
    ("probability", "train"): (27956, [10122, 7503, 3524, 3430, 2407, 169, 641, 160]),
    ("probability", "validation"): (3505, [1317, 897, 450, 401, 314, 31, 72, 23]),
    ("probability", "test"): (3505, [1251, 925, 435, 435, 320, 22, 92, 25]),
    ("multi_target", "train"): (27671, [10071, 7492, 3486, 3399, 2327, 153, 598, 145]),
    ("multi_target", "validation"): (3472, [1307, 893, 446, 400, 307, 30, 71, 18]),
    ("multi_target", "test"): (3472, [1243, 921, 438, 434, 302, 21, 90, 23]),
}


@pytest.fixture(scope="module")
def real_clips(tmp_path_factory):
    if "TRANSFERPAIN_FER2013" not in os.environ:
        pytest.skip("TRANSFERPAIN_FER2013 names no folder with the real fer2013.csv and fer2013new.csv")
    folder = Path(os.environ["TRANSFERPAIN_FER2013"])
    return read_index("ferplus", folder, tmp_path_factory.mktemp("cache")).clips


@pytest.mark.slow
@pytest.mark.parametrize(("mode", "split"), OFFICIAL)
def test_real_votes_give_the_official_counts(real_clips, mode, split):
    votes = real_clips.loc[real_clips["split"] == split, list(VOTES)].to_numpy()
    if not len(votes):
        pytest.skip(f"this copy has no {split} rows")
    kept, accepted = accepted_votes(votes, mode)
    top = np.bincount(accepted[kept].argmax(axis=1), minlength=8)
    assert (kept.sum(), top.tolist()) == OFFICIAL[mode, split]
