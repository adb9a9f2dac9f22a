import numpy as np
import pytest

from transferpain.inputs.adaptation import coral


def domain(rows: int, seed: int, width: int = 5) -> np.ndarray:
    generator = np.random.default_rng(seed)
    return generator.normal(size=(rows, width)) @ generator.normal(size=(width, width)) + generator.normal(size=width)


def recolor(source: np.ndarray, target: np.ndarray, regularization: float = 1.0) -> np.ndarray:
    """Return the source's rows, recoloured; each domain comes as two clips."""
    clips = (np.array_split(rows, 2) for rows in (source, target))
    return coral.recolor(*clips, regularization)(source)


def test_the_recoloured_source_has_the_targets_covariance_and_mean():
    source, target = domain(200, 0), domain(150, 1)
    recoloured = recolor(source, target, 1e-9)
    np.testing.assert_allclose(np.cov(recoloured.T), np.cov(target.T), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(recoloured.mean(axis=0), target.mean(axis=0))


def test_of_standardised_features_it_is_the_papers_formula():
    """Xs (Cs + I)^-1/2 (Ct + I)^1/2, with the square roots from scipy."""
    from scipy.linalg import fractional_matrix_power as power

    source, target = ((x - x.mean(axis=0)) / x.std(axis=0, ddof=1) for x in (domain(200, 0), domain(150, 1)))
    identity = np.eye(5)
    expected = source @ power(np.cov(source.T) + identity, -0.5) @ power(np.cov(target.T) + identity, 0.5)
    np.testing.assert_allclose(recolor(source, target), expected)


def test_frames_without_a_face_stay_missing_and_count_nowhere():
    source, target = domain(50, 0), domain(40, 1)
    gap = np.full((1, 5), np.nan)
    recoloured = recolor(np.vstack([gap, source]), np.vstack([target, gap]))
    assert np.isnan(recoloured[0]).all()
    np.testing.assert_allclose(recoloured[1:], recolor(source, target))


def test_a_domain_is_not_changed_into_itself():
    source = domain(50, 0)
    np.testing.assert_allclose(recolor(source, source), source, atol=1e-9)


def test_fewer_rows_than_features():
    recoloured = recolor(domain(4, 0, width=30), domain(6, 1, width=30))
    assert recoloured.shape == (4, 30)
    assert np.abs(recoloured).max() < 1e3


def test_the_unit_of_the_features_does_not_matter():
    np.testing.assert_allclose(
        recolor(domain(50, 0) * 100, domain(40, 1) * 100), recolor(domain(50, 0), domain(40, 1)) * 100
    )


def test_a_feature_that_never_varies_stays_finite():
    source = domain(50, 0)
    source[:, 2] = 0
    assert np.abs(recolor(source, domain(40, 1))).max() < 1e3


@pytest.mark.parametrize(
    ("source", "target", "regularization"),
    [
        (np.ones((5, 3)), np.ones((5, 2)), 1.0),
        (np.ones((1, 3)), np.ones((5, 3)), 1.0),
        (domain(9, 0), domain(9, 1), 0),
        (np.full((5, 5), 0.1), domain(9, 1), 1.0),
    ],
)
def test_what_does_not_fit_is_refused(source, target, regularization):
    with pytest.raises(ValueError, match="Received"):
        recolor(source, target, regularization)
