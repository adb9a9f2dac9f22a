"""Features that were made elsewhere: a `.npy` file for each clip, `(frames, D)` or `(D,)`, checked before use.

<folder>/<clip>.npy     numbers; a row of NaN is a frame without a face
"""

from pathlib import Path

import numpy as np
import pandas as pd
from numpy.lib import format as npy

from transferpain.core.errors import UserError
from transferpain.core.paths import below
from transferpain.core.spelling import nearest, quoted
from transferpain.core.store import is_intact, using
from transferpain.data.media.contents import contents_hash, media_hash
from transferpain.data.media.links import leads_out
from transferpain.data.media.walk import walk_files
from transferpain.inputs.features.cache import feature_key, features_path, read_features, write_features
from transferpain.inputs.features.extract import COLUMNS, FLOAT16_MAX, sampled_frames, sampling_of
from transferpain.inputs.features.settings import FeatureSettings

MADE_BY = "own features"
KEY = (f"{MADE_BY} 1",)
SUFFIX = ".npy"
NUMBERS = "fiu"  # kinds of numpy's types: decimals and whole numbers
DEEPEST = 32  # levels of folders
LAYOUT = "Own features are one file a clip, <folder>/<clip>.npy, of numbers (frames, D) or (D,)."


def own_folder(settings: FeatureSettings, data_root: Path) -> Path:
    """Return the folder of own features, below the data root.

    Raises:
        UserError: if it is not there, or leads elsewhere.
    """
    folder = below(data_root, settings.folder)
    if not folder.is_dir():
        raise UserError(
            "The folder of own features is not there.",
            rule=f"It stands below the data root. {LAYOUT}",
            received=folder,
            todo="Correct the source of the experiment, or --data-root.",
        )
    return folder


def own_contents(settings: FeatureSettings, data_root: Path, cache: Path) -> str:
    """Return a SHA-256 over all files of own features, which names the runs that read them.

    Raises:
        UserError: as `own_folder`; and if a link leads out of the folder and of the data root.
    """
    folder = own_folder(settings, data_root)
    paths = [path for path in walk_files(folder, DEEPEST) if path.suffix == SUFFIX]
    if out := sum(leads_out(path, folder, data_root) for path in paths):
        raise UserError(
            "Links lead out of the data root.",
            rule="Files of own features stand in their folder, or in the data root; the folder itself may be a link.",
            received=f"{out} of {len(paths)} files in {folder}",
            todo="Move the files there.",
        )
    files = [path.relative_to(folder).as_posix() for path in paths]
    return contents_hash(pd.DataFrame({"clip": files, "media": files, "kind": "file"}), folder, cache)


def own_clips(clips: pd.DataFrame, settings: FeatureSettings, data_root: Path) -> pd.DataFrame:
    """Look at the headers of the clips' features.

    Returns:
        One row per clip, in their order: clip, path, num_frames (rows), width (D) and fps (rows a second, NaN where
        the settings do not say it).

    Raises:
        UserError: if a clip has no file; one is no array of numbers, has no row, or is of another width or number of
            axes than the others; and as `own_folder`.
    """
    folder = own_folder(settings, data_root)
    paths = [below(folder, f"{clip}{SUFFIX}") for clip in clips["clip"]]
    missing = [clip for clip, path in zip(clips["clip"], paths, strict=True) if not path.is_file()]
    if missing:
        there = [path.relative_to(folder).as_posix().removesuffix(SUFFIX) for path in walk_files(folder, DEEPEST)]
        near = nearest(missing[0], there)
        hint = f"; {quoted(near)} is there" if near else ""
        raise UserError(
            f"{len(missing)} of {len(clips)} clips have no features.",
            rule=f"{LAYOUT} A clip without a face has a row of NaN.",
            received=f"no file of {', '.join(map(quoted, missing[:3]))}{hint}",
            todo="Name the files as the clips are named, or leave the clips out of the index.",
        )
    shapes = [_shape(path, clip) for clip, path in zip(clips["clip"], paths, strict=True)]
    first = shapes[0] if shapes else ()
    for clip, shape in zip(clips["clip"], shapes, strict=True):
        if (len(shape), shape[-1]) != (len(first), first[-1]):
            raise UserError(
                "Own features differ in width.",
                rule=f"All clips have as many features, and all have rows of frames or none. {LAYOUT}",
                received=f"{quoted(clips['clip'].iloc[0])} {first}, {quoted(clip)} {shape}",
                todo="Make all of them in one way.",
            )
    rate = np.nan if settings.rate is None else settings.rate
    return pd.DataFrame(
        {
            "clip": clips["clip"].to_numpy(),
            "path": paths,
            "num_frames": [shape[0] if len(shape) == 2 else 1 for shape in shapes],
            "width": [shape[-1] for shape in shapes],
            "fps": rate,
        }
    )


