"""The blendshapes of MediaPipe's face landmarker: how strongly a network sees each of 52 movements in a face mesh."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from mediapipe.tasks.python.components.containers import Category

_SIDED = ("Left", "Right")
# In this order they are kept; left and right are the face's own.
BLENDSHAPES = (
    "_neutral",
    *(f"browDown{side}" for side in _SIDED),
    "browInnerUp",
    *(f"browOuterUp{side}" for side in _SIDED),
    "cheekPuff",
    *(f"cheekSquint{side}" for side in _SIDED),
    *(f"eyeBlink{side}" for side in _SIDED),
    *(f"eyeLook{way}{side}" for way in ("Down", "In", "Out", "Up") for side in _SIDED),
    *(f"eyeSquint{side}" for side in _SIDED),
    *(f"eyeWide{side}" for side in _SIDED),
    *(f"jaw{way}" for way in ("Forward", "Left", "Open", "Right")),
    "mouthClose",
    *(f"mouthDimple{side}" for side in _SIDED),
    *(f"mouthFrown{side}" for side in _SIDED),
    "mouthFunnel",
    "mouthLeft",
    *(f"mouthLowerDown{side}" for side in _SIDED),
    *(f"mouthPress{side}" for side in _SIDED),
    "mouthPucker",
    "mouthRight",
    *(f"mouth{way}{lip}" for way in ("Roll", "Shrug") for lip in ("Lower", "Upper")),
    *(f"mouthSmile{side}" for side in _SIDED),
    *(f"mouthStretch{side}" for side in _SIDED),
    *(f"mouthUpperUp{side}" for side in _SIDED),
    *(f"noseSneer{side}" for side in _SIDED),
)


def scores_of(categories: "Iterable[Category]") -> np.ndarray:
    """Return what the library says of one face in the order of `BLENDSHAPES`, float32 `(52,)`, 0 to 1.

    Raises:
        KeyError: if one of them is lacking.
    """
    by_name = {category.category_name: category.score for category in categories}
    return np.array([by_name[name] for name in BLENDSHAPES], np.float32)
