"""Small real pictures and videos."""

from pathlib import Path

import cv2
import numpy as np


def png(value: int, grey: bool = False) -> bytes:
    """Return a picture of one brightness with a little noise; 0 is black throughout."""
    noise = np.random.default_rng(0).integers(0, 20, (24, 32) if grey else (24, 32, 3))
    picture = np.where(value > 0, value + noise, 0).astype(np.uint8)
    return cv2.imencode(".png", picture)[1].tobytes()


def video(path: Path, frames: int) -> bytes:
    """Write an mp4 of 64x48 pixels and return its bytes."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"mp4v"), 25, (64, 48))
    for number in range(frames):
        writer.write(np.full((48, 64, 3), number * 10 % 255, np.uint8))
    writer.release()
    return path.read_bytes()
