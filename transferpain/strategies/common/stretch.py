"""Which stretch of each clip is read: one duration for every clip of a dataset, so that no class is told by its length.

The frames are taken from the stretch by time, at one rate: nothing about how a clip is sampled depends on its label.
"""

import numpy as np
import pandas as pd

from transferpain.core.errors import UserError
from transferpain.data.media.times import duration, frames_until
from transferpain.inputs.faces.cache import read_seconds
from transferpain.strategies.common.settings import WindowSettings

# A recording may end a little early; beyond this it is shorter than others.
TOLERANCE = 0.05
# So many may be left out, each by name; with more, the stretch is too long for the data.
MOST_LEFT_OUT = 0.1


def with_stretch(clips: pd.DataFrame, faces: pd.DataFrame, window: WindowSettings, skipped: int = 0) -> pd.DataFrame:
    """Add to the faces stage what is read of each clip; a clip that is shorter than others gets a problem.

    The stretch of a dataset is `window.seconds` of clips with a frame rate, of others `window.frames` pictures, or
    `window.clip_frames` where sequences were cut; where every clip is shorter, it is the longest clip.

    Args:
        clips: rows of the index, in the order of `faces`: dataset and kind.
        faces: the table of `compute_faces`: clip, problem, num_frames, fps (NaN without a rate), and variable with
            faces, where frames may lie at uneven distances in time.
        window: how long the stretch is.
        skipped: frames before it.

    Returns:
        `faces` with `stretch`, int64, frames of the medium from `skipped` on. Up to 5 % of it, or one frame, may lie
        behind a clip's end. And with `stretch_seconds`, float64, its length in time; NaN without a rate.

    Raises:
        UserError: if no frame is left behind `skipped`, or more than a tenth of a dataset's clips are shorter than the
            stretch: their lengths differ, and would tell what they are.
    """
    table = faces.assign(stretch=(faces["num_frames"] - skipped).clip(lower=0).astype(np.int64))
    table["stretch_seconds"] = np.nan
    rated = (faces["fps"] > 0).to_numpy()
    cut = (clips["kind"] == "image_span").to_numpy() & (window.clip_frames is not None)
    for dataset in clips["dataset"].unique():
        own = (clips["dataset"] == dataset).to_numpy() & (faces["problem"] == "").to_numpy()
        for some, wanted, key in (
            (own & rated, window.seconds, "seconds"),
            (own & ~rated & cut, window.clip_frames, "clip_frames"),
            (own & ~rated & ~cut, window.frames, "frames"),
        ):
            if some.any():
                check_skipped(skipped, int(faces["num_frames"].to_numpy()[some].max()), dataset)
                _take_stretch(table, some, wanted, key, (dataset, skipped))
    return table


def check_skipped(skipped: int, longest: int, dataset: str) -> None:
    """Refuse to leave out all frames of every clip.

    Args:
        skipped: frames at the beginning of each clip that are left out.
        longest: frames of the longest clip.

    Raises:
        UserError: if no frame is left.
    """
    if skipped >= longest:
        raise UserError(
            f"No frame of any clip of {dataset} is left.",
            rule="images.first_frame leaves out the frames before it.",
            received=f"images.first_frame: {skipped}; the longest clip has {longest} frames",
            todo="Use --set images.first_frame=0, or a number that is smaller than the clips.",
        )


def _take_stretch(
    table: pd.DataFrame, some: np.ndarray, wanted: float | None, key: str, where: tuple[str, int]
) -> None:
    """Write the stretch of some clips of a dataset, and the problem of those that are shorter.

    Args:
        where: the dataset, and the frames that are skipped before the stretch.
    """
    dataset, skipped = where
    frames = table["stretch"].to_numpy()[some]
    rate = table["fps"].to_numpy(dtype=float)[some] if key == "seconds" else np.ones(len(frames))
    longest = (frames / rate).max()
    length = longest if wanted is None else min(wanted, longest)
    stretch = np.maximum(np.round(length * rate), 1).astype(np.int64)
    short = frames < np.minimum((1 - TOLERANCE) * stretch, stretch - 1)
    if key == "seconds" and "variable" in table:
        for place in np.flatnonzero(table["variable"].to_numpy(dtype=bool)[some]):
            # Frames at uneven distances: as many as begin within the length.
            seconds = read_seconds(table["faces"].to_numpy()[some][place])
            stretch[place] = max(1, frames_until(seconds, skipped, length))
            short[place] = duration(seconds[skipped:]) < (1 - TOLERANCE) * length
    if short.mean() > MOST_LEFT_OUT:
        shortest = f"{(frames / rate).min():.4g}"
        behind = f", counted behind the {skipped} frames that images.first_frame leaves out" if skipped else ""
        raise UserError(
            f"The clips of {dataset} are not of one length, and no stretch fits them.",
            rule="The same stretch is read of every clip: a longer or faster read clip would be told by that alone.",
            received=f"window.{key}: {'not given' if wanted is None else f'{wanted:g}'}; {int(short.sum())} of "
            f"{len(frames)} clips are shorter than {length:.4g} {'s' if key == 'seconds' else 'pictures'}, the "
            f"shortest is {shortest}{behind}",
            todo=f"Use --set window.{key}={shortest}, or leave short clips out of the data.",
        )
    places = np.flatnonzero(some)
    table.iloc[places, table.columns.get_loc("stretch")] = stretch
    if key == "seconds":
        table.iloc[places, table.columns.get_loc("stretch_seconds")] = length
    for place, own, needed in zip(places[short], frames[short], stretch[short], strict=True):
        table.iloc[place, table.columns.get_loc("problem")] = (
            f"shorter than the stretch that is read of every clip ({own} of {needed} frames)"
        )
