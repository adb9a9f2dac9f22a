"""What the networks of the fusion see: rows of pictures, of landmarks, or of both, changed alike."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from transferpain.inputs.faces.jpeg import decode_jpeg
from transferpain.models.sources.preprocessing import Preprocessing, scale_pixels
from transferpain.networks.training.augment import Changes, change_images
from transferpain.networks.training.batches import Inputs
from transferpain.strategies.fused.augment import change_landmarks
from transferpain.strategies.fused.inputs import Clip, landmark_rows
from transferpain.strategies.fused.settings import FusionSettings

WHOLE = -1


@dataclass(frozen=True)
class Rows:
    """The rows that a network reads, a frame of a clip each, or a whole clip.

    Attributes:
        clips: all clips of the experiment.
        clip: int64 `(rows,)`, positions into `clips`.
        frame: int64 `(rows,)`, places in the window of that clip; -1 for all of it.
        branches: `images`, `landmarks` or `both`: what the network reads.
        settings: how it reads them.
        preprocessing: side of the pictures, and how their pixels are scaled.
    """

    clips: Sequence[Clip]
    clip: np.ndarray
    frame: np.ndarray
    branches: str
    settings: FusionSettings
    preprocessing: Preprocessing

    def __len__(self) -> int:
        return len(self.clip)

    def load(self, chosen: np.ndarray, changes: Changes | None = None) -> Inputs:
        """Return what the network reads, float32; for both branches pictures and landmarks.

        Args:
            chosen: numbers of rows.
            changes: random changes, one for each chosen row, that move its pictures and landmarks alike.
        """
        places = list(zip(self.clip[chosen], self.frame[chosen], strict=True))
        if self.branches == "images":
            return self._pictures(places, changes)
        if self.branches == "landmarks":
            return self._landmarks(places, changes)
        return self._pictures(places, changes), self._landmarks(places, changes)

    def _pictures(self, places: list[tuple[int, int]], changes: Changes | None) -> np.ndarray:
        if not self.settings.reads_whole_clips(self.branches):
            return self._scaled([self.clips[clip].jpegs[frame] for clip, frame in places], changes)
        steps = range(self.settings.frames)
        frames = [self._scaled([self.clips[clip].jpegs[step] for clip, _ in places], changes) for step in steps]
        return np.stack(frames, axis=1)

    def _scaled(self, jpegs: list[bytes], changes: Changes | None) -> np.ndarray:
        images = np.stack([decode_jpeg(jpeg) for jpeg in jpegs])
        changed = images if changes is None else change_images(images, self.preprocessing.size, changes)
        return scale_pixels(changed.astype(np.float32), self.preprocessing.scaling)

    def _landmarks(self, places: list[tuple[int, int]], changes: Changes | None) -> np.ndarray:
        along_time = self.settings.axis == "time"
        pixels = np.stack(
            [self.clips[clip].landmarks if along_time else self.clips[clip].landmarks[frame] for clip, frame in places]
        )
        return landmark_rows(pixels if changes is None else change_landmarks(pixels, changes), self.settings)


def select_rows(
    clips: Sequence[Clip],
    positions: np.ndarray,
    branches: str,
    settings: FusionSettings,
    preprocessing: Preprocessing,
) -> Rows:
    """Return the rows of some clips, in their order: one per found frame, or one per clip; a clip without any has none.

    Args:
        positions: int64, into `clips`.
        branches, settings, preprocessing: as in `Rows`.
    """
    whole = settings.reads_whole_clips(branches)
    places = []
    for position in positions:
        found = np.flatnonzero(clips[position].found)
        if whole and clips[position].total_found:
            places.append((position, WHOLE))
        elif not whole:
            places += [(position, frame) for frame in found]
    clip, frame = np.array(places, dtype=np.int64).reshape(-1, 2).T
    return Rows(clips, clip, frame, branches, settings, preprocessing)
