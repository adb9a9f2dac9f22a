"""The strategy `fused`: faces and landmarks -> windows of frames -> both branches, fold by fold (El-Ghaish)."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd
from pydantic import BaseModel, ConfigDict

from transferpain.core.contracts import FoldResult, FramesRead, Stage
from transferpain.core.errors import UserError
from transferpain.data.protocols.fold import Fold
from transferpain.data.tasks.task import Task
from transferpain.inputs.landmarks.settings import LandmarkSettings
from transferpain.networks.training.start import start_tensorflow
from transferpain.strategies.base import Job, Plan, Prepared, Recipe, Strategy, Workload, refused_frames
from transferpain.strategies.common.loss import check_loss
from transferpain.strategies.common.media import media_of
from transferpain.strategies.common.settings import DenseHead, PhaseSettings
from transferpain.strategies.common.work import mesh_stage, training_stage
from transferpain.strategies.fused.phases import BACKBONE, BRANCHES, WHOLE
from transferpain.strategies.fused.settings import AdaBoostHead, FusionSettings

NOTHING_FOUND = "no frame has both a face and landmarks"


class FusedSettings(BaseModel):
    """The keys of the strategy `fused`.

    Attributes:
        landmarks: how landmarks are found.
        fusion: how the network is built.
        phases: what a phase does its own way.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    landmarks: LandmarkSettings = LandmarkSettings()
    fusion: FusionSettings = FusionSettings()
    phases: dict[str, PhaseSettings] = {}


@dataclass(frozen=True)
class PreparedWindows(Prepared):
    """The windows of frames of a job.

    Attributes:
        windows: clip -> its window of frames.
    """

    windows: dict | None = None

    @property
    def located(self) -> pd.DataFrame:
        # Frames that are dealt out are numbered by their place in the window, which is not that in the clip.
        samples = self.job.plan.samples
        named = zip(samples["file_clip"], samples["row"], strict=True)
        frames = {clip: window.frames for clip, window in self.windows.items()}
        return samples.assign(
            row=[row if row < 0 or not len(frames[clip]) else int(frames[clip][row]) for clip, row in named]
        )

    @cached_property
    def recordings(self):
        """The `Recordings` of the plan's samples."""
        from transferpain.strategies.fused.inputs import one_frame
        from transferpain.strategies.fused.training import Recordings

        plan = self.job.plan
        axis, named = plan.experiment.fusion.axis, zip(plan.samples["file_clip"], plan.samples["row"], strict=True)
        read = [self.windows[name] if row < 0 else one_frame(self.windows[name], row, axis) for name, row in named]
        return Recordings(plan.samples, read, len(plan.task.classes), plan.preprocessing)

    def frames_read(self) -> FramesRead:
        frames = tuple(clip.frames for clip in self.recordings.clips)
        return FramesRead(frames, frames)

    @cached_property
    def convolutions(self):
        """The source, float32, whose convolutions are taken."""
        from transferpain.networks.backbones.surgery import with_classes

        plan = self.job.plan
        return with_classes(plan.origin.load().model, len(plan.task.classes), plan.preprocessing.size, seed=0)


