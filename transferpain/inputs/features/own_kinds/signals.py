"""Signals of a clip, such as skin conductance: measured over the clip, or as rows in time for heads on windows.

<folder>/<any subfolders>/<clip>_bio.csv   BioVid's name; or <clip>.csv   (`data.media.signals`)
"""

import json
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import ClassVar, Self

import numpy as np

from transferpain.core.errors import UserError
from transferpain.core.paths import everything_below
from transferpain.core.spelling import quoted
from transferpain.data.media.medium import UnreadableMedium
from transferpain.data.media.signals import Signals, read_signals
from transferpain.inputs.action_units.from_tables import pair_tables
from transferpain.inputs.features.own_kinds.base import Look, no_files
from transferpain.inputs.signals.filters import bridged, for_rate
from transferpain.inputs.signals.kinds.registry import SIGNAL_KINDS
from transferpain.inputs.signals.settings import SignalSettings

ENDING = "_bio"  # of the names of BioVid's tables
# Tables of a dataset that stand beside those of its clips.
NO_CLIPS = ("index.csv", "frames.csv")
LAYOUT = (
    "Signals are one table a clip, <clip>_bio.csv or <clip>.csv, with a column for each channel and, if there is one, "
    "a column time; called as the last part of the clip's name, in whatever subfolders."
)


@dataclass(frozen=True)
class SignalTables(ABC):
    """What both kinds share.

    Attributes:
        settings: the channels.
        rate: samples a second as stated.
        rows: rows a second that are made, where a network reads them in time.
    """

    settings: SignalSettings = field(default_factory=SignalSettings)
    rate: float = 512.0
    rows: float | None = None
    name: ClassVar[str]
    clips: ClassVar[str] = "signals"
    made_by: ClassVar[str]
    whole_clip: ClassVar[bool]
    version: ClassVar[str]
    layout: ClassVar[str] = LAYOUT
    dtype: ClassVar[type[np.floating]] = np.float32

    @property
    def key(self) -> tuple[str, ...]:
        """The kind with its version, that of the filters' library, and what is read."""
        read = [self.settings.model_dump(mode="json"), self.rate]
        return self.version, f"scipy {version('scipy')}", json.dumps(read, sort_keys=True)

    def reading(self, settings: SignalSettings, rate: float, rows: float | None) -> Self:
        """Return the kind as an experiment reads it."""
        return type(self)(settings, rate, rows)

    def files(self, folder: Path) -> list[Path]:
        found = [path for path in everything_below(folder) if path.suffix == ".csv" and path.is_file()]
        return sorted(path for path in found if path.parent != folder or path.name not in NO_CLIPS)

    def paths(self, clips: Sequence[str], folder: Path) -> list[Path]:
        files = self.files(folder)
        called = {path.with_name(path.stem.removesuffix(ENDING) + path.suffix): path for path in files}
        if len(called) < len(files):
            twice = next(path for path in files if path not in called.values())
            raise UserError(
                "Two tables of signals have one name.",
                rule=LAYOUT,
                received=f"{twice.relative_to(folder)}, with and without {ENDING}",
                todo="Remove one of them.",
            )
        found = pair_tables(list(clips), list(called), folder, "tables of signals") if files else {}
        if missing := [clip for clip in clips if clip not in found]:
            there = [path.relative_to(folder).with_suffix("").as_posix() for path in called]
            raise no_files(LAYOUT, missing, len(clips), there)
        return [called[found[clip]] for clip in clips]

    def look(self, path: Path, clip: str) -> Look:
        signals = self._read(path, clip)
        form = f"{self._width} numbers of {', '.join(self.settings.columns)}"
        return Look(len(signals.values), self._width, form, signals.rate)

    def found(self, path: Path, clip: str, least_confidence: float | None) -> np.ndarray:
        missing = self._channels(path, clip)[1]
        return ~missing

    @property
    @abstractmethod
    def _width(self) -> int:
        """Features of a row, D."""

    def _read(self, path: Path, clip: str) -> Signals:
        try:
            return read_signals(path, self.settings.columns, self.rate)
        except (UnreadableMedium, OSError) as error:
            raise UserError(
                f"The signals of the clip {quoted(clip)} cannot be used.",
                rule=f"{LAYOUT} Cells are numbers; an empty one, or NaN, is a sample that was not recorded.",
                received=getattr(error, "strerror", None) or error,
                todo="Name the columns as source: {..., channels: {COLUMN: KIND}}, or get the file again.",
            ) from None

    def _channels(self, path: Path, clip: str) -> tuple[np.ndarray, np.ndarray]:
        """Return the channels without gaps, float64 `(samples, channels)`, and which samples any of them misses."""
        longest = round(self.settings.longest_gap * self.rate)
        parts = [bridged(column, longest) for column in self._read(path, clip).values.T]
        return np.stack([filled for filled, _ in parts], axis=1), np.any([missing for _, missing in parts], axis=0)


class SignalMeasures(SignalTables):
    """The kind `signal_measures`: `(1, D)` of a clip, the measures of its channels side by side.

    A clip with a gap that is not bridged, or a channel that cannot be measured, such as a heart without beats, has no
    measures: it is missing, as a clip without a face is.
    """

    name = "signal_measures"
    made_by = "measures of signals"
    whole_clip = True
    version = "measures of signals 1"

    @property
    def names(self) -> tuple[str, ...]:
        """What each feature is, in their order."""
        kinds = {column: SIGNAL_KINDS[self.settings.channels[column]] for column in self.settings.columns}
        return tuple(f"{column}: {measure}" for column, kind in kinds.items() for measure in kind.measures)

    @property
    def _width(self) -> int:
        return len(self.names)

    def features(
        self, path: Path, clip: str, rows: np.ndarray, stretch: int, least_confidence: float | None
    ) -> np.ndarray:
        channels, missing = self._channels(path, clip)
        if missing[:stretch].any():
            return np.full((1, self._width), np.nan)
        kinds = [SIGNAL_KINDS[self.settings.channels[column]] for column in self.settings.columns]
        measured = [kind.measure(x[:stretch], self.rate) for kind, x in zip(kinds, channels.T, strict=True)]
        whole = np.concatenate(measured)[None]
        return whole if np.isfinite(whole).all() else np.full_like(whole, np.nan)


class SignalSeries(SignalTables):
    """The kind `signal_series`: `(rows, channels)` in time, `features.fps` rows a second.

    Each channel is brought to what its kind reads in time (a muscle to its envelope), then to the rate of the rows.
    Rows in a gap that is not bridged are missing, as frames without a face are.
    """

    name = "signal_series"
    made_by = "signals in time"
    whole_clip = False
    version = "signals in time 1"

    @property
    def _width(self) -> int:
        return len(self.settings.columns)

    def features(
        self, path: Path, clip: str, rows: np.ndarray, stretch: int, least_confidence: float | None
    ) -> np.ndarray:
        channels, missing = self._channels(path, clip)
        kinds = [SIGNAL_KINDS[self.settings.channels[column]] for column in self.settings.columns]
        courses = [kind.course(x, self.rate) for kind, x in zip(kinds, channels.T, strict=True)]
        read = np.stack([for_rate(course, self.rate, self.rows or self.rate)[rows] for course in courses], axis=1)
        read[missing[rows]] = np.nan
        return read


SIGNAL_MEASURES, SIGNAL_SERIES = SignalMeasures(), SignalSeries()
