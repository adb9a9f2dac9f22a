"""Features that were made elsewhere, a file for each clip (`own_kinds/`): in the place of faces and of a source."""

import itertools
import os
from pathlib import Path

import numpy as np
import pandas as pd

from transferpain.core.errors import UserError
from transferpain.core.paths import below
from transferpain.core.spelling import quoted
from transferpain.core.store import fingerprint, is_intact, using
from transferpain.data.media.contents import contents_hash, media_hash
from transferpain.data.media.frame_counts import other_length
from transferpain.data.media.links import leads_out
from transferpain.data.media.paths import resolve_media
from transferpain.inputs.action_units.from_tables import check_lengths
from transferpain.inputs.features.cache import feature_key, features_path, read_features, write_features
from transferpain.inputs.features.extract import COLUMNS, sampled_frames, sampling_of
from transferpain.inputs.features.own_kinds.base import OwnKind
from transferpain.inputs.features.own_kinds.registry import OWN_KINDS
from transferpain.inputs.features.settings import FeatureSettings

OTHER_RATE = 0.03  # a share: tools write thousandths of a second, and 29.97 frames are called 30; 24 are not 25
OTHER_RATE_OF_SIGNALS = 0.005  # clocks of recorders are good, and 500 samples a second are not 512


def own_kind(settings: FeatureSettings) -> OwnKind:
    """Return what kind of files stand in the folder of own features."""
    kind = OWN_KINDS[settings.files]
    return kind if settings.signals is None else kind.reading(settings.signals, settings.rate, settings.fps)


def own_folder(settings: FeatureSettings, data_root: Path) -> Path:
    """Return the folder of own features, below the data root.

    Raises:
        UserError: if it is not there, or leads elsewhere.
    """
    folder = below(data_root, settings.folder)
    if not folder.is_dir():
        raise UserError(
            "The folder of own features is not there.",
            rule=f"It stands below the data root. {own_kind(settings).layout}",
            received=folder,
            todo="Correct the source of the experiment, or --data-root.",
        )
    return folder


def own_contents(settings: FeatureSettings, data_root: Path, cache: Path) -> str:
    """Return a hash of all files of own features and of how they are read, which names the runs that read them.

    Raises:
        UserError: as `own_folder`; and if a link leads out of the folder and of the data root.
    """
    folder, kind = own_folder(settings, data_root), own_kind(settings)
    paths = kind.files(folder)
    if out := sum(leads_out(path, folder, data_root) for path in paths):
        raise UserError(
            "Links lead out of the data root.",
            rule="Files of own features stand in their folder, or in the data root; the folder itself may be a link.",
            received=f"{out} of {len(paths)} files in {folder}",
            todo="Move the files there.",
        )
    files = [path.relative_to(folder).as_posix() for path in paths]
    table = pd.DataFrame({"clip": files, "media": files, "kind": "file"})
    return fingerprint(["own", *kind.key, contents_hash(table, folder, cache)])


def own_clips(clips: pd.DataFrame, settings: FeatureSettings, data_root: Path) -> pd.DataFrame:
    """Look at what the clips' files hold.

    Returns:
        One row per clip, in their order: clip, path, num_frames, width (D) and fps (frames a second, NaN where the
        settings do not say it).

    Raises:
        UserError: if a clip has no file, or that of another clip; one is of another kind, has no frame, or is of
            another form or another rate than is stated; and as `own_folder`.
    """
    folder, kind = own_folder(settings, data_root), own_kind(settings)
    paths = kind.paths(clips["clip"].tolist(), folder)
    _check_whose(clips, paths, settings, data_root)
    looks = [kind.look(path, clip) for clip, path in zip(clips["clip"], paths, strict=True)]
    tolerance = OTHER_RATE if settings.signals is None else OTHER_RATE_OF_SIGNALS
    for clip, look in zip(clips["clip"], looks, strict=True):
        if look.form != looks[0].form:
            raise UserError(
                "Own features differ in width.",
                rule=f"All clips have the same features, and all have rows of frames or none. {kind.layout}",
                received=f"{quoted(clips['clip'].iloc[0])}: {looks[0].form}; {quoted(clip)}: {look.form}",
                todo="Make all of them in one way.",
            )
        if settings.rate and look.rate and abs(look.rate / settings.rate - 1) > tolerance:
            raise UserError(
                "Own features have another rate than is stated.",
                rule="The stretch that is read of a clip is counted by `rate`, and a file tells its own.",
                received=f"{quoted(clip)}: {look.rate:.4g} a second by its times; rate: {settings.rate:g}",
                todo=f"State rate: {look.rate:.4g}, or let the tool read all frames.",
            )
    return pd.DataFrame(
        {
            "clip": clips["clip"].to_numpy(),
            "path": paths,
            "num_frames": [look.frames for look in looks],
            "width": [look.width for look in looks],
            "fps": np.nan if settings.rate is None else settings.rate,
        }
    )


