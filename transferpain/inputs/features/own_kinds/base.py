"""What a kind of own features is: files that another tool wrote, one for each clip, and how they become features."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from transferpain.core.errors import UserError
from transferpain.core.spelling import nearest, quoted

DEEPEST = 32  # levels of folders


@dataclass(frozen=True)
class Look:
    """What a file holds.

    Attributes:
        frames: how many, or one more than the number of the last; 1 of the features of a whole clip.
        width: features of a row, D.
        form: in words; all clips have the same.
        rate: frames a second, where the file itself says it.
    """

    frames: int
    width: int
    form: str
    rate: float | None = None


class OwnKind(Protocol):
    """Files of one kind, read clip by clip.

    Attributes:
        name: the key that names their folder, as in `source: {features: FOLDER}`.
        clips: the kind of clips, in an index, that are such files and nothing else.
        made_by: what made them, in reports and estimates.
        key: what names the kind in the keys of cached features.
        layout: how the files lie, in a sentence.
        whole_clip: whether a clip becomes one row, over the stretch that is read of it.
        dtype: what the features are kept as; it loses nothing that the kind lets through.
    """

    name: str
    clips: str
    made_by: str
    key: tuple[str, ...]
    layout: str
    whole_clip: bool
    dtype: type[np.floating]

    def files(self, folder: Path) -> list[Path]:
        """Return every file of this kind in a folder, at any depth."""
        ...

    def paths(self, clips: Sequence[str], folder: Path) -> list[Path]:
        """Return the file of each clip. Raises `UserError` if one has none."""
        ...

    def look(self, path: Path, clip: str) -> Look:
        """Say what a file holds. Raises `UserError` if it is none of this kind."""
        ...

    def found(self, path: Path, clip: str, least_confidence: float | None) -> np.ndarray:
        """Tell for each frame that the file has, bool `(frames,)`, whether a face was measured in it."""
        ...

    def features(
        self, path: Path, clip: str, rows: np.ndarray, stretch: int, least_confidence: float | None
    ) -> np.ndarray:
        """Return the features of a clip, `(rows, D)`; NaN where there was no face.

        Args:
            rows: int64, which frames are taken; a kind that makes one row of a clip takes all of the stretch.
            stretch: frames from the clip's beginning that are read.
            least_confidence: frames that the tool was less sure of are without a face; `None`: none is.
        """
        ...


def no_files(layout: str, missing: Sequence[str], clips: int, there: Sequence[str]) -> UserError:
    """Say that clips have no file, and which name comes near."""
    near = nearest(missing[0], there)
    hint = f"; {quoted(near)} is there" if near else ""
    return UserError(
        f"{len(missing)} of {clips} clips have no features.",
        rule=layout,
        received=f"no file of {', '.join(map(quoted, missing[:3]))}{hint}",
        todo="Name the files as the clips are named, or leave the clips out of the index.",
    )
