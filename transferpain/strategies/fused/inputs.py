"""From a clip's faces and landmarks to the window of frames that the fused network reads."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from transferpain.data.media.times import spread_in_time
from transferpain.inputs.faces.cache import read_faces
from transferpain.inputs.faces.crop import crop_square, points_in_crop
from transferpain.inputs.features.windows import fill_missing, stretch_frames
from transferpain.inputs.landmarks.cache import read_landmarks
from transferpain.inputs.landmarks.geometry import POINTS, place
from transferpain.models.sources.face_settings import FaceSettings
from transferpain.strategies.fused.settings import FusionSettings


@dataclass(frozen=True)
class Clip:
    """The window of a clip: T frames, spread evenly over the stretch that is read of it.

    A frame counts as found where there are a face and landmarks. For any other the frame found before it stands, or the
    first one found after it (our choice, not the paper's).

    Attributes:
        frames: int64 `(T,)`, their numbers in the clip.
        found: bool `(T,)`.
        jpegs: the picture of the face in each, encoded, T; none where the clip shows no face at all.
        landmarks: float32 `(T, 478, 3)`, x and y in pixels of those pictures, z on the same scale; without any face
            `(0, 478, 3)`.
        total_found: frames found in the whole stretch, not in the window alone.
    """

    frames: np.ndarray
    found: np.ndarray
    jpegs: tuple[bytes, ...]
    landmarks: np.ndarray
    total_found: int

    @property
    def coverage(self) -> float:
        """Share of the window's frames with a face and landmarks; 0 for a clip without frames."""
        return float(self.found.mean()) if len(self.found) else 0.0


UNREADABLE = Clip(np.empty(0, np.int64), np.empty(0, bool), (), np.empty((0, POINTS, 3), np.float32), 0)


def read_clip(faces: Path, landmarks: Path, settings: FaceSettings, length: int, stretch: int | None = None) -> Clip:
    """Read the window of a clip from the caches of faces and landmarks.

    Args:
        faces, landmarks: cache files of the same clip.
        settings: how the faces were cut out.
        length: frames in the window, T.
        stretch: over how many of the clip's first frames they are spread; `None` for all.
    """
    shown, mesh = read_faces(faces), read_landmarks(landmarks)
    # The mesh of somebody else would lie a face's size away from the face.
    middle = (shown.boxes[:, :2] + shown.boxes[:, 2:]) / 2
    side = (shown.boxes[:, 2:] - shown.boxes[:, :2]).max(axis=1)
    found = shown.found & mesh.found & (np.abs(mesh.centre[:, :2] - middle).max(axis=1) < side)
    stretch = len(found) if stretch is None else stretch
    if shown.facts.variable:
        frames = spread_in_time(shown.seconds, length, stretch)
    else:
        frames = stretch_frames(len(found), stretch, length)
    found[stretch:] = False
    if not found.any():
        return Clip(frames, found[frames], (), UNREADABLE.landmarks, 0)
    numbers = np.where(found, np.arange(len(found), dtype=float), np.nan)[:, None]
    standing = fill_missing(numbers, "hold_last")[0][frames, 0].astype(np.int64)
    jpegs = shown.jpegs_of(standing)
    pixels = mesh.pixels
    return Clip(
        frames,
        found[frames],
        tuple(jpegs[frame] for frame in standing.tolist()),
        np.stack([_in_crop(pixels[frame], shown.boxes[frame], settings) for frame in standing]),
        int(found.sum()),
    )


def one_frame(clip: Clip, at: int, axis: str) -> Clip:
    """Return what the network reads of one frame of a window: its picture, and the landmarks of all frames.

    Args:
        at: the frame's place in the window.
        axis: as in `FusionSettings`; along `points` it reads that frame's landmarks alone.
    """
    one = slice(at, at + 1)
    landmarks = clip.landmarks if axis == "time" else clip.landmarks[one]
    return replace(clip, frames=clip.frames[one], found=clip.found[one], jpegs=clip.jpegs[one], landmarks=landmarks)


def landmark_rows(pixels: np.ndarray, settings: FusionSettings) -> np.ndarray:
    """Place landmarks between the eyes, and keep those points and coordinates that the network reads.

    Args:
        pixels: `(rows, T, 478, 3)` where the network steps along time, `(rows, 478, 3)` along points; x and y in pixels
            of a picture, z on the same scale.

    Returns:
        float32 `(rows, *settings.landmark_shape)`.
    """
    chosen = place(pixels).points[..., : settings.points, : settings.coordinates]
    return np.ascontiguousarray(chosen.reshape(len(pixels), *settings.landmark_shape), dtype=np.float32)


def _in_crop(points: np.ndarray, box: np.ndarray, settings: FaceSettings) -> np.ndarray:
    margin = settings.resolved_margin
    _, _, side = crop_square(box, margin)
    depth = points[:, 2:] * (settings.size / side)
    return np.hstack([points_in_crop(points, box, margin, settings.size), depth]).astype(np.float32)