def own_stage(clips: pd.DataFrame, settings: FeatureSettings, data_root: Path, cache: Path) -> pd.DataFrame:
    """Read the clips' features, in the place of the faces stage.

    Returns:
        The table of `own_clips` with problem (empty), found (rows that are not NaN) and key (of the content).

    Raises:
        UserError: as `own_clips`; and if a row is NaN in part, or a value is infinite or beyond float16.
    """
    table = own_clips(clips, settings, data_root)
    found = [int(_found(row.path, row.clip).sum()) for row in table.itertuples()]
    return table.assign(problem="", found=found, key=[media_hash(path, cache) for path in table["path"]])


def keep_own(stage: pd.DataFrame, settings: FeatureSettings, cache: Path) -> pd.DataFrame:
    """Put the features of clips into the cache as float16 `(frames, D)`, sampled as the settings say.

    Args:
        stage: the table of `own_stage` with `stretch`.

    Returns:
        A table with the row labels of `stage`, as of `extract_features`.
    """
    rows = []
    for row in stage.itertuples():
        sampling = sampling_of(settings, row.num_frames, row.fps, row.stretch)
        path = features_path(cache, feature_key(KEY, row.key, sampling, "float16"))
        if not is_intact(path):
            features = _load(row.path, row.clip)[sampled_frames(row.num_frames, sampling)]
            with using(cache):
                write_features(path, features.astype(np.float16))
        found = ~np.isnan(read_features(path)[:, 0])
        rows.append((row.clip, str(path), len(found), int(found.sum())))
    return pd.DataFrame(rows, columns=COLUMNS, index=stage.index)


def _shape(path: Path, clip: str) -> tuple[int, ...]:
    """Return the shape that a file states, `(frames, D)` or `(D,)`."""
    try:
        with open(path, "rb") as file:
            version = npy.read_magic(file)
            header = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
            shape, _, dtype = header(file)
            whole = file.tell() + dtype.itemsize * int(np.prod(shape, dtype=object)) == path.stat().st_size
    except Exception as error:  # a header that anybody may have written fails in more ways than a list could name
        raise _refused(clip, f"{type(error).__name__}: {error}") from error
    if dtype.kind not in NUMBERS or len(shape) not in (1, 2) or 0 in shape:
        raise _refused(clip, f"an array {shape} of {dtype}")
    if not whole:
        raise _refused(clip, f"an array {shape} of {dtype}, in a file of {path.stat().st_size} bytes")
    return shape


def _load(path: Path, clip: str) -> np.ndarray:
    """Return the features of a clip as they are, `(frames, D)`."""
    try:
        return np.atleast_2d(np.load(path, allow_pickle=False))
    except (ValueError, EOFError) as error:
        raise _refused(clip, error) from error


def _found(path: Path, clip: str) -> np.ndarray:
    """Tell for each row, bool `(frames,)`, whether it holds features; refuse numbers that none can be."""
    features = _load(path, clip)
    missing = np.isnan(features)
    if (missing.any(axis=1) != missing.all(axis=1)).any():
        row = int(np.flatnonzero(missing.any(axis=1) != missing.all(axis=1))[0])
        raise _refused(clip, f"row {row}: {int(missing[row].sum())} of {features.shape[1]} values are NaN")
    largest = np.abs(features[~missing.any(axis=1)].astype(np.float64)).max(initial=0)
    if not largest <= FLOAT16_MAX:
        raise _refused(clip, f"a value of magnitude {largest:g}; features are kept as float16, up to {FLOAT16_MAX:.0f}")
    return ~missing.any(axis=1)


def _refused(clip: str, received: object) -> UserError:
    return UserError(
        f"The features of the clip {quoted(clip)} cannot be used.",
        rule=f"{LAYOUT} NaN stands for a whole row without a face; all other values are finite.",
        received=received,
        todo="Make the file again, and give the same command.",
    )
