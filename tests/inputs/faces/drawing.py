"""Faces drawn plainly, for tests that need a detector to find one."""

from pathlib import Path

import cv2
import numpy as np


def draw_plain_face(
    width: int = 320, height: int = 240, center: tuple[int, int] = (160, 120), scale: float = 1.0
) -> np.ndarray:
    """Return a picture with one face, uint8 RGB `(height, width, 3)`; at scale 1 it is 150 pixels high."""
    image = np.full((height, width, 3), (90, 110, 120), np.uint8)

    def at(x: float, y: float) -> tuple[int, int]:
        return int(center[0] + x * scale), int(center[1] + y * scale)

    def ellipse(x: float, y: float, axes: tuple[int, int], color: tuple, outline: int = 0) -> None:
        """Fill an ellipse, or draw its upper half as a line."""
        start, thickness = (180, outline) if outline else (0, -1)
        sizes = (int(axes[0] * scale), int(axes[1] * scale))
        cv2.ellipse(image, at(x, y), sizes, 0, start, 360, color, thickness, cv2.LINE_AA)

    ellipse(0, -15, (62, 75), (60, 40, 30))
    ellipse(0, 0, (55, 75), (224, 180, 150))
    for x in (-22, 22):
        ellipse(x, -15, (11, 6), (250, 250, 250))
        ellipse(x, -15, (5, 5), (60, 40, 30))
        ellipse(x, -15, (2, 2), (0, 0, 0))
        ellipse(x, -28, (14, 4), (80, 50, 40), outline=3)
        ellipse(x, -15, (12, 7), (120, 80, 70), outline=2)
    ellipse(0, 12, (9, 6), (190, 140, 115))
    for x in (-4, 4):
        ellipse(x, 14, (2, 2), (110, 70, 60))
    cv2.line(image, at(-3, -10), at(-6, 10), (195, 150, 125), 2, cv2.LINE_AA)
    ellipse(0, 40, (20, 7), (190, 80, 80))
    cv2.line(image, at(-19, 40), at(19, 40), (110, 40, 40), 2, cv2.LINE_AA)
    return cv2.GaussianBlur(image, (0, 0), 1.0)


def write_video(path: Path, frames: list[np.ndarray], fps: float = 25.0) -> Path:
    """Write uint8 RGB frames of one size as an mp4."""
    path.parent.mkdir(parents=True, exist_ok=True)
    height, width = frames[0].shape[:2]
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"mp4v"), fps, (width, height))
    for frame in frames:
        writer.write(cv2.cvtColor(frame, cv2.COLOR_RGB2BGR))
    writer.release()
    return path


def moving_face(num_frames: int, **look) -> list[np.ndarray]:
    """Return frames of a plain face that moves a little to the right."""
    return [draw_plain_face(center=(140 + 2 * index, 120), **look) for index in range(num_frames)]
