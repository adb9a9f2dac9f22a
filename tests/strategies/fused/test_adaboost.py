import numpy as np
import pytest

from transferpain.core.errors import UserError
from transferpain.strategies.fused.adaboost import adaboost_probabilities, fit_adaboost
from transferpain.strategies.fused.settings import AdaBoostHead

HEAD = AdaBoostHead(kind="adaboost")


def drawn(rows: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return embeddings in which the sum of two columns tells three classes apart, as far as noise lets it."""
    random = np.random.default_rng(seed)
    y = np.arange(rows) % 3
    embedding = random.normal(size=(rows, 6))
    embedding[:, 0] += y
    embedding[:, 1] += 2 * y
    return embedding, y


def test_it_tells_apart_what_it_was_not_fitted_on():
    trees = fit_adaboost(*drawn(150, 0), np.ones(150), HEAD, seed=0)
    assert trees.estimator.max_depth == 3  # protocols 1.3
    assert (trees.n_estimators, trees.learning_rate) == (50, 0.5)
    embedding, y = drawn(90, 1)
    probabilities = adaboost_probabilities(trees, embedding, 3)
    assert probabilities.shape == (90, 3)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    assert (probabilities.argmax(axis=1) == y).mean() > 0.7


def test_a_class_that_it_was_never_shown_gets_nothing():
    embedding, y = drawn(60, 0)
    shown = y != 1
    trees = fit_adaboost(embedding[shown], y[shown], np.ones(shown.sum()), HEAD, seed=0)
    probabilities = adaboost_probabilities(trees, embedding, 4)
    assert (probabilities[:, [1, 3]] == 0).all()
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)


def test_weights_count():
    embedding, y = drawn(60, 0)
    even, uneven = (fit_adaboost(embedding, y, weights, HEAD, 0) for weights in (np.ones(60), np.where(y == 2, 50, 1)))
    answers = [adaboost_probabilities(trees, embedding * 0, 3)[0] for trees in (even, uneven)]
    assert not np.allclose(*answers)


def test_the_same_seed_gives_the_same_trees():
    embedding, y = drawn(60, 0)
    one, same = (adaboost_probabilities(fit_adaboost(embedding, y, np.ones(60), HEAD, 3), embedding, 3) for _ in "ab")
    np.testing.assert_array_equal(one, same)


def test_one_class_alone_is_refused():
    with pytest.raises(UserError, match=r"nothing to tell apart(.|\n)*selection_share"):
        fit_adaboost(np.zeros((4, 2)), np.ones(4, int), np.ones(4), HEAD, 0)
