"""Signals that end before what is read of their clips."""

import numpy as np
import pandas as pd

from transferpain.core.errors import UserError
from transferpain.core.spelling import quoted

TOLERANCE = 0.05  # a recording may end a little early
MOST_SHORT = 0.1  # so many clips may be left out, each by name, for what they lack
SHOWN = 3


def check_reach(clips: pd.DataFrame, stage: pd.DataFrame, seconds: float) -> None:
    """Refuse signals that end before their clips, in what is read of these.

    Where a few do, they are left out later, each by name, as clips that are shorter than others are.

    Args:
        clips: rows of the index, with num_frames and fps where these are known.
        stage: num_frames and fps of the signals, in the order of `clips`.
        seconds: what is read of a clip.

    Raises:
        UserError: if more than a tenth do.
    """
    known = (clips["num_frames"].astype(float) / clips["fps"].astype(float)).to_numpy(dtype=float, na_value=np.nan)
    needed = np.fmin(known, seconds)
    lengths = (stage["num_frames"] / stage["fps"]).to_numpy(dtype=float)
    short = ~np.isnan(known) & (lengths < (1 - TOLERANCE) * needed)
    if short.mean() > MOST_SHORT:
        named = [
            f"{quoted(clips['clip'].iloc[place])}: {lengths[place]:.4g} of {needed[place]:.4g} s"
            for place in np.flatnonzero(short)[:SHOWN]
        ]
        raise UserError(
            f"{int(short.sum())} of {len(clips)} clips are longer than their signals.",
            rule="Signals are there for all that is read of a clip, up to its end or window.seconds.",
            received="; ".join(named),
            todo=f"Use --set window.seconds={lengths.min():.4g}, correct the rate, or get the files again.",
        )
