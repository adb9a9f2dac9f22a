"""What an extractor is: from faces, or what else it reads, to features."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np


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
        make: from the experiment's source (an `Origin`, or an adapted one) to the extractor; it loads nothing.
        estimate: for estimates, pictures per second on two cores and features of a picture; `None` where both are those
            of the experiment's backbone.
        reads_source: whether its features are those of the experiment's source.
    """

    name: str
    make: Callable[[Any], Extractor]
    estimate: tuple[float, int] | None = None
    reads_source: bool = False
