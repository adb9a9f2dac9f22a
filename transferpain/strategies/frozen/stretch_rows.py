"""How many feature rows the stretch of a clip has that is read."""

import numpy as np
import pandas as pd

from transferpain.inputs.features.settings import FeatureSettings


def rows_of_stretch(table: pd.DataFrame, settings: FeatureSettings) -> np.ndarray:
    """Return how many feature rows the stretch of each clip has, int64.

    Args:
        table: that of `with_stretch`; where it has no `variable`, all frames lie at even distances in time.
    """
    if settings.frames is not None:
        return np.full(len(table), settings.frames, np.int64)
    share = 1.0 if settings.fps is None else settings.fps / table["fps"].to_numpy(dtype=float)
    rows = np.round(table["stretch"].to_numpy(dtype=float) * share)
    rows = np.nan_to_num(rows, nan=1.0).clip(1).astype(np.int64)
    for place in np.flatnonzero(is_uneven(table)) if settings.fps is not None else ():
        from transferpain.inputs.faces.cache import read_seconds
        from transferpain.inputs.features.extract import sampled_frames

        one = table.iloc[place]
        sampling = (float(one["fps"]), float(settings.fps))
        taken = sampled_frames(int(one["num_frames"]), sampling, read_seconds(one["faces"]))
        rows[place] = max(1, int((taken < one["stretch"]).sum()))
    return rows


def is_uneven(table: pd.DataFrame) -> np.ndarray:
    """Tell of which clips the frames lie at uneven distances in time, bool `(clips,)`."""
    if "variable" not in table:
        return np.zeros(len(table), bool)
    return table["variable"].to_numpy(dtype=bool) & (table["problem"] == "").to_numpy()
