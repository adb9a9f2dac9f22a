"""The linear probe: what scikit-learn's own pipeline would say, with C chosen by subjects that were left out."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from transferpain.evaluation.linear_probe import NO_INNER_FOLDS, ONE_CLASS, USUAL_C, fit_probe


def draw(subjects=12, clips=4, width=40, gain=1.5, seed=0):
    """Draw rows whose first features show their class, on a background that is the subject's own and much larger."""
    random = np.random.default_rng(seed)
    names = np.repeat([f"s{number}" for number in range(subjects)], clips)
    y = np.tile(np.arange(clips) % 2, subjects)
    own = np.repeat(random.normal(size=(subjects, width)), clips, axis=0)
    x = own + random.normal(size=(len(y), width))
    x[:, :4] += gain * y[:, None]
    return x * np.linspace(1, 1000, width), y, names


@pytest.mark.parametrize("width", [10, 100])
@pytest.mark.parametrize("balanced", [False, True])
def test_it_answers_as_a_plain_pipeline_with_the_chosen_c(width, balanced):
    x, y, names = draw(width=width)
    y[::6] = 2  # three classes of unequal size
    probe = fit_probe(x, y, names, balanced)
    plain = LogisticRegression(C=probe.strength, class_weight="balanced" if balanced else None, max_iter=5000, tol=1e-8)
    expected = make_pipeline(StandardScaler(), plain).fit(x, y).predict_proba(x)
    np.testing.assert_allclose(probe.predict(x, 4)[:, :3], expected, atol=2e-3)
    assert (probe.predict(x, 4)[:, 3] == 0).all()
    assert (probe.inner_folds, probe.reason) == (5, "")


def test_it_generalises_to_subjects_that_it_has_not_seen_whatever_the_features_scale():
    x, y, names = draw(subjects=40, gain=3)
    left_out = np.isin(names, np.unique(names)[:20])
    probe = fit_probe(x[~left_out], y[~left_out], names[~left_out])
    assert (probe.predict(x[left_out], 2).argmax(axis=1) == y[left_out]).mean() > 0.95


def test_c_is_chosen_by_subjects_left_out_so_that_a_subjects_own_look_does_not_choose_it():
    # Each subject has one class: within subjects a weak penalty looks best, between them there is nothing to learn.
    random = np.random.default_rng(0)
    names = np.repeat(np.arange(12), 6)
    x = np.repeat(random.normal(size=(12, 30)), 6, axis=0) + 0.1 * random.normal(size=(72, 30))
    y = np.repeat(np.arange(12) % 2, 6)
    assert fit_probe(x, y, names).strength < 1e-2
    assert fit_probe(x, y, np.arange(72)).strength == 1


def test_the_same_rows_give_the_same_bits():
    x, y, names = draw()
    one, other = (fit_probe(x, y, names, seed=3).predict(x, 2) for _ in range(2))
    np.testing.assert_array_equal(one, other)


def test_one_class_is_the_answer():
    x, y, names = draw()
    probe = fit_probe(x, np.ones_like(y), names)
    np.testing.assert_array_equal(probe.predict(x[:2], 3), [[0, 1, 0]] * 2)
    assert (probe.strength, probe.inner_folds, probe.reason) == (None, 0, ONE_CLASS)


@pytest.mark.parametrize("names", [np.zeros(48), np.tile([0, 1], 24)], ids=["one subject", "one class a subject"])
def test_where_no_inner_fold_can_be_made_c_is_not_chosen_and_it_says_so(names):
    x, y, _ = draw(gain=3)
    probe = fit_probe(x, y, names)
    assert (probe.strength, probe.inner_folds, probe.reason) == (USUAL_C, 0, NO_INNER_FOLDS)
    assert (probe.predict(x, 2).argmax(axis=1) == y).mean() > 0.9


def test_subjects_with_one_clip_are_left_out_one_group_after_the_other():
    x, y, _ = draw(subjects=8, clips=2, gain=3)
    probe = fit_probe(x, y, np.arange(len(y)))
    assert probe.inner_folds == 5
    assert np.isfinite(probe.predict(x, 2)).all()


def test_a_feature_that_never_changes_and_a_class_that_an_inner_fold_lacks_are_no_obstacle():
    x, y, names = draw()
    x[:, 7] = 3.0
    y[:1] = 2  # one row of one subject
    probe = fit_probe(x, y, names)
    np.testing.assert_allclose(probe.predict(x, 3).sum(axis=1), 1)


def test_no_row_is_refused():
    with pytest.raises(ValueError, match="training rows"):
        fit_probe(np.empty((0, 3)), np.empty(0, int), np.empty(0))
