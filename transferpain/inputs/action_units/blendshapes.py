"""Blendshapes as measures of action units: what MediaPipe's network says of a movement, put on the unit's scale.

The network was trained to move a drawn head as a face moves. Its scores are no intensities of a coder, and nobody said
that they grow as such do: call them blendshapes wherever they are shown, and say whether a check on real faces held.
"""

import numpy as np

from transferpain.inputs.action_units.units import MAXIMA, UNITS
from transferpain.inputs.landmarks.blendshapes import BLENDSHAPES

# The blendshapes that show what the muscles of a unit do (Facial Action Coding System); of several the mean counts.
BLENDSHAPES_OF = {
    4: ("browDownLeft", "browDownRight"),
    6: ("cheekSquintLeft", "cheekSquintRight"),
    7: ("eyeSquintLeft", "eyeSquintRight"),
    9: ("noseSneerLeft", "noseSneerRight"),
    10: ("mouthUpperUpLeft", "mouthUpperUpRight"),
    12: ("mouthSmileLeft", "mouthSmileRight"),
    25: ("jawOpen",),
    26: ("jawOpen",),
    43: ("eyeBlinkLeft", "eyeBlinkRight"),
}
PLACES = [[BLENDSHAPES.index(name) for name in BLENDSHAPES_OF[number]] for number in UNITS]


def blendshape_intensities(scores: np.ndarray) -> np.ndarray:
    """Return what blendshapes say of each of `UNITS`.

    Args:
        scores: `(..., 52)`, 0 to 1, in the order of `BLENDSHAPES`; NaN where no face was found.

    Returns:
        float64 `(..., len(UNITS))`, 0 to the unit's maximum; NaN where no face was found.
    """
    scores = np.asarray(scores, np.float64)
    means = [scores[..., places].mean(axis=-1) for places in PLACES]
    return np.stack(means, axis=-1).clip(0, 1) * MAXIMA
