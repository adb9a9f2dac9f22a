import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from tests.strategies.hybrid.test_boosting import SMALL
from transferpain.core.errors import UserError
from transferpain.strategies.hybrid.boosting import fit_boosting
from transferpain.strategies.hybrid.models import FaceMeasurements, fit_models
from transferpain.strategies.hybrid.settings import TITLES


def drawn_faces(people=12, rows=20, seed=0, known=False):
    """Return faces, answers and subjects; a network that learned from these people is certain, another one guesses."""
    random = np.random.default_rng(seed)
    subjects = np.repeat([f"s{person}" for person in range(people)], rows)
    is_pain = random.random(len(subjects)) < 0.4
    sure = np.where(is_pain, 9.0, -9.0)
    guess = random.normal(size=len(subjects))
    units = np.stack([1.5 * is_pain + random.normal(size=len(subjects)), random.normal(size=len(subjects))], axis=1)
    embedding = np.stack([sure if known else guess, random.normal(size=len(subjects))], axis=1)
    cnn = is_pain.astype(float) if known else random.random(len(subjects))
    return FaceMeasurements(units, embedding, cnn), is_pain, subjects


@pytest.fixture(scope="module")
def fitted():
    return fit_models(*drawn_faces(), SMALL, seed=1)


def test_trees_trust_a_network_that_is_sure_because_it_knows_the_people(fitted):
    # Why nobody's embedding may come from a network that learned from them.
    new, answers, _ = drawn_faces(seed=5)
    trusting = fit_models(*drawn_faces(known=True), SMALL, seed=1)
    assert roc_auc_score(answers, fitted.answers(new)["hybrid"]) > 0.75
    assert roc_auc_score(answers, trusting.answers(new)["hybrid"]) < 0.65
    assert fitted.cnn.score < 0.8 < trusting.cnn.score == 1


def test_all_three_models_learn_from_the_same_people(fitted):
    faces, is_pain, subjects = drawn_faces()
    alone = fit_boosting(faces.units, is_pain, subjects, SMALL, seed=1)
    np.testing.assert_array_equal(fitted.units.out_of_fold, alone.out_of_fold)
    assert len(fitted.hybrid.out_of_fold) == len(fitted.units.out_of_fold) == len(subjects)
    assert list(fitted.thresholds) == list(TITLES)


def test_a_model_that_cannot_look_gives_no_answer(fitted):
    faces, *_ = drawn_faces()
    some = faces.rows(np.arange(3))
    some.units[0], some.embedding[1], some.cnn[1] = np.nan, np.nan, np.nan
    answers = fitted.answers(some)
    assert {name: np.isnan(values).tolist() for name, values in answers.items()} == {
        "units": [True, False, False],
        "cnn": [False, True, False],
        "hybrid": [True, True, False],
    }
    assert some.seen.tolist() == [False, False, True]


def test_the_unit_that_tells_pain_is_worth_most(fitted):
    faces, is_pain, _ = drawn_faces(seed=6)
    worth = fitted.importance(faces, is_pain, (4, 12), seed=0)
    assert set(worth) == {"units", "hybrid"}
    for by_unit in worth.values():
        assert by_unit[4].mean > 0.1 > abs(by_unit[12].mean)
    assert fitted.importance(faces, np.ones_like(is_pain), (4, 12), seed=0) == {}


def test_too_few_people_are_refused():
    with pytest.raises(UserError, match="too few training subjects"):
        fit_models(*drawn_faces(people=2), SMALL, seed=0)
