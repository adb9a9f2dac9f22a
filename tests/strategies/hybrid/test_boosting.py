import numpy as np
import pytest
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.metrics import roc_auc_score
from sklearn.preprocessing import StandardScaler

from transferpain.core.errors import UserError
from transferpain.data.synthetic.camera import UNBC
from transferpain.data.synthetic.settings import TwinSettings
from transferpain.data.synthetic.unbc import code, plan_unbc, score
from transferpain.data.synthetic.videos import draw_clip, seat_person
from transferpain.inputs.action_units.measured import stack
from transferpain.inputs.action_units.measures import estimate
from transferpain.inputs.action_units.mesh import load_still_mesh, stack_meshes
from transferpain.inputs.action_units.units import UNITS
from transferpain.strategies.hybrid.boosting import fit_boosting, join
from transferpain.strategies.hybrid.settings import BoostingSettings

SMALL = BoostingSettings(learning_rates=(0.1,), estimators=(20,), depths=(1, 2), folds=3)


def people(number, rows=12, seed=0, signal=1.5):
    """Return features, answers and subjects: the first column rises with pain, the second is each person's own."""
    random = np.random.default_rng(seed)
    subjects = np.repeat([f"s{person}" for person in range(number)], rows)
    is_pain = random.random(len(subjects)) < 0.4
    own = np.repeat(random.normal(size=number), rows)
    features = np.stack([signal * is_pain + random.normal(size=len(subjects)), own], axis=1)
    return features, is_pain, subjects


def test_new_people_are_told_apart_and_the_same_seed_gives_the_same_numbers():
    features, is_pain, subjects = people(9)
    fitted = fit_boosting(features, is_pain, subjects, SMALL, seed=1)
    again = fit_boosting(features, is_pain, subjects, SMALL, seed=1)
    new, answers, _ = people(9, seed=5)
    assert roc_auc_score(answers, fitted.probability(new)) > 0.75
    np.testing.assert_array_equal(fitted.probability(new), again.probability(new))
    np.testing.assert_array_equal(fitted.out_of_fold, again.out_of_fold)


def test_the_paper_s_model_is_scaled_gradient_boosting():
    features, is_pain, subjects = people(4)
    paper = BoostingSettings(learning_rates=(0.03,), estimators=(200,), depths=(3,), folds=2)
    fitted = fit_boosting(features, is_pain, subjects, paper, seed=4)
    scaler = StandardScaler().fit(features)
    reference = GradientBoostingClassifier(learning_rate=0.03, n_estimators=200, max_depth=3, random_state=4)
    reference.fit(scaler.transform(features), is_pain)
    expected = reference.predict_proba(scaler.transform(features))[:, 1]
    np.testing.assert_allclose(fitted.probability(features), expected)


def test_splits_may_look_at_some_of_the_columns():
    features, is_pain, subjects = people(6)
    # Behind many columns without a meaning: of 101, each split sees 10.
    noise = np.random.default_rng(1).normal(size=(len(features), 99))
    settings = SMALL.model_copy(update={"columns": "sqrt"})
    fitted = fit_boosting(np.hstack([noise, features]), is_pain, subjects, settings, seed=0)
    again = fit_boosting(np.hstack([noise, features]), is_pain, subjects, settings, seed=0)
    assert fitted.model.trees.max_features_ == 10
    assert roc_auc_score(is_pain, fitted.out_of_fold) > 0.6
    np.testing.assert_array_equal(fitted.out_of_fold, again.out_of_fold)


def test_out_of_fold_answers_know_nothing_of_their_subject():
    # Each person's own column names the person, and a person's answers are all alike: without grouping, the column
    # would give every answer away.
    subjects = np.repeat(np.arange(20), 10)
    is_pain = np.repeat(np.arange(20) % 2 == 0, 10)
    features = np.repeat(np.random.default_rng(3).normal(size=20), 10)[:, None]
    deep = SMALL.model_copy(update={"depths": (3,), "estimators": (50,)})
    fitted = fit_boosting(features, is_pain, subjects, deep, seed=0)
    assert roc_auc_score(is_pain, fitted.probability(features)) > 0.95
    assert roc_auc_score(is_pain, fitted.out_of_fold) < 0.75


def test_the_search_takes_what_answers_unseen_people_best():
    # Pain is where both columns are high or both are low: trees of depth 1 cannot tell.
    random = np.random.default_rng(2)
    features = random.normal(size=(240, 2))
    is_pain = (features > 0).all(axis=1) | (features < 0).all(axis=1)
    fitted = fit_boosting(features, is_pain, np.repeat(np.arange(12), 20), SMALL, seed=0)
    assert fitted.chosen["max_depth"] == 2


def test_faces_that_were_not_measured_get_the_prior_and_are_not_fitted_on():
    features, is_pain, subjects = people(9)
    features[::6] = np.nan
    fitted = fit_boosting(features, is_pain, subjects, SMALL, seed=0)
    probability = fitted.probability(features)
    assert fitted.prior == pytest.approx(is_pain.mean())
    assert (probability[::6] == fitted.prior).all()
    assert np.isfinite(fitted.out_of_fold).all()
    assert len(np.unique(probability[1::6])) > 3
    assert (fitted.probability(np.full((3, 2), np.nan)) == fitted.prior).all()


def test_the_threshold_is_tuned_on_out_of_fold_answers():
    features, is_pain, subjects = people(9)
    settings = SMALL.model_copy(update={"objective": "youden"})
    fitted = fit_boosting(features, is_pain, subjects, settings, seed=0)
    called = fitted.out_of_fold >= fitted.threshold.value
    assert called[is_pain].mean() - called[~is_pain].mean() == pytest.approx(fitted.threshold.score)


def test_too_few_subjects_are_refused():
    features, is_pain, subjects = people(2)
    with pytest.raises(UserError, match="too few training subjects"):
        fit_boosting(features, is_pain, subjects, SMALL, seed=0)
    features, is_pain, subjects = people(6)
    with pytest.raises(UserError, match="0 with pain, 6 without"):
        fit_boosting(features, np.zeros_like(is_pain), subjects, SMALL, seed=0)


def test_embedding_and_action_units_stand_side_by_side():
    joined = join(np.zeros((2, 3), np.float16), np.array([[1.5, np.nan], [2.5, 0]]))
    np.testing.assert_array_equal(joined, [[0, 0, 0, 1.5, np.nan], [0, 0, 0, 2.5, 0]])
    with pytest.raises(ValueError, match="2 embeddings and 3 rows"):
        join(np.zeros((2, 3)), np.zeros((3, 1)))


@pytest.mark.slow
def test_guesses_of_drawn_people_tell_pain_in_others():
    find = load_still_mesh()
    clips, scores, subjects = [], [], []
    for plan in plan_unbc(TwinSettings(subjects=12, clips=2, seconds=0.8)):
        pictures = list(draw_clip(UNBC, seat_person(UNBC, plan), plan))[::2]
        clips.append(estimate(stack_meshes([find(picture) for picture in pictures])))
        scores.append(score(code(plan))[::2])
        subjects += [plan.person.name] * len(pictures)
    features, is_pain = stack(clips, UNITS), np.concatenate(scores) > 0
    fitted = fit_boosting(features, is_pain, np.array(subjects), SMALL, seed=0)
    assert roc_auc_score(is_pain, fitted.out_of_fold) > 0.65
