"""The action units of the frames of one clip, as one estimator measured them, on that estimator's scale."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from transferpain.core.errors import UserError
from transferpain.data import pspi


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
        intensities: float64, a row a frame, a column an action unit (its number); NaN is missing, never 0.
        presences: likewise, 0 or 1.
    """

    estimator: Estimator
    found: pd.Series
    confidence: pd.Series
    intensities: pd.DataFrame
    presences: pd.DataFrame

    @property
    def coverage(self) -> float:
        """Share of the frames in which a face was measured."""
        return float(self.found.mean())


@dataclass(frozen=True)
class FrameUnits:
    """Intensities of frames of several clips.

    Attributes:
        estimator: whose they are.
        numbers: the action units, in the order of the columns.
        intensities: float64 `(frames, len(numbers))`, NaN where none were measured.
    """

    estimator: Estimator
    numbers: tuple[int, ...]
    intensities: np.ndarray


@dataclass(frozen=True)
class PspiScores:
    """PSPI by frame, float64 `(frames,)`, NaN where an action unit is missing; `label` says from what and how far."""

    values: pd.Series
    maximum: float
    label: str


def score_pspi(units: ActionUnits, eyes: Literal[43, 45] = 43) -> PspiScores:
    """Score PSPI from estimated action units.

    Args:
        units: what was measured.
        eyes: which action unit says that the eyes are closed. 45, a blink, is what tools code that have no AU43; it
            is not what Prkachin and Solomon (2008) scored, so it has to be asked for, and the label says so.

    Raises:
        UserError: if one of the action units of PSPI was not measured at all.
    """
    needed = [number for number in pspi.ACTION_UNITS if number != 43]
    columns = {number: units.intensities[number] for number in needed if number in units.intensities}
    for kind in (units.presences, units.intensities):
        if eyes in kind:
            columns[43] = kind[eyes]
            break
    lacking = [f"AU{eyes if number == 43 else number}" for number in pspi.ACTION_UNITS if number not in columns]
    if lacking:
        raise UserError(
            f"PSPI cannot be scored from the action units of {units.estimator.title}.",
            rule="It needs the intensities of AU4, AU6, AU7, AU9 and AU10, and whether the eyes are closed (AU43).",
            received="no " + ", no ".join(lacking),
            todo=_advice(lacking, units),
        )
    maximum = 3 * units.estimator.maximum + 1
    label = f"PSPI from {units.estimator.title}"
    if eyes == 45:
        label += ", with blinks (AU45) for closed eyes (AU43)"
    if maximum != pspi.MAXIMUM:
        label += f", from {units.estimator.scale}: 0 to {maximum:g}, not the coders' 0 to {pspi.MAXIMUM}"
    return PspiScores(pspi.pspi(columns).rename("pspi"), maximum, label)


def _advice(lacking: list[str], units: ActionUnits) -> str:
    if lacking == ["AU43"] and (45 in units.presences or 45 in units.intensities):
        return "Ask for eyes=45 to take blinks (AU45) in its place."
    return "Use an estimator that measures them; absent action units are never taken as 0."


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
