"""The action units of the frames of one clip, as one estimator measured them, on that estimator's scale."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import pandas as pd

from transferpain.core.errors import UserError
from transferpain.inputs.action_units.units import Measure, Standing


@dataclass(frozen=True)
class Estimator:
    """What measured: its `name`, its `title` for readers, and what its numbers are.

    `meaning`: what a number is, e.g. `intensity`. `maximum`: the end of the scale, which starts at 0. Eyes closed
    (AU43) are 0 to 1 on every scale.
    """

    name: str
    title: str
    meaning: str
    maximum: float

    @property
    def scale(self) -> str:
        """The scale in words."""
        return f"{self.meaning} 0 to {self.maximum:g}"


@dataclass(frozen=True)
class ActionUnits:
    """Action units of one clip.

    Attributes:
        estimator: whose they are.
        found: bool `(frames,)`, whether a face was measured; its index are the frames' numbers from 0.
        confidence: float64, the estimator's own; NaN where it gives none.
        intensities: float64, one row per frame, one column per action unit (its number); NaN is missing, never 0.
        presences: likewise, 0 or 1.
        rate: frames a second, as the estimator's own times tell; `None` where it gives none.
    """

    estimator: Estimator
    found: pd.Series
    confidence: pd.Series
    intensities: pd.DataFrame
    presences: pd.DataFrame
    rate: float | None = None

    @property
    def coverage(self) -> float:
        """Share of the frames in which a face was measured."""
        return float(self.found.mean())


class Measured(NamedTuple):
    """How a unit is measured where this package does it, and what a check on real faces found of that."""

    measure: Measure
    standing: Standing


@dataclass(frozen=True)
class FrameUnits:
    """Intensities of frames of several clips.

    Attributes:
        estimator: whose they are.
        numbers: the action units, in the order of the columns.
        intensities: float64 `(frames, len(numbers))`, NaN where none were measured.
        measures: action unit -> how it was measured; empty if another tool did it.
    """

    estimator: Estimator
    numbers: tuple[int, ...]
    intensities: np.ndarray
    measures: Mapping[int, Measured] = field(default_factory=dict)


def stack(clips: Sequence[ActionUnits], numbers: Sequence[int]) -> np.ndarray:
    """Put the intensities of several clips under each other.

    Args:
        clips: measured by one estimator.
        numbers: action units, in the order of the columns.

    Returns:
        float64 `(frames of all clips, len(numbers))`, NaN where missing.

    Raises:
        UserError: if the clips are of several estimators, whose scales differ, or an action unit is not among theirs.
    """
    scales = sorted({f"{clip.estimator.title} ({clip.estimator.scale})" for clip in clips})
    if len(scales) > 1:
        raise UserError(
            "Action units of several estimators cannot be mixed.",
            rule="Their scales differ, and so does what they call an intensity.",
            received=", ".join(scales),
            todo="Measure all clips with one of them.",
        )
    for clip in clips:
        lacking = [f"AU{number}" for number in numbers if number not in clip.intensities]
        if lacking:
            raise UserError(
                f"{clip.estimator.title} did not measure {', '.join(lacking)}.",
                rule="Every clip needs the same action units; absent ones are never taken as 0.",
                received=", ".join(f"AU{number}" for number in clip.intensities) or "no intensities",
                todo="Leave those action units out for all clips.",
            )
    return np.concatenate([clip.intensities[list(numbers)].to_numpy(dtype=np.float64) for clip in clips])
