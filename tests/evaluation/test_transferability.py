"""The scores hit the numbers that the public implementations give for drawn arrays (reference, section 4)."""

import numpy as np
import pytest

from transferpain.evaluation.transferability import (
    agreement,
    clip_means,
    h_score,
    leep,
    logme,
    nce,
    proxy_a_distance,
    regularized_h_score,
    score_transfer,
    transrate,
)

EXACT = 1e-9


@pytest.fixture(scope="module")
def drawn() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """60 clips, 8 features, 3 classes, 4 source classes."""
    generator = np.random.default_rng(0)
    labels = np.repeat(np.arange(3), 20)
    features = generator.normal(size=(60, 8)) + np.eye(3, 8)[labels] * 1.5
    outputs = np.exp(generator.normal(size=(60, 4)) + np.eye(4)[labels] * 1.2)
    return features, labels, outputs / outputs.sum(axis=1, keepdims=True)


def test_the_arrays_are_those_of_the_reference(drawn):
    assert drawn[0].sum() == pytest.approx(78.59714522338376, abs=EXACT)


@pytest.mark.parametrize(
    ("reference", "tolerance"),
    [(-0.6467628268787927, 1e-4), (-0.6467556573120508, 1e-7), (-0.6467558952362341, 1e-4)],
    ids=["ICML iteration", "fixed point", "TLlib"],
)
def test_logme(drawn, reference, tolerance):
    features, labels, _ = drawn
    assert logme(features, labels) == pytest.approx(reference, abs=tolerance)


def test_leep(drawn):
    assert leep(drawn[2], drawn[1]) == pytest.approx(-0.9232086997087798, abs=EXACT)


def test_nce(drawn):
    assert nce(drawn[2].argmax(axis=1), drawn[1]) == pytest.approx(-0.8505965477922073, abs=EXACT)


def test_h_score(drawn):
    assert h_score(*drawn[:2]) == pytest.approx(1.162108532204763, abs=EXACT)


def test_regularized_h_score(drawn):
    assert regularized_h_score(*drawn[:2]) == pytest.approx(0.2812462237212914, abs=EXACT)


def test_transrate(drawn):
    assert transrate(*drawn[:2]) == pytest.approx(0.9413604796333317, abs=EXACT)


def test_all_scores_at_once_are_the_single_ones(drawn):
    features, labels, outputs = drawn
    scores = {name: score.value for name, score in score_transfer(features, labels, outputs).items()}
    assert scores == {
        "logme": logme(features, labels),
        "leep": leep(outputs, labels),
        "nce": nce(outputs.argmax(axis=1), labels),
        "h_score": h_score(features, labels),
        "regularized_h_score": regularized_h_score(features, labels),
        "transrate": transrate(features, labels),
    }


@pytest.mark.parametrize("score", [logme, h_score, regularized_h_score, transrate])
def test_features_that_know_the_class_score_higher_than_noise(score):
    generator = np.random.default_rng(1)
    labels = np.repeat([0, 1, 2], 30)
    noise = generator.normal(size=(90, 6))
    assert score(noise + 3 * np.eye(3, 6)[labels], labels) > score(noise, labels)


def test_transrate_does_not_see_two_classes_apart_and_is_refused():
    """Two equal classes at +m and -m: each has the second moments of both together."""
    labels = np.repeat([0, 1], 40)
    half = np.random.default_rng(1).normal(size=(40, 6))
    near, far = (np.concatenate([half + shift, -half - shift]) for shift in (0, 9))
    assert transrate(near, labels) == pytest.approx(0, abs=EXACT)
    assert transrate(far, labels) == pytest.approx(0, abs=EXACT)
    score = score_transfer(far, labels, None)["transrate"]
    assert score.value is None
    assert "two classes" in score.reason


def test_logme_with_fewer_clips_than_features_is_the_evidence_at_its_maximum():
    """The evidence, computed from its definition, is nowhere larger than what the iteration finds."""
    generator = np.random.default_rng(2)
    features, labels = generator.normal(size=(12, 20)), np.repeat([0, 1], 6)
    found = logme(features, labels)
    assert np.isfinite(found)

    def evidence(target, alpha, beta):
        covariance = np.eye(12) / beta + features @ features.T / alpha
        return -0.5 * (12 * np.log(2 * np.pi) + np.linalg.slogdet(covariance)[1]
                       + target @ np.linalg.solve(covariance, target)) / 12  # fmt: skip

    grid = np.logspace(-2, 4, 61)
    best = [max(evidence((labels == k).astype(float), a, b) for a in grid for b in grid) for k in (0, 1)]
    assert found == pytest.approx(np.mean(best), abs=0.01)


def test_certain_sources_leave_no_entropy():
    labels = np.array([0, 0, 1, 1])
    assert nce(labels, labels) == 0
    assert leep(np.eye(2)[labels], labels) == 0


def test_a_source_that_answers_the_same_for_all_leaves_the_prior():
    labels = np.array([0, 0, 0, 1])
    prior = 0.75 * np.log(0.75) + 0.25 * np.log(0.25)
    assert nce(np.zeros(4, int), labels) == pytest.approx(prior)
    assert leep(np.full((4, 3), 1 / 3), labels) == pytest.approx(prior)


