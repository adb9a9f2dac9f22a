"""Action units over time: statistics of the tables that py-feat, OpenFace 2 and LibreFace write, one table a clip.

Of each unit the mean, the standard deviation, the minimum, the median and the maximum over the frames with a face, of
the stretch that is read of every clip: a maximum over all of a longer clip would tell its length.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from transferpain.core.errors import UserError
from transferpain.core.spelling import quoted
from transferpain.inputs.action_units.from_tables import find_tables, pair_tables
from transferpain.inputs.action_units.measured import ActionUnits
from transferpain.inputs.action_units.tables import read_action_units
from transferpain.inputs.features.own_kinds.base import Look, no_files

STATISTICS = ("mean", "standard deviation", "minimum", "median", "maximum")
# Tables of a dataset that stand beside those of its clips.
NO_CLIPS = ("index.csv", "frames.csv")
LAYOUT = (
    "Tables of action units are one file a clip, <clip>.csv, as py-feat, OpenFace 2 or LibreFace wrote it; called as "
    "the last part of the clip's name, in whatever subfolders."
)


class ActionUnitTables:
    """The kind `action_units`: `(1, 5 x units)` of a clip, the statistics of one unit side by side."""

    name = clips = "action_units"
    made_by = "action units over time"
    key = ("action units over time 1",)
    layout = LAYOUT
    whole_clip = True
    dtype = np.float16  # scales end at 5

    def files(self, folder: Path) -> list[Path]:
        return [path for path in find_tables(folder) if path.parent != folder or path.name not in NO_CLIPS]

    def paths(self, clips: Sequence[str], folder: Path) -> list[Path]:
        files = self.files(folder)
        found = pair_tables(list(clips), files, folder)
        if missing := [clip for clip in clips if clip not in found]:
            rule = f"{LAYOUT} A clip without a face has rows without a success, or without numbers."
            raise no_files(
                rule, missing, len(clips), [path.relative_to(folder).with_suffix("").as_posix() for path in files]
            )
        return [found[clip] for clip in clips]

    def look(self, path: Path, clip: str) -> Look:
        table = read_action_units(path)
        units = list(table.intensities)
        if not units:
            raise _refused(clip, "No table without intensities can be used.", "no intensities", table)
        form = f"{table.estimator.title} with {', '.join(f'AU{number}' for number in units)}"
        return Look(int(table.found.index.max()) + 1, len(STATISTICS) * len(units), form, table.rate)

    def found(self, path: Path, clip: str, least_confidence: float | None) -> np.ndarray:
        return _seen(read_action_units(path), clip, least_confidence).to_numpy()

    def features(
        self, path: Path, clip: str, rows: np.ndarray, stretch: int, least_confidence: float | None
    ) -> np.ndarray:
        table = read_action_units(path)
        seen = _seen(table, clip, least_confidence)
        return statistics(table.intensities[seen & (seen.index < stretch)].to_numpy())[None]


ACTION_UNITS = ActionUnitTables()


def statistics(intensities: np.ndarray) -> np.ndarray:
    """Return `STATISTICS` of each unit, the units one after the other, float64 `(5 x units,)`.

    Args:
        intensities: `(frames, units)` without NaN; the statistics of no frame are NaN.
    """
    if not len(intensities):
        return np.full(len(STATISTICS) * intensities.shape[1], np.nan)
    made = (np.mean, np.std, np.min, np.median, np.max)
    return np.stack([one(intensities, axis=0) for one in made], axis=1).ravel()


def _seen(table: ActionUnits, clip: str, least_confidence: float | None) -> pd.Series:
    """Tell of each frame, by its number, whether every unit was measured, in a face that the tool was sure of."""
    seen = table.found & table.intensities.notna().all(axis=1)
    if least_confidence is None:
        return seen
    if table.found.any() and table.confidence.isna().all():
        rule = "Frames are chosen by the tool's own confidence, which the table has a column of."
        raise _refused(clip, rule, f"least_confidence: {least_confidence:g}", table)
    if (table.confidence > 1).any():
        rule = "The tool's confidence is a share, from 0 to 1, as least_confidence is."
        raise _refused(clip, rule, f"a confidence of {table.confidence.max():g}", table)
    return seen & (table.confidence >= least_confidence)


def _refused(clip: str, rule: str, received: object, table: ActionUnits) -> UserError:
    return UserError(
        f"The table of action units of the clip {quoted(clip)} cannot be used.",
        rule=rule,
        received=f"{received}; a table of {table.estimator.title}",
        todo="Let the tool write it, or leave the option out.",
    )
