"""Action units of an experiment's frames from tables that another tool wrote, one file per clip."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

import numpy as np
import pandas as pd

from transferpain.core.errors import UserError
from transferpain.core.paths import everything_below
from transferpain.core.progress import note
from transferpain.core.spelling import quoted, same_names
from transferpain.core.store import file_hash, fingerprint
from transferpain.data.media.frame_counts import too_short
from transferpain.data.media.paths import resolve_media
from transferpain.inputs.action_units.measured import ActionUnits, FrameUnits, stack
from transferpain.inputs.action_units.tables import read_action_units

SHOWN_CLIPS = 3


def table_units(clips: pd.DataFrame, frames: pd.DataFrame, folder: Path) -> FrameUnits:
    """Read the action units of single frames.

    Args:
        clips: as for `read_tables`, with `num_frames`, missing where nobody knows it.
        frames: one row per frame, with `file_clip`, the clip that it is in, and `row`, its place there from 0.
        folder: as for `read_tables`.

    Returns:
        The intensities that all tables hold.

    Raises:
        UserError: as `read_tables`; if one has frames that its clip has not.
    """
    tables = read_tables(clips["clip"].tolist(), folder)
    _check_lengths(_highest(tables), clips.set_index("clip")["num_frames"], folder)
    first = next(iter(tables.values()))
    numbers = tuple(first.intensities)
    intensities = np.full((len(frames), len(numbers)), np.nan)
    of_frame = frames["file_clip"].to_numpy()
    for clip, table in tables.items():
        mine = np.flatnonzero(of_frame == clip)
        intensities[mine] = table.intensities[list(numbers)].reindex(frames["row"].iloc[mine]).to_numpy()
    return FrameUnits(first.estimator, numbers, intensities)


def check_tables(clips: pd.DataFrame, folder: Path, data_root: Path, cache: Path | None = None) -> None:
    """Refuse tables that do not fit the clips, before anything is computed.

    Args:
        clips: rows of the index.
        folder: as for `read_tables`.
        data_root: the folder that `media` is relative to.
        cache: where it is remembered how many frames videos have.

    Raises:
        UserError: as `table_units`.
    """
    check_lengths(clips, _highest(read_tables(clips["clip"].tolist(), folder)), folder, data_root, cache)


def check_lengths(
    clips: pd.DataFrame, highest: Mapping[str, int], folder: Path, data_root: Path, cache: Path | None = None
) -> None:
    """Refuse tables with frames that their clips have not: they are those of other clips.

    Args:
        clips: rows of the index.
        highest: clip -> the number of the last frame of its table, from 0.
        folder, data_root, cache: as for `check_tables`.

    Raises:
        UserError: with the first of the clips.
    """
    clips = clips.set_index("clip").loc[list(highest)]
    paths = {clip: resolve_media(data_root, media) for clip, media in clips["media"].items()}
    wanted: dict[Path, int] = {}
    for clip in clips.index[clips["kind"].isin(["video", "span"])]:
        there = int(clips.loc[clip, "first_frame"]) + highest[clip] + 1
        wanted[paths[clip]] = max(wanted.get(paths[clip], 0), there)
    short = too_short(wanted, cache)
    counted = pd.Series({clip: short.get(path, pd.NA) for clip, path in paths.items()}, dtype="Int64")
    left = (counted - clips["first_frame"]).clip(lower=0)
    exact = clips["num_frames"].where(clips["kind"] != "video")  # of whole videos it is nominal
    _check_lengths(highest, pd.concat([exact, left], axis=1).min(axis=1).astype("Int64"), folder)


def read_tables(clips: list[str], folder: Path) -> dict[str, ActionUnits]:
    """Read the tables of clips: clip -> its action units.

    Args:
        clips: their names. The last part of a clip's name is that of its table; where several share one, the parts
            before it are those of its folders.
        folder: of the tables, `<clip>.csv`, in whatever subfolders. A clip without a table has no action units.

    Raises:
        UserError: if there is no such folder or no table of these clips; if one may belong to several clips; if one is
            damaged, is of another tool than the first, lacks an action unit, or none holds intensities.
    """
    found = pair_tables(clips, find_tables(folder), folder)
    if lacking := [clip for clip in clips if clip not in found]:
        shown = ", ".join(lacking[:SHOWN_CLIPS]) + (", ..." if len(lacking) > SHOWN_CLIPS else "")
        note(f"warning: {len(lacking)} of {len(clips)} clips have no table of action units: {shown}")
    tables = {clip: read_action_units(path) for clip, path in found.items()}
    first = next(iter(tables.values()))
    if not len(first.intensities.columns):
        detected = ", ".join(f"AU{number}" for number in first.presences)
        raise UserError(
            f"The tables of action units in {folder} hold no intensities.",
            rule="The trees read intensities; detections alone are not enough.",
            received=f"{first.estimator.title} with {detected} detected only",
            todo="Let the tool write intensities too.",
        )
    stack(list(tables.values()), tuple(first.intensities))  # refuses several tools, and tables that lack an action unit
    return tables


def find_tables(folder: Path) -> list[Path]:
    """Return the tables in a folder, whatever its subfolders. Raises `UserError` if there is none."""
    paths = sorted(path for path in everything_below(folder) if path.suffix == ".csv" and path.is_file())
    if not paths:
        raise UserError(
            f"The tables of action units in {folder} cannot be used.",
            rule="It holds one table per clip, <clip>.csv, in whatever subfolders.",
            received="no .csv file",
            todo="Check head.action_units, which names the folder below the data root.",
        )
    return paths


def tables_hash(folder: Path) -> str:
    """Return a fingerprint of the tables in a folder: their names and their bytes."""
    paths = find_tables(folder)
    share = Counter(path.stem for path in paths)
    names = [path.stem if share[path.stem] == 1 else "/".join(_parts(path, folder)) for path in paths]
    return fingerprint(dict(zip(names, map(file_hash, paths), strict=True)))


def _parts(path: Path, folder: Path) -> tuple[str, ...]:
    return path.relative_to(folder).with_suffix("").parts


def pair_tables(
    clips: list[str], paths: list[Path], folder: Path, what: str = "tables of action units"
) -> dict[str, Path]:
    """Return clip -> its table, of those that have one. Raises `UserError` if names do not tell whose a table is."""
    names = {clip: PurePosixPath(clip).parts for clip in clips}
    share = Counter(parts[-1] for parts in names.values())
    found = {}
    for clip, parts in names.items():
        fitting = [path for path in paths if path.stem == parts[-1]]
        if share[parts[-1]] > 1 or len(fitting) > 1:
            alike = [_common_end(parts, _parts(path, folder)) for path in fitting]
            fitting = [path for path, number in zip(fitting, alike, strict=True) if number == max(alike) > 1]
        if len(fitting) == 1:
            found[clip] = fitting[0]
    unused = [path for path in paths if path not in set(found.values())]
    lacking = [clip for clip in clips if clip not in found]
    _check_pairs(names, lacking, unused, found, (folder, what))
    return found


def _common_end(one: tuple[str, ...], other: tuple[str, ...]) -> int:
    """Return how many last parts of two names are the same."""
    differ = [a != b for a, b in zip(reversed(one), reversed(other), strict=False)]
    return differ.index(True) if True in differ else len(differ)


def _check_pairs(
    names: dict[str, tuple[str, ...]],
    lacking: list[str],
    unused: list[Path],
    found: dict[str, Path],
    where: tuple[Path, str],
) -> None:
    """Refuse names that do not tell whose a table is, or that are spelt otherwise than the clip's.

    Args:
        where: the folder, and what the tables are.
    """
    folder, what = where
    last = {names[clip][-1]: clip for clip in lacking}
    unclear = [path for path in unused if path.stem in last]
    twice = [path for path, number in Counter(found.values()).items() if number > 1]
    stems = {path.stem for path in unused}
    alike = [group for group in same_names([*last, *stems]) if set(group) & set(last) and set(group) & stems]
    if unclear or twice:
        clip = last[unclear[0].stem] if unclear else next(clip for clip, path in found.items() if path == twice[0])
        received = f"{(unclear or twice)[0].relative_to(folder)}, which may be that of {clip} and of others"
        if sum(path.stem == names[clip][-1] for path in unclear) > 1:
            received = f"several tables {names[clip][-1]}.csv, which may be that of {clip}"
    elif alike:
        received = " and ".join(map(quoted, alike[0])) + (f", and {len(alike) - 1} more" if len(alike) > 1 else "")
    elif not found:
        received = f"no table of {', '.join(lacking[:SHOWN_CLIPS])}"
    else:
        return
    raise UserError(
        f"The {what} in {folder} do not fit the clips.",
        rule="A table is called as the last part of its clip's name, letter by letter; where several clips share that, "
        "it stands in a folder that is called as the part before.",
        received=received,
        todo="Name each table after its clip.",
    )


def _highest(tables: Mapping[str, ActionUnits]) -> dict[str, int]:
    return {clip: int(table.found.index.max()) for clip, table in tables.items()}


def _check_lengths(highest: Mapping[str, int], lengths: pd.Series, folder: Path) -> None:
    """Refuse tables with frames that their clips have not; lengths are missing where nobody knows them."""
    for clip, last in highest.items():
        if pd.notna(lengths[clip]) and last >= lengths[clip]:
            raise UserError(
                f"In {folder} there is no table of the clip {clip}, but one of a longer clip.",
                rule="Its frames are those of the clip, in their order.",
                received=f"frame {last + 1} of {lengths[clip]}",
                todo="Let the tool read the frames of the clip from the first one on.",
            )
