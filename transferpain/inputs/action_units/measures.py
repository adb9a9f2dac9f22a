"""Action units of single faces, each by the measure that a check on real faces chose: a proxy or a blendshape.

Nothing is chosen here: `measures.json` states what `check.py` found on FER+, and whatever is trained or shown reads it.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from transferpain.core.assets.registry import FACE_LANDMARKER
from transferpain.core.schema import read_stamped
from transferpain.core.store import fingerprint
from transferpain.inputs.action_units.blendshapes import BLENDSHAPES_OF, blendshape_intensities
from transferpain.inputs.action_units.measured import ActionUnits, Estimator, Measured
from transferpain.inputs.action_units.mesh import Mesh
from transferpain.inputs.action_units.proxy import coefficients_hash, proxy_intensities
from transferpain.inputs.action_units.units import UNITS, Measure

MESH = Estimator(
    "mesh", "a face mesh (proxies from its geometry, fitted on drawn faces, and blendshapes)", "intensity", 5
)
CHECK = Path(__file__).with_name("measures.json")


def shipped_measures() -> dict[int, Measured]:
    """Return how the package measures each of `UNITS`, and what a check found of that.

    What was checked with other proxies, blendshapes or another network is unvalidated.
    """
    check = read_stamped(CHECK)
    holds = check["measured_with"] == measured_with()
    lines = {number: check["units"][str(number)] for number in UNITS}
    return {
        number: Measured(line["measure"], line["standing"] if holds else "unvalidated")
        for number, line in lines.items()
    }


def measured_with() -> str:
    """Return a fingerprint of what both measures of all units are made of."""
    blendshapes = {str(number): names for number, names in BLENDSHAPES_OF.items()}
    return fingerprint([coefficients_hash(), blendshapes, FACE_LANDMARKER.digest])


def measures_hash() -> str:
    """Return a fingerprint of how action units are measured; numbers of another one mean something else."""
    return fingerprint([measured_with(), {str(number): one.measure for number, one in shipped_measures().items()}])


def intensities(meshes: Mesh, measures: Mapping[int, Measure]) -> np.ndarray:
    """Return the intensity of each of `UNITS` by the measure that is named for it.

    Returns:
        float64 `(..., len(UNITS))`, 0 to the unit's maximum; NaN where no face was found.
    """
    by_blendshape = [measures[number] == "blendshape" for number in UNITS]
    return np.where(by_blendshape, blendshape_intensities(meshes.blendshapes), proxy_intensities(meshes.points))


def estimate(meshes: Mesh) -> ActionUnits:
    """Guess the action units of a clip, each by its measure.

    Args:
        meshes: of its frames.

    Returns:
        Intensities of `UNITS`, 0 to 5, AU43 0 to 1; nothing where no face was found.
    """
    values = intensities(meshes, {number: one.measure for number, one in shipped_measures().items()})
    table = pd.DataFrame(values, columns=list(UNITS)).rename_axis("frame")
    found = table.notna().all(axis=1).rename("found")
    confidence = pd.Series(np.nan, index=table.index, name="confidence")
    return ActionUnits(MESH, found, confidence, table, pd.DataFrame(index=table.index))
