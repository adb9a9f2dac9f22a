"""Writes clips as folders of pictures. A folder has its name only when everything is in it."""

from collections.abc import Callable, Iterable
from pathlib import Path

import cv2
import numpy as np

from transferpain.core.store import sync_folder, sync_tree, temporary_folder

ENCODINGS = {
    ".jpg": (cv2.IMWRITE_JPEG_QUALITY, 92),
    # Noise has no repetitions to be searched for: PNG is a fifth faster without, and no larger.
    ".png": (cv2.IMWRITE_PNG_STRATEGY, cv2.IMWRITE_PNG_STRATEGY_HUFFMAN_ONLY),
}


def write_pictures(folder: Path, names: Iterable[str], frames: Iterable[np.ndarray]) -> None:
    """Write uint8 RGB frames under these names, encoded as their endings say (JPEG at quality 92, our choice)."""

    def write(temporary: Path) -> None:
        for name, frame in zip(names, frames, strict=True):
            blue_first = cv2.cvtColor(frame, cv2.COLOR_RGB2BGR)
            ending = Path(name).suffix
            coded = cv2.imencode(ending, blue_first, ENCODINGS[ending])[1]
            (temporary / name).write_bytes(coded.tobytes())

    write_folder(folder, write)


def write_folder(folder: Path, write: Callable[[Path], object]) -> None:
    """Let `write` fill a temporary folder beside `folder`, and rename it; a folder that is there is left as it is.

    What has its name is on the disk, whatever happens to the machine afterwards.
    """
    if folder.exists():
        return
    with temporary_folder(folder.parent) as temporary:
        write(temporary)
        sync_tree(temporary)
        temporary.rename(folder)
    sync_folder(folder.parent)
