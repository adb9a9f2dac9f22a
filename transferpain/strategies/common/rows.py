"""Which training rows are kept and repeated where classes are rare (Hosseini): always after the split."""

import numpy as np
import pandas as pd

from transferpain.core.seeds import derive_seed
from transferpain.strategies.common.settings import RowSettings


def keep_rows(
    samples: pd.DataFrame, positions: np.ndarray, settings: RowSettings, seed: tuple[int | str, ...]
) -> np.ndarray:
    """Leave out sequences without pain, then most of the remaining rows without pain.

    Args:
        samples: the labelled frames or clips, with `y` and `file_clip`, the sequence that a frame is in.
        positions: int64, ascending, into `samples`: what is chosen from. No other row has any influence.
        settings: what is left out.
        seed: parts of the seed of the random draw.

    Returns:
        The kept positions, int64, ascending. Unlabelled rows are kept unless rows are dropped.
    """
    if not settings.drop:
        return positions
    chosen = samples.iloc[positions]
    y = chosen["y"].astype("Float64").to_numpy(dtype=float, na_value=np.nan)
    keep = ~np.isnan(y)
    if settings.drop_painless_sequences:
        keep &= pd.Series(y).groupby(chosen["file_clip"].to_numpy()).transform("max").to_numpy() > 0
    painless = np.flatnonzero(keep & (y == 0))
    random = np.random.default_rng(derive_seed(*seed, "painless rows"))
    keep[painless] = False
    keep[random.choice(painless, round(settings.keep_painless * len(painless)), replace=False)] = True
    return positions[keep]


def oversample(y: np.ndarray, first: int, seed: tuple[int | str, ...]) -> np.ndarray:
    """Repeat the rows of rare classes until each has as many as the class before the first of them.

    Every row of a class is repeated equally often, but for a remainder that is drawn. A class that is larger, or
    empty, stays as it is.

    Args:
        y: int64 `(rows,)`, the class of each row.
        first: the first class that is repeated.
        seed: parts of the seed of the draw.

    Returns:
        int64, positions into `y`: each once, then the repeated ones.
    """
    wanted = int((y == first - 1).sum())
    parts = [np.arange(len(y))]
    for label in np.unique(y[y >= first]):
        rows = np.flatnonzero(y == label)
        missing = max(0, wanted - len(rows))
        random = np.random.default_rng(derive_seed(*seed, "oversample", int(label)))
        parts += [np.repeat(rows, missing // len(rows)), random.choice(rows, missing % len(rows), replace=False)]
    return np.concatenate(parts)
