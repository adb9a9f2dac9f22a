"""Action units in the frames of clips, guessed from face meshes: each picture by itself, as the server does it."""

from pathlib import Path

import numpy as np
import pandas as pd

from transferpain.inputs.action_units.measured import FrameUnits
from transferpain.inputs.action_units.measures import MESH, estimate, shipped_measures
from transferpain.inputs.action_units.mesh import STILL, Mesh
from transferpain.inputs.action_units.units import UNITS
from transferpain.inputs.landmarks.cache import read_landmarks
from transferpain.inputs.landmarks.stage import compute_landmarks


def frame_units(
    clips: pd.DataFrame, frames: pd.DataFrame, data_root: Path, cache: Path, jobs: int | None = None
) -> FrameUnits:
    """Guess the action units of single frames; the meshes are cached, the guesses are made anew from them.

    Args:
        clips, data_root, cache, jobs: as `measure_clips` takes them.
        frames: one row per frame, with `file_clip`, the clip that it is in, and `row`, its place there.

    Returns:
        The intensities of `UNITS`, NaN where no mesh was found, and how each was measured.

    Raises:
        UserError: if the cache cannot be written.
    """
    table = compute_landmarks(clips, data_root, STILL, cache, jobs).set_index("clip")
    intensities = np.full((len(frames), len(UNITS)), np.nan)
    numbered = frames.assign(position=np.arange(len(frames)))
    for clip, rows in numbered.groupby("file_clip"):
        if path := table.loc[clip, "landmarks"]:
            kept = read_landmarks(Path(path))
            guessed = estimate(Mesh(kept.pixels, kept.blendshapes)).intensities.to_numpy(np.float64)
            there = rows[rows["row"] < len(guessed)]
            intensities[there["position"]] = guessed[there["row"]]
    return FrameUnits(MESH, UNITS, intensities, shipped_measures())
