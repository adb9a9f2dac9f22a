"""What a clip network sees: rows of windows, the frames of each changed alike."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from transferpain.core.seeds import derive_seed
from transferpain.inputs.faces.jpeg import decode_jpeg
from transferpain.models.sources.preprocessing import Preprocessing, scale_pixels
from transferpain.networks.training.augment import Changes, change_images, draw_changes
from transferpain.networks.training.settings import AugmentSettings
from transferpain.strategies.clip_network.windows import Window


@dataclass(frozen=True)
class Rows:
    """The windows that a network reads.

    Attributes:
        windows: each with pictures.
        sample: int64 `(rows,)`, which sample each is of.
        orders: int64 `(rows, T)`, in which order its frames are read.
        preprocessing: side of the pictures, and how their pixels are scaled.
    """

    windows: Sequence[Window]
    sample: np.ndarray
    orders: np.ndarray
    preprocessing: Preprocessing

    def __len__(self) -> int:
        return len(self.windows)

    def load(self, chosen: np.ndarray, changes: Changes | None = None) -> np.ndarray:
        """Return what the network reads, float32 `(chosen, T, size, size, 3)`.

        Args:
            chosen: numbers of rows.
            changes: random changes, one for each chosen row, the same for all its frames.
        """
        size, loaded = self.preprocessing.size, []
        if changes is None:
            changes = draw_changes(len(chosen), size, AugmentSettings(), np.random.default_rng(0))  # draws nothing
        for number, row in enumerate(chosen):
            jpegs = self.windows[row].jpegs
            decoded = {jpeg: decode_jpeg(jpeg) for jpeg in dict.fromkeys(jpegs)}
            images = np.stack([decoded[jpegs[place]] for place in self.orders[row]])
            changed = change_images(images, size, repeated(changes, number, len(images)))
            loaded.append(scale_pixels(changed.astype(np.float32), self.preprocessing.scaling))
        return np.stack(loaded)


def repeated(changes: Changes, number: int, count: int) -> Changes:
    """Return the changes of one image as often as there are frames."""
    places = np.full(count, number)
    fields = None if changes.fields is None else changes.fields[places]
    return Changes(changes.transforms[places], fields, changes.gains[places])


def rows_of(
    windows: Sequence[tuple[Window, ...]],
    names: Sequence[str],
    positions: np.ndarray,
    order: str,
    preprocessing: Preprocessing,
) -> Rows:
    """Return the windows with a face of some samples, in their order.

    Args:
        windows: of every sample.
        names: of the clips, unique; an order that is drawn goes by the name and by the number of the window.
        positions: int64, of the samples that are taken.
        order: as in `ClipNetworkSettings`.
    """
    found = [
        (window, sample, drawn_order(len(window.frames), order, names[sample], number))
        for sample in positions
        for number, window in enumerate(windows[sample])
        if window.jpegs
    ]
    length = len(found[0][2]) if found else 1
    return Rows(
        [window for window, _, _ in found],
        np.array([sample for _, sample, _ in found], dtype=np.int64),
        np.array([order for _, _, order in found], dtype=np.int64).reshape(-1, length),
        preprocessing,
    )


def drawn_order(length: int, order: str, clip: str, number: int) -> np.ndarray:
    """Return in which order the frames of a window are read, int64 `(length,)`."""
    if order == "time":
        return np.arange(length)
    return np.random.default_rng(derive_seed("order of frames", clip, number)).permutation(length)
