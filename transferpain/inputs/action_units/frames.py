"""Proxies of action units in the frames of clips: each picture looked at for itself, as the server does."""

from pathlib import Path

import numpy as np
import pandas as pd

from transferpain.inputs.action_units.mesh import STILL
from transferpain.inputs.action_units.proxy import UNITS, estimate
from transferpain.inputs.landmarks.cache import read_landmarks
from transferpain.inputs.landmarks.stage import compute_landmarks


def frame_units(
    clips: pd.DataFrame, frames: pd.DataFrame, data_root: Path, cache: Path, jobs: int | None = None
) -> np.ndarray:
    """Guess the action units of single frames; the meshes are cached, the guesses are made anew from them.

    Args:
        clips, data_root, cache, jobs: as `measure_clips` takes them.
        frames: one row per frame, with `file_clip`, the clip that it is in, and `row`, its place there.

    Returns:
        float64 `(frames, len(UNITS))`, NaN where no mesh was found.

    Raises:
        UserError: if the cache cannot be written.
    """
    table = compute_landmarks(clips, data_root, STILL, cache, jobs).set_index("clip")
    intensities = np.full((len(frames), len(UNITS)), np.nan)
    numbered = frames.assign(position=np.arange(len(frames)))
    for clip, rows in numbered.groupby("file_clip"):
        if path := table.loc[clip, "landmarks"]:
            guessed = estimate(read_landmarks(Path(path)).pixels).intensities.to_numpy(np.float64)
            there = rows[rows["row"] < len(guessed)]
            intensities[there["position"]] = guessed[there["row"]]
    return intensities
