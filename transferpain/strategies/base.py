"""What a strategy is: how a source is transferred, from a job's media to the answers of each fold.

All strategies are walked alike (`experiments.runner`): prepare -> facts -> per fold and seed: fit, close, save ->
finish.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict

from transferpain.core.contracts import FoldResult, FramesRead, Section, Stage
from transferpain.core.cost import Meter
from transferpain.core.errors import UserError
from transferpain.core.synthetic_faces import merge_faces
from transferpain.data.datasets.index import Index
from transferpain.data.places import Places
from transferpain.data.protocols.fold import Fold
from transferpain.data.protocols.settings import ProtocolSettings
from transferpain.data.tasks.task import Task
from transferpain.inputs.features.settings import FeatureSettings
from transferpain.models.sources.face_settings import FaceSettings
from transferpain.models.sources.origin import Origin
from transferpain.models.sources.preprocessing import NO_DETECTOR, Preprocessing
from transferpain.networks.training.settings import TrainingSettings
from transferpain.strategies.common.settings import ImageSettings, WindowSettings

# Of experiments, candidates and studies: their folders are called so, with more behind it.
NAME_PATTERN = r"^[a-z0-9][a-z0-9-]{0,127}$"


class Recipe(Protocol):
    """What every strategy reads of an experiment; its own keys stand beside these (`Strategy.Settings`)."""

    name: str
    protocol: ProtocolSettings
    faces: FaceSettings
    source: str
    backbone: str
    strategy: str
    features: FeatureSettings
    window: WindowSettings
    images: ImageSettings
    head: BaseModel
    training: TrainingSettings
    seeds: tuple[int, ...]
    window_frames: int | None
    finds_faces: bool

    def resolved(self) -> dict[str, Any]: ...


@dataclass(frozen=True)
class Plan:
    """An experiment, the data and the split that it uses, and the source that it starts from.

    Attributes:
        clips: the rows of the index whose media are read, in its order.
        samples: what is predicted, one row each, with dataset, subject, clip (unique), `y`, `file_clip` (the clip of
            the index that it is, or is a frame of) and `row` (the frame's place in that clip, -1 for a whole clip).
        folds: positions into `samples`.
        origin: what the source is; its model is loaded only when needed.
        contents: `contents_hash` of the media of `clips`.
    """

    experiment: Recipe
    task: Task
    index: Index
    clips: pd.DataFrame
    samples: pd.DataFrame
    folds: list[Fold]
    origin: Origin
    contents: str = field(default="", kw_only=True)

    @property
    def datasets(self) -> tuple[str, ...]:
        """The dataset, or the one that is trained on and the one that is tested on."""
        return tuple(self.clips["dataset"].unique())

    @property
    def label_definition(self) -> str:
        """What a label means, in each of the datasets."""
        definitions = {name: self.task.rule_for(name).definition for name in self.datasets}
        if len(definitions) == 1:
            return definitions[self.datasets[0]]
        return "; ".join(f"{name}: {definition}" for name, definition in definitions.items())

    @property
    def synthetic(self) -> bool:
        """True if the faces of the data, or of anything that the source was trained on, are synthetic."""
        return self.index.synthetic or self.origin.synthetic

    @property
    def synthetic_faces(self) -> tuple[str, ...]:
        """What the synthetic faces are called that the data hold, or that the source learned from."""
        return merge_faces(self.index.synthetic_faces, self.origin.synthetic_faces)

    @property
    def preprocessing(self) -> Preprocessing:
        """What the trained model reads: a source keeps its scaling, and the experiment says the faces' size."""
        if self.has_faces_stage:
            faces = self.experiment.faces
            changes = {"size": faces.size, "detector": faces.detector, "margin": faces.resolved_margin}
        else:
            changes = {"size": self.experiment.images.size, "detector": NO_DETECTOR, "margin": 0.0}
        return self.origin.preprocessing.model_copy(update=changes)

    @property
    def has_faces_stage(self) -> bool:
        """False for image datasets such as FER+, whose pictures are faces already, and where no medium is read."""
        return self.experiment.finds_faces and bool((self.clips["kind"] != "image_rows").all())


@dataclass(frozen=True)
class Job:
    """A plan that is being computed.

    Attributes:
        places: where data is read from, and where caches stand.
        meter: counts what the run costs.
        source_plan: returns the plan of the experiment that the source comes from.
    """

    plan: Plan
    places: Places
    meter: Meter
    source_plan: Callable[[], Plan]


@dataclass(frozen=True)
class Prepared:
    """What a strategy has read of a job before anything is fitted; each strategy adds what its folds need.

    Attributes:
        job: what it was prepared for.
        stage: the table of the faces stage, with `features` where they were cached; `None` where there is none.
        images: uint8 `(images, side, side)` where clips are rows of images; else `None`.
        once: file of the run's folder -> what it holds, JSON types; written once, before the first fold.
    """

    job: Job
    stage: pd.DataFrame | None
    images: np.ndarray | None = None
    once: Mapping[str, Callable[[], dict]] = field(default_factory=dict)

    def frames_read(self) -> FramesRead:
        """Return the frames that are looked at of each sample of the plan: its own, or all of its clip."""
        samples = self.job.plan.samples
        if self.stage is None:
            frames = tuple(np.zeros(1, np.int64) for _ in range(len(samples)))
        else:
            stage = self.stage.set_index("clip").loc[samples["file_clip"]]
            lengths = np.where(stage["problem"] == "", stage["num_frames"], 0).astype(np.int64)
            frames = tuple(
                np.array([row], np.int64)[:length] if row >= 0 else np.arange(length)
                for row, length in zip(samples["row"], lengths, strict=True)
            )
        return FramesRead(frames, frames)

    @property
    def located(self) -> pd.DataFrame:
        """The plan's samples; of single frames `row` is the place in the clip, counted from 0."""
        return self.job.plan.samples


@dataclass(frozen=True)
class Workload:
    """How much an experiment has to do, for estimates.

    Attributes:
        clips: rows of the index.
        frames: nominal frames of each clip, float; `None` for image datasets.
        samples, folds: as of `Plan`.
        trainings: how often something is trained.
        size: side of the pictures.
    """

    experiment: Recipe
    clips: pd.DataFrame
    frames: pd.Series | None
    samples: pd.DataFrame
    folds: list[Fold]
    size: int

    @property
    def trainings(self) -> int:
        return len(self.folds) * len(self.experiment.seeds)

    @property
    def largest(self) -> int:
        """Samples of the largest training part."""
        return max(len(fold.train) for fold in self.folds)


class NoSettings(BaseModel):
    """A strategy without keys of its own."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Strategy(ABC):
    """One way to transfer a source. The defaults suit a strategy that trains a network on pictures.

    Attributes:
        name: as in experiment files.
        heads: settings of the heads that it takes.
        Settings: its own keys of an experiment file; another strategy may have the same key, of the same type.
        reads: what the model that it saves reads: `faces`, `features`, or `answers` of other models.
        makes_sources: whether what it trains can be the source of another experiment.
    """

    name: str
    heads: tuple[type[BaseModel], ...]
    Settings: type[BaseModel] = NoSettings
    reads: Literal["faces", "features", "answers"] = "faces"
    makes_sources: bool = True

    def check(self, experiment: Recipe) -> None:
        """Refuse settings that it cannot follow, when a file is read. Raises `ValueError` that names the key."""
        return

    def check_task(self, experiment: Recipe, task: Task) -> None:
        """Refuse a task that it cannot predict. Raises `UserError`."""
        if task.sample == "frame" and not experiment.images.takes_all_frames:
            images = experiment.images
            raise refused_frames(
                experiment,
                task,
                f"strategy {self.name}, images: first_frame {images.first_frame}, every {images.every}, "
                f"test_every {images.test_every}",
            )

    def check_backbone(self, experiment: Recipe, backbone: str) -> None:
        """Refuse a source by its backbone, before it is trained: its blocks are trained by their names.

        Raises:
            UserError: if it does not fit.
        """
        if experiment.backbone != backbone:
            raise UserError(
                f"The source {experiment.source} does not fit the backbone of {experiment.name}.",
                rule=f"It is a {backbone}, and its blocks are trained by their names.",
                received=f"backbone: {experiment.backbone}",
                todo=f"Use --set backbone={backbone}, or another source.",
            )

    def check_size(self, experiment: Recipe, size: int) -> None:
        """Refuse a source by the side in pixels of the pictures that it reads. Raises `UserError`."""
        return

    def check_clips(self, experiment: Recipe, clips: pd.DataFrame) -> None:
        """Refuse clips that it cannot read, before anything is computed: rows of the index. Raises `UserError`."""
        return

    def check_samples(
        self, experiment: Recipe, task: Task, index: Index, samples: pd.DataFrame, folds: list[Fold]
    ) -> None:
        """Refuse samples that lack what it learns beside their class, before anything is computed.

        Args:
            samples, folds: as of `Plan`.

        Raises:
            UserError: if they do.
        """
        return

    def check_files(self, experiment: Recipe, clips: pd.DataFrame, places: Places) -> None:
        """Refuse what it reads besides the media, before anything is computed.

        Args:
            clips: rows of the index.

        Raises:
            UserError: if it is damaged, or does not fit the clips.
        """
        return

    def frames_dealt_out(self, experiment: Recipe) -> int | None:
        """Return how many frames of each clip are dealt out one by one; `None` where clips stay whole."""
        return None

    def reads_mesh(self, experiment: Recipe) -> bool:
        """Tell whether what it learns from depends on the face mesh."""
        return False

    def inputs(self, experiment: Recipe, places: Places) -> list[str]:
        """Return hashes of what it reads besides the index and the source; they enter the run's name."""
        return []

    def extract(self, plan: Plan, places: Places) -> pd.DataFrame:
        """Compute the cached features alone; returns the table of the features stage.

        Raises:
            UserError: if the strategy uses none.
        """
        raise UserError(
            f"{plan.experiment.name} uses no cached features.",
            rule="Only a strategy that trains a head on frozen features does.",
            received=self.name,
        )

    def missing_features(self, plan: Plan, places: Places) -> dict[int, float]:
        """Return shard -> pictures that are to be embedded of the clips of it, see `inputs.faces.shards`.

        Its faces are in the cache. Nothing is missing where no features are cached.
        """
        return {}

    def extract_shards(
        self, plan: Plan, places: Places, shards: Sequence[int], on_embedded: Callable[[], object]
    ) -> None:
        """Compute the cached features of the clips of some shards; `on_embedded` is called once a clip."""
        return

    @abstractmethod
    def prepare(self, job: Job) -> Prepared:
        """Compute and read what all folds need."""

    @abstractmethod
    def fit(self, prepared: Prepared, fold: Fold, seed: int, folder: Path) -> FoldResult:
        """Fit what the experiment asks for on one fold with one seed, and predict its selection and test part.

        Args:
            folder: of the fold, which holds what an interrupted training goes on from.
        """

    @abstractmethod
    def stages(self, work: Workload) -> list[Stage]:
        """Estimate what it does after the faces stage."""

    def section(self, run: Path) -> Section | None:
        """Return what it adds to a finished run's part of a report, read from the run's folder."""
        return None


def refused_frames(experiment: Recipe, task: Task, received: str) -> UserError:
    """Return the error of an experiment that cannot predict single frames."""
    return UserError(
        f"The task {task.name} labels single frames, and {experiment.name} does not predict them.",
        rule="Frames are predicted one by one, each of them: by a network on pictures (images.first_frame, every "
        "and test_every as they come), or by the head `ann` (without features.fps, features.frames and "
        "window.clip_frames).",
        received=received,
        todo="Change these, or choose a task whose sample is `clip`.",
    )
