"""Action units of an experiment's frames from tables that another tool wrote, one file per clip."""

from pathlib import Path

import numpy as np
import pandas as pd

from transferpain.core.errors import UserError
from transferpain.core.paths import everything_below
from transferpain.core.progress import note
from transferpain.core.store import file_hash, fingerprint
from transferpain.inputs.action_units.measured import FrameUnits, stack
from transferpain.inputs.action_units.tables import read_action_units

SHOWN_CLIPS = 3


def table_units(clips: pd.DataFrame, frames: pd.DataFrame, folder: Path) -> FrameUnits:
    """Read the action units of single frames.

    Args:
        clips: with `clip`, whose last part names its table, and `num_frames`, missing where nobody knows it.
        frames: one row per frame, with `file_clip`, the clip that it is in, and `row`, its place there from 0.
        folder: of the tables, `<clip>.csv`, in whatever subfolders. A clip without a table has no action units.

    Returns:
        The intensities that all tables hold.

    Raises:
        UserError: if there is no such folder or no table of these clips; if one is damaged, is of another tool than the
            first, lacks an action unit, or has frames that its clip has not.
    """
    paths = find_tables(folder)
    names = clips.assign(name=clips["clip"].map(lambda clip: Path(clip).name)).set_index("name")
    measured = {name: paths[name] for name in names.index if name in paths}
    _check_clips(names, measured, folder)
    tables = {name: read_action_units(path) for name, path in measured.items()}
    first = next(iter(tables.values()))
    numbers = tuple(first.intensities)
    if not numbers:
        detected = ", ".join(f"AU{number}" for number in first.presences)
        raise UserError(
            f"The tables of action units in {folder} hold no intensities.",
            rule="The trees read intensities; detections alone are not enough.",
            received=f"{first.estimator.title} with {detected} detected only",
            todo="Let the tool write intensities too.",
        )
    stack(list(tables.values()), numbers)  # refuses tables of several tools, and those that lack an action unit
    intensities = np.full((len(frames), len(numbers)), np.nan)
    of_frame = frames["file_clip"].map(lambda clip: Path(clip).name).to_numpy()
    for name, table in tables.items():
        highest, there = int(table.found.index.max()), names.loc[name, "num_frames"]
        if pd.notna(there) and highest >= there:
            raise UserError(
                f"{measured[name]} is no table of the clip {name}.",
                rule="Its frames are those of the clip, in their order.",
                received=f"frame {highest + 1} of {there}",
                todo="Let the tool read the frames of the clip from the first one on.",
            )
        mine = np.flatnonzero(of_frame == name)
        intensities[mine] = table.intensities[list(numbers)].reindex(frames["row"].iloc[mine]).to_numpy()
    return FrameUnits(first.estimator, numbers, intensities)


def find_tables(folder: Path) -> dict[str, Path]:
    """Return the tables in a folder by the names of their clips. Raises `UserError` if two have one name."""
    paths = sorted(path for path in everything_below(folder) if path.suffix == ".csv")
    found = {path.stem: path for path in paths}
    if len(found) < len(paths) or not paths:
        twice = [path.name for path in paths if found[path.stem] != path]
        raise UserError(
            f"The tables of action units in {folder} cannot be used.",
            rule="It holds one table per clip, <clip>.csv, in whatever subfolders.",
            received=f"{twice[0]} twice" if twice else "no .csv file",
            todo="Check head.action_units, which names the folder below the data root.",
        )
    return found


def tables_hash(folder: Path) -> str:
    """Return a fingerprint of the tables in a folder: their names and their bytes."""
    return fingerprint({name: file_hash(path) for name, path in find_tables(folder).items()})


def _check_clips(names: pd.DataFrame, measured: dict[str, Path], folder: Path) -> None:
    doubled = names.index[names.index.duplicated()]
    if len(doubled) or not measured:
        lacking = ", ".join(names.index[:SHOWN_CLIPS])
        raise UserError(
            f"The tables of action units in {folder} do not fit the clips.",
            rule="A table is named after the last part of its clip's name, which no other clip shares.",
            received=f"several clips {doubled[0]}" if len(doubled) else f"no table of {lacking}",
            todo="Name each table after its clip.",
        )
    lacking = [name for name in names.index if name not in measured]
    if lacking:
        shown = ", ".join(lacking[:SHOWN_CLIPS]) + (", ..." if len(lacking) > SHOWN_CLIPS else "")
        note(f"warning: {len(lacking)} of {len(names)} clips have no table of action units: {shown}")
