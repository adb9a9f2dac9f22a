"""What an extractor is: from faces, or what else it reads, to features."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np
from pydantic import BaseModel, ConfigDict


class ExtractorSettings(BaseModel):
    """Base of the settings of an extractor, which add `kind: Literal["<name>"]`; an unknown key is an error.

    Attributes:
        kind: the extractor's name; it is filled in.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: str

    @property
    def smallest_face(self) -> int:
        """The least side of a face in pixels."""
        return 1


class Extractor(Protocol):
    """Turns what it reads into features `(rows, width)`.

    Attributes:
        key: what names it in the keys of cached features: all that its features depend on, but what it reads.
        width: features of a row, D.
        reads: what it takes: uint8 RGB face crops `(rows, size, size, 3)`, landmarks, a signal, or a file.
    """

    key: tuple[str, ...]
    width: int
    reads: Literal["face", "landmarks", "signal", "file"]

    def open(self, dtype: str) -> Callable[[np.ndarray], np.ndarray]:
        """Return the function that computes float32 `(rows, width)`; only this may load what is slow to load.

        A row's features depend on that row alone. Every call has the same number of rows.

        Args:
            dtype: what it computes in: `float32` or `bfloat16`.
        """
        ...


@dataclass(frozen=True)
class ExtractorKind:
    """An extractor as an experiment names it.

    Attributes:
        name: as `features.extractor`.
        make: from the experiment's source (an `Origin`, or an adapted one) and the extractor's settings to the
            extractor; it loads nothing, and looks at the source only if it reads it.
        rate: for estimates, pictures per second on two cores; `None` where that depends on the experiment's backbone.
        reads_source: whether its features are those of the experiment's source.
        Settings: its own settings; `None` where there is nothing to choose, and `make` is given `None`.
    """

    name: str
    make: Callable[[Any, Any], Extractor]
    rate: float | None = None
    reads_source: bool = False
    Settings: type[ExtractorSettings] | None = None