class Fused(Strategy):
    """The source's convolutions read pictures beside a branch that reads landmarks."""

    name = "fused"
    heads = (DenseHead, AdaBoostHead)
    Settings = FusedSettings
    makes_sources = False

    def check(self, experiment: Recipe) -> None:
        fusion, training = experiment.fusion, experiment.training
        if experiment.backbone != BACKBONE.name:
            raise ValueError(
                f"backbone: `fused` reads pictures with {BACKBONE.title}, received `{experiment.backbone}`"
            )
        if not experiment.images.takes_all_frames:
            raise ValueError(
                "images.first_frame, every and test_every: `fused` takes `fusion.frames` frames of each clip"
            )
        if training.kernel_l2 or training.augment.mixup or training.label_mode != "majority":
            raise ValueError("training.kernel_l2, augment.mixup and label_mode: `fused` knows none of them")
        check_loss(experiment, "`fused` ends in classes")
        if isinstance(experiment.head, AdaBoostHead) and fusion.branches != "both":
            raise ValueError(f"head.kind: `adaboost` stands on both branches, received branches: `{fusion.branches}`")
        # Those of a branch that an ablation leaves out may stand in the file.
        known = (*BRANCHES, WHOLE)
        if unknown := [name for name in experiment.phases if name not in known]:
            raise ValueError(f"phases: `fused` has {', '.join(known)}, all of them; received {', '.join(unknown)}")

    def check_task(self, experiment: Recipe, task: Task) -> None:
        if task.sample == "frame":
            raise refused_frames(experiment, task, f"strategy {self.name}")

    def reads_mesh(self, experiment: Recipe) -> bool:
        return True

    def frames_dealt_out(self, experiment: Recipe) -> int | None:
        """The frames of a clip are dealt out one by one, as El-Ghaish does: they leak into each other."""
        fusion = experiment.fusion
        deals_out = experiment.protocol.kind == "random_frames" and not fusion.reads_whole_clips(fusion.branches)
        return fusion.frames if deals_out else None

    def prepare(self, job: Job) -> PreparedWindows:
        from transferpain.inputs.landmarks.stage import compute_landmarks

        plan = job.plan
        if not plan.has_faces_stage:
            raise UserError(
                f"{plan.index.dataset.name} cannot be used with the strategy `fused`.",
                rule="It follows landmarks through the frames of a clip.",
                received="pictures of faces, each by itself",
                todo="Name a dataset of videos or sequences.",
            )
        faces, _ = media_of(plan, job.places)
        job.meter.save()
        landmarks = compute_landmarks(plan.clips, job.places.data_root, plan.experiment.landmarks, job.places.cache)
        job.meter.save()
        windows = read_windows(plan, faces, landmarks)
        return PreparedWindows(job, found_in_both(faces, windows), windows=windows)

    def fit(self, prepared: PreparedWindows, fold: Fold, seed: int, folder: Path) -> FoldResult:
        start_tensorflow()
        from transferpain.strategies.fused.training import train_fused

        experiment = prepared.job.plan.experiment
        return train_fused(experiment, prepared.convolutions, prepared.recordings, (fold, seed), folder)

    def stages(self, work: Workload) -> list[Stage]:
        # Pictures take nearly all of it, in two of the phases.
        fusion, clips = work.experiment.fusion, work.largest
        if self.frames_dealt_out(work.experiment):
            clips //= fusion.frames
        pictures = 0 if fusion.branches == "landmarks" else clips * fusion.frames
        return [mesh_stage(work, "landmarks"), training_stage(work, pictures, 2 * work.trainings)]


FUSED = Fused()


def read_windows(plan: Plan, faces: pd.DataFrame, landmarks: pd.DataFrame) -> dict:
    """Return clip -> its window of frames."""
    from transferpain.strategies.fused.inputs import UNREADABLE, read_clip

    settings = plan.experiment.faces
    windows = {}
    for shown, mesh in zip(faces.itertuples(), landmarks.itertuples(), strict=True):
        windows[shown.clip] = UNREADABLE
        if not shown.problem and not mesh.problem:
            paths = Path(shown.faces), Path(mesh.landmarks)
            windows[shown.clip] = read_clip(*paths, settings, plan.experiment.fusion.frames, shown.stretch)
    return windows


def found_in_both(faces: pd.DataFrame, windows: dict) -> pd.DataFrame:
    """Return the table of the faces stage with those frames counted as found that also have landmarks."""
    found = faces["clip"].map(lambda clip: windows[clip].total_found)
    problem = faces["problem"].where((faces["problem"] != "") | (found > 0), NOTHING_FOUND)
    return faces.assign(found=found, problem=problem)
