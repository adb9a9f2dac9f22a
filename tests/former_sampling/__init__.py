"""The former sampling, put back: `features.frames` and pictures are spread over whole clips, whatever their lengths.

python -m tests.former_sampling     # both files of `make null-check` with it, about as long: must not pass
"""

from collections.abc import Callable

import numpy as np
import pandas as pd

from transferpain.strategies.common import media

# Another question gives other runs; twins and faces are those that are there.
ASKED = "question=with the former sampling"
NAME = "former-sampling"


def whole_clips(clips: pd.DataFrame, faces: pd.DataFrame, window, skipped: int = 0) -> pd.DataFrame:
    """Read all of each clip, in place of the stretch that is read of every clip."""
    return faces.assign(stretch=(faces["num_frames"] - skipped).clip(lower=0).astype(np.int64))


def put_back(patch: Callable[[object, str, object], object] = setattr) -> None:
    """Let all strategies read whole clips; `patch` is called as `setattr`."""
    patch(media, "with_stretch", whole_clips)
