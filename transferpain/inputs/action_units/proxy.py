"""Proxies for action units: intensities guessed from the geometry of a face mesh, offline, without a trained network.

They are fitted on drawn faces, whose action units are known, and no coder ever saw them: call them proxies wherever
they are shown, and say with `standing` whether a check on real faces held. A still picture cannot tell a blink from
closed eyes, nor geometry the wrinkles of AU9 from the lip of AU10 as a coder does.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from transferpain.core.schema import read_stamped
from transferpain.core.store import fingerprint
from transferpain.inputs.action_units.geometry import MEASURES, measure
from transferpain.inputs.action_units.measured import ActionUnits, Estimator

PROXY = Estimator("proxy", "proxies (mesh geometry, fitted on drawn faces)", "intensity", 5)
UNITS = (4, 6, 7, 9, 10, 12, 25, 26, 43)
MAXIMA = np.array([1.0 if number == 43 else 5.0 for number in UNITS])
COEFFICIENTS = Path(__file__).with_name("proxy.json")
CHECK = Path(__file__).with_name("proxy_check.json")

Standing = Literal["checked on real faces", "failed on real faces", "unvalidated"]


@dataclass(frozen=True)
class Coefficients:
    """A line for each of `UNITS`: `constants` `(units,)` and `weights` `(units, len(MEASURES))`."""

    constants: np.ndarray
    weights: np.ndarray


def parse_coefficients(facts: dict) -> Coefficients:
    """Return what `proxy.json` states as arrays."""
    lines = [facts["units"][str(number)] for number in UNITS]
    weights = [[line["weights"].get(name, 0.0) for name in MEASURES] for line in lines]
    return Coefficients(np.array([line["constant"] for line in lines]), np.array(weights))


@cache
def shipped_coefficients() -> Coefficients:
    """Return the coefficients that come with the package."""
    return parse_coefficients(read_stamped(COEFFICIENTS))


def coefficients_hash() -> str:
    """Return the fingerprint of the coefficients that come with the package."""
    return fingerprint(read_stamped(COEFFICIENTS))


def estimate(points: np.ndarray, coefficients: Coefficients | None = None) -> ActionUnits:
    """Guess the action units of a clip.

    Args:
        points: `(frames, 478, 3)`, x and y in pixels, z on the scale of x; NaN where no face was found.
        coefficients: other ones than the package's.

    Returns:
        Intensities of `UNITS`, 0 to 5, AU43 0 to 1; nothing where no face was found.
    """
    used = coefficients or shipped_coefficients()
    values = np.clip(measure(points) @ used.weights.T + used.constants, 0, MAXIMA)
    intensities = pd.DataFrame(values, columns=list(UNITS)).rename_axis("frame")
    found = intensities.notna().all(axis=1).rename("found")
    confidence = pd.Series(np.nan, index=intensities.index, name="confidence")
    return ActionUnits(PROXY, found, confidence, intensities, pd.DataFrame(index=intensities.index))


def standing() -> dict[int, Standing]:
    """Return what a check on real faces found of each of `UNITS`; it holds for the coefficients it was made with."""
    check = read_stamped(CHECK) if CHECK.is_file() else {}
    if check.get("coefficients") != coefficients_hash():
        return dict.fromkeys(UNITS, "unvalidated")
    return {number: check["units"][str(number)] for number in UNITS}
