"""Pictures of faces that are drawn from a cache of faces, for what is fitted on pictures rather than on features."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from transferpain.core.errors import UserError
from transferpain.inputs.faces.cache import read_faces
from transferpain.inputs.faces.jpeg import decode_jpeg
from transferpain.models.sources.preprocessing import scale_pixels

# Files of faces, each with its key and the numbers of the pictures that are taken of it.
Drawn = tuple[tuple[str, str, tuple[int, ...]], ...]


@dataclass(frozen=True)
class ScaledPictures:
    """Pictures uint8 `(pictures, size, size, 3)`, scaled slice by slice: float32 takes four times the memory."""

    images: np.ndarray
    scaling: str

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, rows: slice) -> np.ndarray:
        return scale_pixels(self.images[rows].astype(np.float32), self.scaling)


def draw_pictures(faces: pd.DataFrame, number: int, seed: int) -> Drawn:
    """Draw pictures evenly from all frames with a face, each at most once.

    Args:
        faces: rows of the faces stage with faces (path), key, pictures (frames with a face) and stretch: of each clip
            so many of its first pictures at most, so that long clips count no more than short ones.
        number: how many; all if there are fewer.
        seed: of the draw.

    Raises:
        UserError: if there is none.
    """
    # Clips with the same pictures count once, and their order must not matter.
    faces = faces.drop_duplicates("key").sort_values("key")
    ends = np.cumsum(faces[["pictures", "stretch"]].min(axis=1).to_numpy(dtype=np.int64))
    if not len(ends) or ends[-1] == 0:
        raise UserError(
            "AdaBN has no picture to adapt to.",
            rule="It needs faces of the training subjects of the dataset that is tested on.",
            received=f"{len(faces)} clips, and no face in any of them",
            todo="Add clips, or use no adaptation.",
        )
    random = np.random.default_rng(seed)
    chosen = np.sort(random.choice(ends[-1], min(number, ends[-1]), replace=False))
    clip = np.searchsorted(ends, chosen, side="right")
    place = chosen - np.concatenate([[0], ends])[clip]
    rows = faces[["faces", "key"]].to_numpy()
    return tuple((*rows[one], tuple(place[clip == one].tolist())) for one in np.unique(clip))


def read_pictures(drawn: Drawn) -> np.ndarray:
    """Read drawn pictures, uint8 RGB `(pictures, size, size, 3)`."""
    images = []
    for path, _, numbers in drawn:
        jpegs = read_faces(Path(path)).jpegs()
        images += [decode_jpeg(jpegs[number]) for number in numbers]
    return np.stack(images)
