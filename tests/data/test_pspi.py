"""PSPI by its formula (Prkachin and Solomon 2008)."""

import numpy as np
import pytest

from transferpain.data.pspi import MAXIMUM, pspi

ACTION_UNITS = (4, 6, 7, 9, 10, 43)


def score(**units: float) -> float:
    intensities = dict.fromkeys(ACTION_UNITS, 0.0) | {int(name[2:]): value for name, value in units.items()}
    return float(pspi({unit: np.array(value) for unit, value in intensities.items()}))


@pytest.mark.parametrize(
    ("units", "expected"),
    [
        ({}, 0),
        ({"au4": 3}, 3),
        ({"au6": 2, "au7": 4}, 4),
        # The common slip leaves this term out.
        ({"au9": 1, "au10": 5}, 5),
        ({"au43": 1}, 1),
        ({"au4": 1, "au6": 2, "au7": 1, "au9": 3, "au10": 2, "au43": 1}, 7),
        ({"au4": 5, "au6": 5, "au7": 5, "au9": 5, "au10": 5, "au43": 1}, MAXIMUM),
    ],
)
def test_formula(units, expected):
    assert score(**units) == expected


@pytest.mark.parametrize("unit", ACTION_UNITS)
def test_an_uncoded_unit_leaves_no_score(unit):
    assert np.isnan(score(**{f"au{unit}": np.nan}))


def test_arrays_are_scored_element_by_element():
    frames = {unit: np.arange(2) for unit in ACTION_UNITS}
    assert pspi(frames).tolist() == [0, 4]
