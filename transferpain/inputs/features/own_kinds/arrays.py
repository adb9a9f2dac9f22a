"""Own features as arrays: a `.npy` file for each clip, `(frames, D)` or `(D,)`, checked before use.

<folder>/<clip>.npy     numbers; a row of NaN is a frame without a face
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.lib import format as npy

from transferpain.core.errors import UserError
from transferpain.core.paths import below
from transferpain.core.spelling import quoted
from transferpain.data.media.walk import walk_files
from transferpain.inputs.features.own_kinds.base import DEEPEST, Look, no_files

SUFFIX = ".npy"
SMALLEST = float(np.finfo(np.float32).tiny)
LARGEST = 1e32  # a millionth of what float32 holds: sums over frames, and differences, do not leave it
NUMBERS = "fiu"  # kinds of numpy's types: decimals and whole numbers
LAYOUT = "Own features are one file a clip, <folder>/<clip>.npy, of numbers (frames, D) or (D,)."


class Arrays:
    """The kind `features`."""

    name = clips = "features"
    made_by = "own features"
    key = ("own features 2",)
    layout = LAYOUT
    whole_clip = False
    dtype = np.float32

    def files(self, folder: Path) -> list[Path]:
        return [path for path in walk_files(folder, DEEPEST) if path.suffix == SUFFIX and path.is_file()]

    def paths(self, clips: Sequence[str], folder: Path) -> list[Path]:
        paths = [below(folder, f"{clip}{SUFFIX}") for clip in clips]
        missing = [clip for clip, path in zip(clips, paths, strict=True) if not path.is_file()]
        if missing:
            there = [path.relative_to(folder).as_posix().removesuffix(SUFFIX) for path in walk_files(folder, DEEPEST)]
            raise no_files(f"{LAYOUT} A clip without a face has a row of NaN.", missing, len(clips), there)
        return paths

    def look(self, path: Path, clip: str) -> Look:
        shape = _shape(path, clip)
        form = f"{shape[-1]} features for {'each frame' if len(shape) == 2 else 'the whole clip'}"
        return Look(shape[0] if len(shape) == 2 else 1, shape[-1], form)

    def found(self, path: Path, clip: str, least_confidence: float | None) -> np.ndarray:
        features = _load(path, clip)
        missing = np.isnan(features)
        if (missing.any(axis=1) != missing.all(axis=1)).any():
            row = int(np.flatnonzero(missing.any(axis=1) != missing.all(axis=1))[0])
            raise _refused(clip, f"row {row}: {int(missing[row].sum())} of {features.shape[1]} values are NaN")
        largest = np.abs(features[~missing.any(axis=1)].astype(np.float64)).max(initial=0)
        if not (largest == 0 or SMALLEST <= largest <= LARGEST):
            kept = f"features are kept as float32, from {SMALLEST:.2g} to {LARGEST:.2g}"
            raise _refused(clip, f"values of a magnitude up to {largest:g}; {kept}")
        return ~missing.any(axis=1)

    def features(
        self, path: Path, clip: str, rows: np.ndarray, stretch: int, least_confidence: float | None
    ) -> np.ndarray:
        return _load(path, clip)[rows]


ARRAYS = Arrays()


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


def _refused(clip: str, received: object) -> UserError:
    return UserError(
        f"The features of the clip {quoted(clip)} cannot be used.",
        rule=f"{LAYOUT} NaN stands for a whole row without a face; all other values are finite.",
        received=received,
        todo="Make the file again, and give the same command.",
    )