@pytest.mark.parametrize(
    ("clips", "labels", "refused", "reason"),
    [
        (6, [0, 1, 2] * 2, {"h_score"}, "6 clips do not determine the covariance of 8 features"),
        (20, [0] * 20, {"logme", "leep", "nce", "h_score", "regularized_h_score", "transrate"}, "one class"),
        (20, [0] * 19 + [1], {"logme", "leep", "nce", "h_score", "regularized_h_score", "transrate"}, "single clip"),
    ],
)
def test_what_the_sample_does_not_support_is_refused(clips, labels, refused, reason):
    features = np.random.default_rng(0).normal(size=(clips, 8))
    scores = score_transfer(features, np.array(labels), np.full((clips, 2), 0.5))
    assert {name for name, score in scores.items() if score.value is None} == refused
    assert all(reason in scores[name].reason for name in refused)
    assert not any(score.reason for name, score in scores.items() if name not in refused)


def test_a_dead_source_is_refused():
    scores = score_transfer(np.zeros((20, 8)), np.arange(20) % 3, None)
    assert {score.value for score in scores.values()} == {None}
    assert "same for every clip" in scores["logme"].reason
    assert np.isfinite(logme(np.zeros((20, 8)), np.arange(20) % 3))


def test_features_that_name_the_class_leave_logme_finite():
    labels = np.arange(30) % 3
    assert logme(np.eye(3)[labels], labels) > logme(np.random.default_rng(0).normal(size=(30, 3)), labels)


def test_a_source_without_outputs_has_no_leep_and_no_nce(drawn):
    scores = score_transfer(*drawn[:2], None)
    assert {name for name, score in scores.items() if score.value is None} == {"leep", "nce"}
    assert "no trained outputs" in scores["leep"].reason


def test_clip_means_are_those_of_the_frames_with_a_face():
    long = np.full((300, 2), 60_000, np.float16)  # their sum is beyond float16
    gaps = np.array([[1, 2], [np.nan, np.nan], [3, 6]], np.float16)
    faceless = np.full((4, 2), np.nan, np.float16)
    expected = [[long[0, 0], long[0, 1]], [2, 4], [np.nan, np.nan]]
    np.testing.assert_array_equal(clip_means([long, gaps, faceless]), expected)


@pytest.mark.parametrize("spoil", [lambda f: f[:-1], lambda f: f[:, 0], lambda f: np.where(f > 2, np.nan, f)])
def test_arrays_that_do_not_fit_are_refused(drawn, spoil):
    features, labels, outputs = drawn
    with pytest.raises(ValueError, match="Received"):
        score_transfer(spoil(features), labels, outputs)


class TestProxyADistance:
    subjects = np.repeat(np.arange(10), 20)

    def domain(self, seed, shift=0.0, spread=0.0):
        generator = np.random.default_rng(seed)
        people = generator.normal(size=(10, 5))[self.subjects] * spread
        return generator.normal(size=(200, 5)) + people + shift

    def test_domains_far_apart(self):
        assert proxy_a_distance(self.domain(0), self.domain(1, shift=9), self.subjects, self.subjects).value == 2.0

    def test_one_domain_drawn_twice(self):
        assert proxy_a_distance(self.domain(0), self.domain(1), self.subjects, self.subjects).value < 0.25

    def test_lies_near_the_distance_of_two_normal_distributions(self):
        """Means 2 apart along one axis: the best error is the normal tail beyond 1, .1587."""
        target = self.domain(1) + np.array([2, 0, 0, 0, 0])
        value = proxy_a_distance(self.domain(0), target, self.subjects, self.subjects).value
        assert value == pytest.approx(2 * (1 - 2 * 0.1587), abs=0.2)

    def test_people_are_not_mistaken_for_domains(self):
        """Each domain has its own people, who differ far more than the domains: new people must not be recognised."""
        apart = [
            proxy_a_distance(self.domain(seed, spread=9), self.domain(99 - seed, spread=9), self.subjects, names).value
            for seed, names in ((0, self.subjects), (0, np.arange(200)))
        ]
        assert apart[0] < apart[1]

    def test_the_larger_domain_does_not_hide_the_smaller(self):
        few = slice(0, 40)
        target = (self.domain(1) + np.array([2, 0, 0, 0, 0]))[few]
        value = proxy_a_distance(self.domain(0), target, self.subjects, self.subjects[few]).value
        assert value == pytest.approx(2 * (1 - 2 * 0.1587), abs=0.25)

    def test_one_subject_is_too_few(self):
        score = proxy_a_distance(self.domain(0), self.domain(1), self.subjects, np.zeros(200))
        assert score.value is None
        assert "10 and 1 subjects" in score.reason


def test_agreement_of_orders():
    """Of the ten pairs one is exchanged: tau = (9 - 1) / 10."""
    result = agreement(np.array([1, 2, 3, 5, 4]), np.array([0.1, 0.2, 0.3, 0.4, 0.5]))
    assert result.kendall == pytest.approx(0.8)
    assert result.weighted < 0.8  # the exchange is at the top, where it weighs most
    assert agreement(np.arange(5), -np.arange(5)).kendall == pytest.approx(-1)
    assert agreement(np.arange(5), np.arange(5)).weighted == pytest.approx(1)


def test_an_exchange_among_the_worst_weighs_little():
    result = agreement(np.array([2, 1, 3, 4, 5]), np.arange(5))
    assert result.weighted > result.kendall == pytest.approx(0.8)


@pytest.mark.parametrize(
    ("predicted", "reason"), [([1, 2, 3], "matter of chance"), ([1, 1, 1, 1], "no order")], ids=["few", "ties"]
)
def test_agreement_is_refused_without_an_order(predicted, reason):
    result = agreement(np.array(predicted), np.arange(len(predicted)))
    assert (result.kendall, result.weighted, result.p) == (None, None, None)
    assert reason in result.reason


def test_agreement_needs_pairs():
    with pytest.raises(ValueError, match="Received"):
        agreement(np.arange(4), np.arange(5))