def check_frames(
    clips: pd.DataFrame, stage: pd.DataFrame, settings: FeatureSettings, data_root: Path, cache: Path
) -> None:
    """Refuse files of other frames than those of their clips, where somebody knows how many these have.

    A table of action units may end before its clip, and never after it: it would be that of the whole video where the
    clip is a span of one. Arrays have a row for each frame: labels of single frames would meet other rows.

    Args:
        clips: rows of the index, in the order of `stage`.
        stage: the table of `own_stage`.

    Raises:
        UserError: with the first of the clips.
    """
    if settings.whole_clip:
        last = dict(zip(stage["clip"], (stage["num_frames"] - 1).tolist(), strict=True))
        check_lengths(clips, last, own_folder(settings, data_root), data_root, cache)
    else:
        _check_rows(clips, stage, data_root, cache)


def _check_rows(clips: pd.DataFrame, stage: pd.DataFrame, data_root: Path, cache: Path) -> None:
    rows, videos = stage["num_frames"].to_numpy(), (clips["kind"] == "video").to_numpy()
    paths = {place: resolve_media(data_root, clips["media"].iloc[place]) for place in np.flatnonzero(videos)}
    counted = other_length({path: int(rows[place]) for place, path in paths.items()}, cache)
    frames = clips["num_frames"].astype("Int64").mask(videos).tolist()
    for place, path in paths.items():
        frames[place] = counted.get(path, pd.NA)
    wrong = [place for place, number in enumerate(frames) if pd.notna(number) and number != rows[place]]
    if wrong:
        raise UserError(
            "Own features have other rows than their clips have frames.",
            rule="Where single frames are labelled, the features have a row for each frame of the clip, in its order; "
            "one without a face is a row of NaN.",
            received=f"{len(wrong)} of {len(stage)} clips, such as {quoted(stage['clip'].iloc[wrong[0]])}: "
            f"{rows[wrong[0]]} rows of {frames[wrong[0]]} frames",
            todo="Make features of every frame.",
        )


def _check_whose(clips: pd.DataFrame, paths: list[Path], settings: FeatureSettings, data_root: Path) -> None:
    """Refuse a file that two clips are called as, and one that is not its clip's medium where that stands beside it."""
    folder = own_folder(settings, data_root)
    clip_of: dict[Path, str] = {}
    for clip, path in zip(clips["clip"], paths, strict=True):
        if (other := clip_of.setdefault(Path(os.path.normpath(path)), clip)) != clip:
            what = f"{quoted(other)} and {quoted(clip)}: {path.relative_to(folder)}"
            raise _not_of_one_clip("Two clips have one file of own features.", settings, what)
    if "kind" not in clips:
        return
    top = folder.resolve()
    own = (clips["kind"] == own_kind(settings).clips).to_numpy()
    for clip, media, path in zip(clips["clip"][own], clips["media"][own], itertools.compress(paths, own), strict=True):
        medium = resolve_media(data_root, media).resolve()
        if medium != path.resolve() and top in medium.parents:
            what = f"{quoted(clip)}: the index says {medium.name}, its name {path.relative_to(folder)}"
            raise _not_of_one_clip("A clip is called as the file of own features of another one.", settings, what)


def _not_of_one_clip(what: str, settings: FeatureSettings, received: str) -> UserError:
    return UserError(
        what,
        rule=f"Which file is a clip's is told by the clip's name. {own_kind(settings).layout}",
        received=received,
        todo="Correct the column clip of index.csv, or leave it out: then clips are called as their files are.",
    )


def own_stage(clips: pd.DataFrame, settings: FeatureSettings, data_root: Path, cache: Path) -> pd.DataFrame:
    """Read the clips' features, in the place of the faces stage.

    Returns:
        The table of `own_clips` with problem (empty), found (frames with a face) and key (of the content).

    Raises:
        UserError: as `own_clips`; and if numbers are none that features can be.
    """
    table, kind = own_clips(clips, settings, data_root), own_kind(settings)
    found = [int(kind.found(row.path, row.clip, settings.least_confidence).sum()) for row in table.itertuples()]
    return table.assign(problem="", found=found, key=[media_hash(path, cache) for path in table["path"]])


def keep_own(stage: pd.DataFrame, settings: FeatureSettings, cache: Path) -> pd.DataFrame:
    """Put the features of clips into the cache, `(rows, D)` in the dtype of their kind, sampled as the settings say.

    Args:
        stage: the table of `own_stage` with `stretch`.

    Returns:
        A table with the row labels of `stage`, as of `extract_features`.
    """
    kind, least, rows = own_kind(settings), settings.least_confidence, []
    dtype = np.dtype(kind.dtype).name
    for row in stage.itertuples():
        sampling = sampling_of(settings, row.num_frames, row.fps, row.stretch)
        further = (f"first {row.stretch}", f"confidence {least}") if kind.whole_clip else ()
        key = feature_key((*kind.key, *further), row.key, sampling, dtype)
        path = features_path(cache, key)
        if not is_intact(path):
            taken = sampled_frames(row.num_frames, sampling)
            features = kind.features(row.path, row.clip, taken, row.stretch, least)
            made = {"own": kind.key[0], "files": row.key, "dtype": dtype}
            with using(cache):
                write_features(path, features.astype(kind.dtype), made)
        found = ~np.isnan(read_features(path)[:, 0])
        rows.append((row.clip, str(path), len(found), int(found.sum())))
    return pd.DataFrame(rows, columns=COLUMNS, index=stage.index)
