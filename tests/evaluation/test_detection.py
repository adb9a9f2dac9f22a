"""Pain from a level on: areas and thresholds by hand and against scikit-learn, without a look at tested answers."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import f1_score, roc_auc_score

from transferpain.evaluation.detection import NO_THRESHOLD, ONE_KIND, best_threshold, detect, expected_levels

LEVELS = 4


def table(y_true, expected, subjects=None, fold="a", seed=0) -> pd.DataFrame:
    """Return predictions whose expected levels are given: the levels beside them share the probability."""
    y_true, expected = np.asarray(y_true), np.asarray(expected, float)
    low = np.minimum(np.floor(expected).astype(int), LEVELS - 2)
    shares = np.zeros((len(expected), LEVELS))
    rows = np.arange(len(expected))
    shares[rows, low], shares[rows, low + 1] = 1 - (expected - low), expected - low
    found = pd.DataFrame(shares, columns=[f"p_{level}" for level in range(LEVELS)])
    subjects = rows if subjects is None else subjects
    return found.assign(
        **{"dataset": "drawn", "subject": [f"s{one}" for one in subjects], "clip": [f"c{row}" for row in rows]},
        **{"frame": -1, "fold": fold, "seed": seed, "coverage": 1.0},
        y_true=pd.array(y_true, dtype="Int64"),
        y_pred=shares.argmax(axis=1),
    )


def drawn(rows: int, seed: int, **settings) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    y_true = random.integers(0, LEVELS, rows)
    expected = np.clip(y_true + random.normal(0, 1, rows), 0, LEVELS - 1)
    return table(y_true, expected, subjects=np.arange(rows) % 12, **settings)


def test_expected_levels_are_sums_of_levels_and_probabilities():
    np.testing.assert_allclose(expected_levels(table([0, 3], [0.25, 2.5])), [0.25, 2.5])


@pytest.mark.parametrize("level", [1, 2, 3])
def test_area_and_f1_are_those_of_scikit_learn(level):
    tested, selected = drawn(120, seed=0), drawn(60, seed=1)
    found = detect(tested, selected, level)
    reached, expected = tested["y_true"].to_numpy(int) >= level, expected_levels(tested)
    assert found.auroc.value == pytest.approx(roc_auc_score(reached, expected))
    (threshold,) = found.thresholds
    assert found.f1.value == pytest.approx(f1_score(reached, expected >= threshold))
    assert found.share == pytest.approx(reached.mean())
    assert found.auroc.low < found.auroc.value < found.auroc.high


def test_the_threshold_is_that_of_the_highest_f1_of_the_lowest_of_several():
    # At .4 both painful samples and one painless one, F1 .8; at .6 one of two, F1 2/3; at .1 all, F1 2/3.
    assert best_threshold(np.array([False, False, True, True]), np.array([0.1, 0.5, 0.4, 0.6])) == 0.4
    # Both 1 and 2 give F1 1: nothing lies between them.
    assert best_threshold(np.array([False, True, True]), np.array([0.0, 1.0, 2.0])) == 1.0


def test_each_fold_and_seed_has_a_threshold_of_its_own_selection():
    selected = pd.concat([table([0, 2], [0.2, 0.4], fold="a"), table([0, 2], [1.5, 2.5], fold="b")], ignore_index=True)
    tested = pd.concat([table([0, 2], [0.3, 0.5], fold="a"), table([0, 2], [2.0, 2.6], fold="b")], ignore_index=True)
    tested["clip"] = [f"c{row}" for row in range(4)]
    found = detect(tested, selected, 1)
    assert found.thresholds == pytest.approx((0.4, 2.5))
    assert found.f1.value == 1.0


def test_tested_answers_do_not_choose_the_threshold():
    selected = drawn(60, seed=1)
    one, other = (detect(drawn(120, seed=seed), selected, 2) for seed in (2, 3))
    assert one.thresholds == other.thresholds


def test_without_both_kinds_there_is_a_reason_and_no_figure():
    tested = table([0, 0, 0], [0.1, 0.2, 0.3])
    found = detect(tested, tested, 1)
    assert np.isnan(found.auroc.value)
    assert np.isnan(found.f1.value)
    assert found.auroc.reason == ONE_KIND


@pytest.mark.parametrize("selected", [table([0, 0], [0.1, 2.0]), drawn(4, seed=0).head(0), drawn(40, seed=0, fold="b")])
def test_without_a_threshold_there_is_an_area_alone(selected):
    found = detect(drawn(120, seed=0), selected, 1)
    assert 0.5 < found.auroc.value < 1
    assert np.isnan(found.f1.value)
    assert found.f1.reason == NO_THRESHOLD


@pytest.mark.parametrize("seed", range(5))
def test_no_threshold_gives_a_higher_f1(seed):
    random = np.random.default_rng(seed)
    reached, expected = random.random(40) < 0.3, np.round(random.random(40), 1)
    scores = {one: f1_score(reached, expected >= one) for one in np.unique(expected)}
    chosen = best_threshold(reached, expected)
    assert scores[chosen] == pytest.approx(max(scores.values()))
    assert chosen == min(one for one, score in scores.items() if np.isclose(score, scores[chosen]))
