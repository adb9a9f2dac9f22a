import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from tests.strategies.hybrid.test_boosting import SMALL
from transferpain.core.errors import UserError
from transferpain.strategies.hybrid.boosting import fit_boosting
from transferpain.strategies.hybrid.models import FaceMeasurements, fit_models
from transferpain.strategies.hybrid.settings import TITLES


def drawn_faces(people=12, rows=20, seed=0):
    """Return faces, answers, subjects and who the network knows: every other person, of whom it is certain."""
    random = np.random.default_rng(seed)
    subjects = np.repeat([f"s{person}" for person in range(people)], rows)
    is_pain = random.random(len(subjects)) < 0.4
    known = np.repeat(np.arange(people) % 2 == 0, rows)
    sure = np.where(is_pain, 9.0, -9.0)
    guess = random.normal(size=len(subjects))
    units = np.stack([1.5 * is_pain + random.normal(size=len(subjects)), random.normal(size=len(subjects))], axis=1)
    embedding = np.stack([np.where(known, sure, guess), random.normal(size=len(subjects))], axis=1)
    cnn = np.where(known, is_pain, random.random(len(subjects)))
    return FaceMeasurements(units, embedding, cnn.astype(float)), is_pain, subjects, known


@pytest.fixture(scope="module")
def fitted():
    faces, is_pain, subjects, known = drawn_faces()
    return fit_models(faces, is_pain, subjects, known, SMALL, seed=1)


def test_trees_do_not_trust_a_network_for_being_sure_of_people_it_knows(fitted):
    faces, is_pain, subjects, known = drawn_faces()
    trusting = fit_boosting(faces.joined[known], is_pain[known], subjects[known], SMALL, seed=1)
    new, answers, _, _ = drawn_faces(seed=5)
    nothing_known = FaceMeasurements(new.units, np.random.default_rng(0).normal(size=new.embedding.shape), new.cnn)
    honest = roc_auc_score(answers, fitted.answers(nothing_known)["hybrid"])
    assert honest > 0.75
    assert roc_auc_score(answers, trusting.probability(nothing_known.joined)) < 0.65


def test_each_model_is_fitted_on_whom_it_may_be(fitted):
    faces, is_pain, subjects, known = drawn_faces()
    alone = fit_boosting(faces.units, is_pain, subjects, SMALL, seed=1)
    np.testing.assert_array_equal(fitted.units.out_of_fold, alone.out_of_fold)
    assert len(fitted.hybrid.out_of_fold) == (~known).sum()
    assert fitted.cnn.score < 0.8  # on people it knows it would be 1
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
    faces, is_pain, _, _ = drawn_faces(seed=6)
    worth = fitted.importance(faces, is_pain, (4, 12), seed=0)
    assert set(worth) == {"units", "hybrid"}
    for by_unit in worth.values():
        assert by_unit[4].mean > 0.1 > abs(by_unit[12].mean)
    assert fitted.importance(faces, np.ones_like(is_pain), (4, 12), seed=0) == {}


def test_too_few_new_people_are_refused():
    faces, is_pain, subjects, known = drawn_faces(people=4)
    with pytest.raises(UserError, match="too few training subjects"):
        fit_models(faces, is_pain, subjects, known, SMALL, seed=0)
