"""Proxies for action units: intensities guessed from the geometry of a face mesh, by lines fitted on drawn faces.

No coder ever saw those faces: call them proxies wherever they are shown, and say whether a check on real faces held.
A still picture cannot tell a blink from closed eyes, nor geometry the wrinkles of AU9 from the lip of AU10 as a coder
does.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from transferpain.core.schema import read_stamped
from transferpain.core.store import fingerprint
from transferpain.inputs.action_units.geometry import DISTANCES, take_distances
from transferpain.inputs.action_units.units import MAXIMA, UNITS

COEFFICIENTS = Path(__file__).with_name("proxy.json")


@dataclass(frozen=True)
class Coefficients:
    """A line for each of `UNITS`: `constants` `(units,)` and `weights` `(units, len(DISTANCES))`."""

    constants: np.ndarray
    weights: np.ndarray


def parse_coefficients(facts: dict) -> Coefficients:
    """Return what `proxy.json` states as arrays."""
    lines = [facts["units"][str(number)] for number in UNITS]
    weights = [[line["weights"].get(name, 0.0) for name in DISTANCES] for line in lines]
    return Coefficients(np.array([line["constant"] for line in lines]), np.array(weights))


@cache
def shipped_coefficients() -> Coefficients:
    """Return the coefficients that come with the package."""
    return parse_coefficients(read_stamped(COEFFICIENTS))


def coefficients_hash() -> str:
    """Return the fingerprint of the coefficients that come with the package."""
    return fingerprint(read_stamped(COEFFICIENTS))


def proxy_intensities(points: np.ndarray, coefficients: Coefficients | None = None) -> np.ndarray:
    """Return what geometry says of each of `UNITS`.

    Args:
        points: `(..., 478, 3)`, x and y in pixels, z on the scale of x; NaN where no face was found.
        coefficients: other ones than the package's.

    Returns:
        float64 `(..., len(UNITS))`, 0 to the unit's maximum; NaN where no face was found.
    """
    used = coefficients or shipped_coefficients()
    return np.clip(take_distances(points) @ used.weights.T + used.constants, 0, MAXIMA)
