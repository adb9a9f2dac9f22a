from dataclasses import replace

import numpy as np
import pytest
from sklearn.linear_model import Ridge
from sklearn.neighbors import KNeighborsClassifier

from benchmarks.permutations import DESIGNS, LEARNERS, Design, answer, counted, distances, draw_features, p_values

SMALL = Design(6, 4, 3, 3)


def refitted(model, features: np.ndarray, design: Design) -> np.ndarray:
    """Return the outputs of a model of scikit-learn that is fitted anew for each fold."""
    said = np.empty(len(features))
    for fold in range(design.folds):
        test = design.fold == fold
        said[test] = model.fit(features[~test], 2 * design.labels[~test] - 1).predict(features[test])
    return said


def test_the_closed_form_answers_as_ridge_regression_fitted_fold_by_fold():
    features = draw_features(SMALL, np.random.default_rng(0))
    said = refitted(Ridge(SMALL.features, fit_intercept=False), features, SMALL)
    answers = LEARNERS["linear"](features, SMALL.labels[np.newaxis], SMALL)
    assert answers[0].tolist() == (said > 0).astype(int).tolist()


@pytest.mark.parametrize(("learner", "neighbours"), [("neighbour", 1), ("vote", 5)])
def test_neighbours_are_those_of_other_folds(learner, neighbours):
    features = draw_features(SMALL, np.random.default_rng(1))
    said = refitted(KNeighborsClassifier(neighbours), features, SMALL)
    answers = LEARNERS[learner](features, SMALL.labels[np.newaxis], SMALL)
    assert answers[0].tolist() == (said > 0).astype(int).tolist()


def test_each_order_is_learned_anew():
    random = np.random.default_rng(2)
    features, orders = draw_features(SMALL, random), np.stack([SMALL.labels, SMALL.labels[::-1]])
    for learn in LEARNERS.values():
        both = learn(features, orders, SMALL)
        assert both.shape == orders.shape
        assert (both == np.concatenate([learn(features, one[np.newaxis], SMALL) for one in orders])).all()


def test_likes_are_nearest_to_each_other():
    design = replace(SMALL, alike=True, folds=6)
    near = distances(draw_features(design, np.random.default_rng(3))) + 1e9 * np.eye(len(design.labels))
    nearest = near.argmin(axis=1)
    assert (nearest[nearest] == np.arange(len(nearest))).all()
    assert (design.person[nearest] == (design.person ^ 1)).all()


def test_what_is_told_is_found_by_every_way_and_what_is_spread_less_often():
    told = p_values(replace(SMALL, people=12, told=2.0), 2, refits=True)
    assert set(told) == {"as given", "spread", "spread for signs", "Nadeau and Bengio", "refitted"}
    assert max(p.max() for p in told.values()) < 0.05
    plain = p_values(replace(SMALL, people=12, told=0.4), 5)
    above = plain["as given"] < 0.4
    assert above.any()
    assert (plain["as given"] <= plain["spread"])[above].all()
    assert (plain["spread"] <= plain["Nadeau and Bengio"])[above].all()


def test_orders_have_scores_of_their_own():
    _, scores = answer(SMALL, np.random.default_rng(4), orders=7)
    assert scores.shape == (7,)
    assert len(set(scores)) > 1


def test_a_share_has_its_exact_interval():
    found = counted(np.array([True] * 3 + [False] * 97))
    assert (found["share"], found["low"], found["high"]) == pytest.approx((0.03, 0.00623, 0.08518), abs=1e-5)


def test_designs_have_as_many_clips_of_each_class():
    for design in DESIGNS.values():
        assert len(set(np.bincount(design.labels))) == 1
        assert design.clips % design.classes == 0
