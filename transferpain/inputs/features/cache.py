"""The cache of features: one .npy file a clip."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.lib import format as npy

from transferpain.core.store import fingerprint, reading_checked, write_checked

DTYPES = (np.dtype(np.float16), np.dtype(np.float32))


@dataclass(frozen=True)
class FirstFrames:
    """So many `rows`, spread evenly over the first `frames` of a clip."""

    frames: int
    rows: int


Sampling = tuple[float, float] | int | FirstFrames | None


def feature_key(extractor: tuple[str, ...], face_key: str, sampling: Sampling, dtype: str) -> str:
    """Return the cache key of a clip's features; it changes with each argument and with nothing else.

    Args:
        extractor: `key` of the extractor.
        face_key: the cache key of the clip's faces.
        sampling: `(fps of the video, fps of the features)`, or the features per clip, over all of it or its first
            frames; `None` if each frame has one.
        dtype: what the extractor computes in.
    """
    if isinstance(sampling, tuple):
        sampling = tuple(float(rate) for rate in sampling)
    if isinstance(sampling, FirstFrames):
        sampling = ["first", sampling.frames, sampling.rows]
    return fingerprint(["features", *extractor, face_key, sampling, dtype])


def features_path(cache: Path, key: str) -> Path:
    """Return where the features with this key stand."""
    return cache / "features" / key[:2] / f"{key}.npy"


def write_features(path: Path, features: np.ndarray, made: dict | None = None) -> None:
    """Write `(frames, D)` of a type of `DTYPES`; beside the checksum what made them (`store.read_made`), JSON types."""
    write_checked(path, lambda temporary: np.save(temporary, features), made)


def read_features(path: Path) -> np.ndarray:
    """Map the features of a clip into memory: `(frames, D)`, read-only, read from disk as they are used.

    They are float16, or float32 where they are the user's own. A row of NaN stands for a frame without a face. Raises
    `DamagedFile` as `reading_checked`.
    """
    # Unlike numpy's, this map keeps no file open: a head trains on more clips than a process may open files.
    with reading_checked(path), pa.memory_map(str(path)) as file:
        npy.read_magic(file)
        shape, by_columns, dtype = npy.read_array_header_1_0(file)
        if len(shape) != 2 or by_columns or dtype not in DTYPES:
            raise ValueError(f"an array {shape} of {dtype}")
        return np.frombuffer(file.read_buffer(), dtype).reshape(shape)
