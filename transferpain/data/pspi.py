"""PSPI, the pain score of a face: Prkachin and Solomon 2008."""

from collections.abc import Mapping

import numpy as np

MAXIMUM = 16


def pspi(intensities: Mapping[int, np.ndarray]) -> np.ndarray:
    """Return AU4 + max(AU6, AU7) + max(AU9, AU10) + AU43.

    Args:
        intensities: arrays of one shape, keyed by 4, 6, 7, 9, 10 and 43: 0 to 5, and AU43 (eyes closed) 0
            or 1. NaN is an intensity that nobody coded.

    Returns:
        An array of the same shape, 0 to 16; NaN wherever one of the intensities is NaN.
    """
    tension = np.maximum(intensities[6], intensities[7])
    levator = np.maximum(intensities[9], intensities[10])
    return intensities[4] + tension + levator + intensities[43]
