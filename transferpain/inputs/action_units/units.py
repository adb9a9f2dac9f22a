"""The action units that are guessed from a face mesh, what each guess may be, and what a check said of it."""

from typing import Literal, get_args

import numpy as np

UNITS = (4, 6, 7, 9, 10, 12, 25, 26, 43)
MAXIMA = np.array([1.0 if number == 43 else 5.0 for number in UNITS])  # of their scales, which begin at 0

Measure = Literal["proxy", "blendshape"]
MEASURES: tuple[Measure, ...] = get_args(Measure)
Standing = Literal["checked on real faces", "failed on real faces", "unvalidated"]
