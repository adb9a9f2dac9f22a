import numpy as np
import pytest

from transferpain.inputs.action_units.fit import DISTANCES_OF, Examples, FitSettings, draw_examples, fit_proxies
from transferpain.inputs.action_units.geometry import DISTANCES, POINTS
from transferpain.inputs.action_units.proxy import parse_coefficients, proxy_intensities
from transferpain.inputs.action_units.units import UNITS


def test_every_unit_is_guessed_from_distances_that_exist():
    assert tuple(DISTANCES_OF) == UNITS
    assert all(set(names) <= set(DISTANCES) for names in DISTANCES_OF.values())


@pytest.mark.slow
def test_what_is_written_guesses_as_what_was_fitted():
    # Faces of scattered points, whose mouth widens with AU12: a line, so that ridge finds it.
    random = np.random.default_rng(0)
    face = random.normal(0, 50, (POINTS, 3))
    intensities = random.uniform(0, 1, (100, len(UNITS)))
    intensities[:, UNITS.index(12)] *= 5
    points = np.tile(face, (100, 1, 1))
    points[:, 291, 0] += 20 * intensities[:, UNITS.index(12)]
    points[7] = np.nan
    settings = FitSettings(subjects=10, pictures=10)
    facts = fit_proxies(Examples(points, intensities, np.repeat(np.arange(10), 10)), settings)
    assert facts["fitted_on"]["faces_found"] == 0.99
    assert facts["units"]["12"]["correlation"] > 0.99
    assert abs(facts["units"]["4"]["correlation"]) < 0.5
    guessed = proxy_intensities(points, parse_coefficients(facts))[:, UNITS.index(12)]
    rest = np.arange(100) != 7
    np.testing.assert_allclose(guessed[rest], intensities[rest, UNITS.index(12)], atol=0.2)


@pytest.mark.slow
def test_drawn_faces_are_the_same_for_the_same_seed():
    settings = FitSettings(subjects=1, pictures=4, seed=3)
    examples, again = draw_examples(settings), draw_examples(settings)
    np.testing.assert_array_equal(examples.points, again.points)
    assert examples.points.shape == (4, POINTS, 3)
    assert examples.intensities.shape == (4, len(UNITS))
    assert 0 <= examples.intensities.min() < examples.intensities.max() <= 5
    assert examples.intensities[:, UNITS.index(43)].max() <= 1
    assert examples.subjects.tolist() == [0] * 4
