"""The strategy `clip_network`: faces -> windows of frames -> a network that reads a window at once, fold by fold."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from transferpain.core.contracts import FoldResult, FramesRead, Stage
from transferpain.core.errors import UserError
from transferpain.data.protocols.fold import Fold
from transferpain.data.tasks.task import Task
from transferpain.networks.backbones.registry import DEFAULT
from transferpain.networks.clips.registry import CLIP_NETWORKS
from transferpain.networks.training.start import start_tensorflow
from transferpain.strategies.base import Job, Prepared, Recipe, Strategy, Workload, refused_frames
from transferpain.strategies.clip_network.settings import ClipNetworkKeys
from transferpain.strategies.common.media import media_of
from transferpain.strategies.common.settings import DenseHead
from transferpain.strategies.common.work import network_stage


@dataclass(frozen=True)
class PreparedWindows(Prepared):
    """The windows of frames of a job."""

    @cached_property
    def recordings(self):
        """The `Recordings` of the plan's samples."""
        from transferpain.strategies.clip_network.training import Recordings
        from transferpain.strategies.clip_network.windows import read_windows

        plan, stage = self.job.plan, self.stage.set_index("clip")
        experiment = plan.experiment
        first, part, length = experiment.images.first_frame, experiment.window.train, experiment.network.frames
        read = [read_windows(stage.loc[clip], length, first, part) for clip in plan.samples["file_clip"]]
        answered = [windows[:1] for windows in read]
        return Recordings(plan.samples, read, answered, len(plan.task.classes), plan.preprocessing)

    def frames_read(self) -> FramesRead:
        def joined(windows: tuple) -> np.ndarray:
            return np.concatenate([np.empty(0, np.int64), *(window.frames for window in windows)])

        recordings = self.recordings
        return FramesRead(tuple(map(joined, recordings.trained)), tuple(map(joined, recordings.answered)))


class ClipNetworkStrategy(Strategy):
    """A network with random weights reads a whole window of face crops, and answers once for the clip."""

    name = "clip_network"
    heads = (DenseHead,)
    Settings = ClipNetworkKeys
    makes_sources = False

    def check(self, experiment: Recipe) -> None:
        if experiment.network is None:
            raise ValueError(f"network: `clip_network` trains one; name its kind: {' or '.join(CLIP_NETWORKS)}")
        if experiment.source != "untrained":
            raise ValueError(
                f"source: `clip_network` begins with random weights, received `{experiment.source}`; use `untrained`, "
                "and other `seeds` for other weights"
            )
        if experiment.backbone != DEFAULT:
            raise ValueError(
                f"backbone: `clip_network` has none, received `{experiment.backbone}`; leave it out, and choose "
                f"network.kind: {' or '.join(CLIP_NETWORKS)}"
            )
        images = experiment.images
        if (images.every, images.test_every) != (1, 1):
            raise ValueError("images.every and test_every: `clip_network` takes `network.frames` frames of each window")
        if experiment.window.missing != "hold_last":
            raise ValueError(
                "window.missing: `clip_network` repeats the last face before a frame without one (`hold_last`)"
            )
        if experiment.training.label_mode != "majority":
            raise ValueError("training.label_mode: `clip_network` knows `majority` alone")
        CLIP_NETWORKS[experiment.network.kind].check(experiment.network, experiment.faces.size)

    def check_task(self, experiment: Recipe, task: Task) -> None:
        if task.sample == "frame":
            raise refused_frames(experiment, task, f"strategy {self.name}")

    def prepare(self, job: Job) -> PreparedWindows:
        plan = job.plan
        if not plan.has_faces_stage:
            raise UserError(
                f"{plan.index.dataset.name} cannot be used with the strategy `{self.name}`.",
                rule="It reads windows of frames.",
                received="pictures of faces, each by itself",
                todo="Name a dataset of videos or sequences.",
            )
        faces, _ = media_of(plan, job.places)
        return PreparedWindows(job, faces)

    def fit(self, prepared: PreparedWindows, fold: Fold, seed: int, folder: Path) -> FoldResult:
        start_tensorflow()
        from transferpain.strategies.clip_network.training import train_clip_network

        return train_clip_network(prepared.job.plan.experiment, prepared.recordings, (fold, seed), folder)

    def stages(self, work: Workload) -> list[Stage]:
        network = work.experiment.network
        cost = CLIP_NETWORKS[network.kind].cost(network, work.size)
        what = f"windows of {network.frames} pictures at {work.size}x{work.size}"
        return [network_stage(work, network.kind, (work.largest, what), cost, work.trainings)]


CLIP_NETWORK = ClipNetworkStrategy()
