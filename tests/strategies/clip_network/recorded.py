"""Small clips for clip networks: written into the cache of faces, or made in memory."""

from pathlib import Path

import numpy as np
import pandas as pd

from tests.strategies.fused.recorded import BOX, grey
from transferpain.inputs.faces.cache import FaceFacts, write_faces
from transferpain.inputs.faces.jpeg import decode_jpeg, encode_jpeg
from transferpain.strategies.clip_network.windows import Window

STEP = 8  # of the grey levels of neighbouring frames


def write_clip(
    folder: Path, found: list[int], frames: int, stretch: int, seconds: list[float] | None = None
) -> pd.Series:
    """Write a clip into the cache, frame i with a picture of grey level `STEP` i; returns its row of the faces stage.

    Args:
        found: in which frames a face was found.
        stretch: frames of a stretch.
        seconds: of each frame, where they lie at uneven distances.
    """
    box = dict(zip(("left", "top", "right", "bottom", "score"), (*BOX, 0.9), strict=True))
    nothing = dict.fromkeys(box, np.nan) | {"found": False, "jpeg": None}
    rows = [
        box | {"found": True, "jpeg": encode_jpeg(grey(STEP * frame))} if frame in found else dict(nothing)
        for frame in range(frames)
    ]
    for row, time in zip(rows, seconds or [frame / 10 for frame in range(frames)], strict=True):
        row["seconds"] = time
    path = folder / "faces.parquet"
    write_faces(path, FaceFacts("f", 10.0, frames, len(found), "drawn", variable=seconds is not None), rows)
    facts = {"problem": "", "faces": str(path), "num_frames": frames, "fps": 10.0, "stretch": stretch}
    return pd.Series(facts | {"stretch_seconds": stretch / 10, "variable": seconds is not None})


def levels(window: Window) -> list[int]:
    """Return which frame's picture stands for each frame of a window."""
    return [round(float(decode_jpeg(jpeg).mean()) / STEP) for jpeg in window.jpegs]


def window_of(pictures: list[np.ndarray], found: list[bool] | None = None) -> Window:
    """Return a window of pictures, uint8 RGB; all are found unless `found` says otherwise."""
    found = [True] * len(pictures) if found is None else found
    return Window(np.arange(len(pictures)), np.array(found), tuple(encode_jpeg(picture) for picture in pictures))


NO_FACE = Window(np.arange(3), np.zeros(3, bool), ())
