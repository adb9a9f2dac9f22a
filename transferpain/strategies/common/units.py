"""The coded action units of a plan's samples, which a network may be trained on beside pain."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, field_validator

from transferpain.core.errors import UserError
from transferpain.data.datasets.csv_index import FRAMES_NAME, INDEX_NAME
from transferpain.data.datasets.index import Index
from transferpain.data.datasets.registry import DATASETS
from transferpain.data.tasks.task import Task
from transferpain.data.unit_labels import column_of, highest, read_units, units_in


class UnitSettings(BaseModel):
    """Action units that are learned beside pain, from the frames or pictures in which they are coded.

    Attributes:
        weight: of their loss; pain's has the weight 1.
        of: which units, by their numbers.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    weight: float = Field(gt=0, allow_inf_nan=False)
    of: tuple[Annotated[int, Field(ge=1, le=99)], ...] = Field(min_length=1)

    @field_validator("of")
    @classmethod
    def _each_once(cls, units: tuple[int, ...]) -> tuple[int, ...]:
        if len(set(units)) != len(units):
            raise ValueError(f"each unit once, received {list(units)}")
        return units


@dataclass(frozen=True)
class CodedUnits:
    """What was coded of a plan's samples.

    Attributes:
        units: their numbers.
        coded: float64 `(rows, units)`, the numbers that were coded, NaN where nobody coded a unit.
        samples: the samples that `coded` has a row of each; `None` where it has one of each frame in `frames`.
        frames: of each row of `coded` its clip and its place there, from 0.
        clip, first: of each sample the clip that `frames` calls it, and its first place there.
    """

    units: tuple[int, ...]
    coded: np.ndarray
    frames: pd.MultiIndex | None
    clip: np.ndarray
    first: np.ndarray

    def of(self, sample: np.ndarray, place: np.ndarray) -> np.ndarray:
        """Return what was coded of pictures, float64 `(pictures, units)`.

        Args:
            sample: int64, the sample that each shows.
            place: int64, its place in that sample, from 0; not looked at where a sample is coded as a whole.
        """
        if self.frames is None:
            return self.coded[sample]
        wanted = pd.MultiIndex.from_arrays([self.clip[sample], self.first[sample] + place])
        row = self.frames.get_indexer(wanted)
        return np.where(row[:, None] >= 0, self.coded[row], np.nan)

    def of_samples(self, samples: np.ndarray) -> np.ndarray:
        """Return all that was coded of some samples, float64 `(rows, units)`."""
        if self.frames is None:
            return self.coded[samples]
        return self.coded[self.frames.get_level_values(0).isin(np.unique(self.clip[samples]))]

    @property
    def scales(self) -> np.ndarray:
        """The highest number of each unit, float64 `(units,)`."""
        return np.array([highest(unit) for unit in self.units])


@dataclass(frozen=True)
class ShownUnits:
    """The units that a network is trained on: what was coded, the weight of their loss, and what they stand on."""

    coded: CodedUnits
    weight: float
    layer: str

    def shares(self, sample: np.ndarray, place: np.ndarray) -> np.ndarray:
        """Return what was coded of pictures as shares of each unit's scale, float32; arguments are those of `of`."""
        return (self.coded.of(sample, place) / self.coded.scales).astype(np.float32)

    def nothing(self, pictures: int) -> np.ndarray:
        """Return the shares of pictures whose units are not looked at, float32 `(pictures, units)`."""
        return np.full((pictures, len(self.coded.units)), np.nan, np.float32)


def coded_units(settings: UnitSettings, task: Task, index: Index, samples: pd.DataFrame) -> CodedUnits:
    """Return what was coded of the samples: of each frame, where frames are coded, else of each clip.

    Args:
        index: the dataset's, or that of two which were joined.
        samples: `Plan.samples`.

    Raises:
        UserError: if a coded number is out of its range.
    """
    parts = index.parts or (index,)
    framed = [part for part in parts if part.frames is not None and units_in(part.frames)]
    clips = samples["file_clip"].astype(str).to_numpy(dtype=object)
    first = np.zeros(len(samples), np.int64)
    if task.sample == "frame" or not framed:
        table = "frames" if task.sample == "frame" else "clips"
        names = samples["clip"].astype(str).to_numpy()
        coded = read_units(samples, settings.of, where_of(index, table), lambda row: names[row])
        return CodedUnits(settings.of, coded, None, clips, first)
    tables = [_frames(part, settings.of, f"{part.dataset.name}/" if index.parts else "") for part in framed]
    frames = pd.concat([keys for keys, _ in tables], ignore_index=True)
    cut = (samples["kind"] == "image_span").to_numpy()
    # A stretch of a sequence is named `<sequence>/<first>-<last frame>`.
    clips[cut] = [name.rpartition("/")[0] for name in clips[cut]]
    first[cut] = samples["first_frame"].to_numpy(np.int64)[cut]
    coded = np.concatenate([coded for _, coded in tables])
    return CodedUnits(settings.of, coded, pd.MultiIndex.from_frame(frames), clips, first)


def _frames(index: Index, units: Sequence[int], prefix: str) -> tuple[pd.DataFrame, np.ndarray]:
    clip, frame = index.frames["clip"].astype(str).to_numpy(), index.frames["frame"].to_numpy()
    where = where_of(index, "frames")
    coded = read_units(index.frames, units, where, lambda row: f"{clip[row]}, frame {frame[row]}")
    return pd.DataFrame({"clip": prefix + index.frames["clip"].astype(str), "place": index.frame_places}), coded


def where_of(index: Index, table: str) -> str:
    """Return the file that a table of own data is read from, else the dataset; `table` is `clips` or `frames`."""
    name = FRAMES_NAME if table == "frames" else INDEX_NAME
    file = Path(index.dataset.folder) / name
    own = index.dataset.name not in DATASETS and not index.parts
    return str(file) if own else " and ".join(part.dataset.name for part in index.parts or (index,))


def check_units(settings: UnitSettings, task: Task, index: Index, samples: pd.DataFrame, train: np.ndarray) -> None:
    """Refuse units that nobody coded in what is trained on.

    Args:
        train: positions into `samples` of all that any fold trains on.

    Raises:
        UserError: also if a coded number is out of its range.
    """
    coded = coded_units(settings, task, index, samples).of_samples(train)
    known = ~np.isnan(coded).all(axis=0)
    if known.all():
        return
    trained = (index.parts or (index,))[0]
    missing = [f"AU{unit}" for unit, there in zip(settings.of, known, strict=True) if not there]
    there = sorted({*units_in(trained.clips), *(() if trained.frames is None else units_in(trained.frames))})
    have = [f"{one.name} ({_named(one.action_units)})" for one in DATASETS.values() if one.action_units]
    if not there:
        raise UserError(
            f"No action unit is coded in {trained.dataset.name}.",
            rule="`units` are learned from what somebody coded of the clips or frames that are trained on.",
            received=f"units.of: {list(settings.of)}",
            todo=f"Leave `units` out, or use a dataset that has them: {', '.join(have)}, or own data with columns "
            f"such as {column_of(4)} in {FRAMES_NAME} or {INDEX_NAME}.",
        )
    raise UserError(
        f"Nobody coded {', '.join(missing)} in what is trained on of {trained.dataset.name}.",
        rule="Each unit of `units.of` is coded in at least one clip or frame that is trained on.",
        received=f"units.of: {list(settings.of)}; {trained.dataset.name} has columns of {_named(there)}",
        todo="Leave these units out of `units.of`.",
    )


def _named(units: Sequence[int]) -> str:
    return "AU" + ", ".join(map(str, units))
