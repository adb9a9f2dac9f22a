"""The strategies that train an image network on pictures of faces: its last layer, block by block, or all of it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from transferpain.core.contracts import FoldResult, FramesRead, Section, Stage
from transferpain.data.datasets.index import Index
from transferpain.data.protocols.fold import Fold
from transferpain.data.tasks.task import Task
from transferpain.inputs.adaptation.chosen import check_adaptation
from transferpain.inputs.adaptation.domain import DomainAdaptation
from transferpain.inputs.adaptation.registry import ADAPTATIONS
from transferpain.networks.training.start import start_tensorflow
from transferpain.strategies.base import Job, Plan, Prepared, Recipe, Strategy, Workload
from transferpain.strategies.common.media import media_of, pictures_of
from transferpain.strategies.common.phases import Phase, gradual_unfreezing, last_layer, phase_names, whole_network
from transferpain.strategies.common.settings import DenseHead, FeatureLayer, PhaseSettings, RowSettings
from transferpain.strategies.common.units import ShownUnits, UnitSettings, check_units, coded_units
from transferpain.strategies.common.work import training_stage
from transferpain.strategies.fine_tuning.section import FORGETTING, tuning_section


class TuningSettings(BaseModel):
    """The keys of every strategy that trains an image network on pictures.

    Attributes:
        feature_layer: the layer of the source that the new output stands on: `gap` leaves its embedding out (Hosseini).
        rows: which training rows are kept and repeated.
        probe_source: whether the source's own task is scored again with the tuned layers (forgetting).
        units: coded action units that are learned beside pain; the network that is saved answers pain alone.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    feature_layer: FeatureLayer = "embedding"
    rows: RowSettings = RowSettings()
    probe_source: bool = False
    # Left out of what names a run unless it is used, so that runs from before it was there keep their names.
    units: UnitSettings | None = Field(default=None, exclude_if=lambda value: value is None)


class AdaptedSettings(TuningSettings):
    """The keys of the strategies whose features learn, so that they can be drawn to those of another dataset.

    Attributes:
        adaptation: what the network is adapted to while it learns (`docs/adaptation.md`).
        adaptation_weight: of the domain loss, beside the loss of the labels, which has the weight 1.
    """

    adaptation: ADAPTATIONS.name_type | None = None
    # Named only where it is set: runs and registrations of versions that did not know it stay as they are.
    adaptation_weight: float = Field(1.0, gt=0, allow_inf_nan=False, exclude_if=lambda value: value == 1.0)


class GradualSettings(AdaptedSettings):
    """The keys of gradual unfreezing.

    Attributes:
        phases: what a phase does its own way.
        phases_up_to: the last phase; `None` goes down to the first layer.
    """

    phases: dict[str, PhaseSettings] = {}
    phases_up_to: str | None = None


@dataclass(frozen=True)
class PreparedPictures(Prepared):
    """The media of a job whose strategy trains a network on pictures."""

    @cached_property
    def pictures(self):
        """The `Pictures` of the plan's samples."""
        return pictures_of(self.job.plan, self.stage, self.images)

    def frames_read(self) -> FramesRead:
        from transferpain.strategies.common.pictures import frames_taken

        plan = self.job.plan
        if self.stage is None or plan.task.sample == "frame":
            return super().frames_read()
        images, stage = plan.experiment.images, self.stage.set_index("clip").loc[plan.samples["file_clip"]]
        clips = [clip for _, clip in stage.iterrows()]
        trained, answered = (
            tuple(frames_taken(clip, int(clip["num_frames"]), images.first_frame, step, part) for clip in clips)
            for step, part in ((images.every, plan.experiment.window.train), (images.test_every, "first"))
        )
        return FramesRead(trained, answered)

    @cached_property
    def units(self) -> ShownUnits | None:
        """The coded action units of the plan's samples; `None` where none are learned."""
        plan = self.job.plan
        settings = plan.experiment.units
        if settings is None:
            return None
        coded = coded_units(settings, plan.task, plan.index, plan.samples)
        return ShownUnits(coded, settings.weight, plan.experiment.feature_layer)

    @cached_property
    def source_task(self):
        """The `SourceTask` of the experiment that the plan's source comes from; `None` where it is not probed."""
        plan = self.job.plan
        return source_task_of(plan, self.job.source_plan(), self.job) if plan.experiment.probe_source else None


@dataclass(frozen=True)
class FineTuning(Strategy):
    """A network is trained on pictures, in the phases that `phases_of` names."""

    name: str
    phases_of: Callable[[Recipe], tuple[Phase, ...]]
    Settings: type[BaseModel] = TuningSettings
    heads: tuple[type[BaseModel], ...] = (DenseHead,)

    def check(self, experiment: Recipe) -> None:
        if experiment.rows.augment == "oversampled" and experiment.rows.oversample_from is None:
            raise ValueError("rows.augment: `oversampled` needs rows.oversample_from")
        check_adaptation(experiment.adaptation, experiment.protocol, DomainAdaptation, self.name)
        if experiment.adaptation is None and experiment.adaptation_weight != 1:
            raise ValueError(
                f"adaptation_weight: goes with `adaptation`, received {experiment.adaptation_weight:g} without one"
            )
        if experiment.units is not None and experiment.adaptation is not None:
            raise ValueError(f"units: not beside an adaptation, received adaptation: {experiment.adaptation}")
        if experiment.units is not None and experiment.training.label_mode != "majority":
            raise ValueError(f"units: with training.label_mode `majority`, received `{experiment.training.label_mode}`")

    def check_samples(
        self, experiment: Recipe, task: Task, index: Index, samples: pd.DataFrame, folds: list[Fold]
    ) -> None:
        if experiment.units is not None:
            train = np.unique(np.concatenate([fold.train for fold in folds]))
            check_units(experiment.units, task, index, samples, train)

    def prepare(self, job: Job) -> PreparedPictures:
        faces, images = media_of(job.plan, job.places)
        return PreparedPictures(job, faces, images)

    def fit(self, prepared: PreparedPictures, fold: Fold, seed: int, folder: Path) -> FoldResult:
        start_tensorflow()
        from transferpain.networks.backbones.surgery import with_classes
        from transferpain.networks.outputs.registry import ending_in
        from transferpain.strategies.common.domain import DomainLearning
        from transferpain.strategies.common.network import Shown, Tuning, train_network

        plan = prepared.job.plan
        experiment, settings = plan.experiment, plan.preprocessing
        shown = Shown(plan.samples, prepared.pictures, settings, prepared.units)
        source_task = prepared.source_task
        start = with_classes(
            plan.origin.load().model, len(plan.task.classes), settings.size, seed, experiment.feature_layer
        )
        start = ending_in(start, experiment.training.loss, len(plan.task.classes), seed)
        domain = None
        if experiment.adaptation is not None:
            domain = DomainLearning(ADAPTATIONS[experiment.adaptation], experiment.adaptation_weight)
        tuning = Tuning(self.phases_of(experiment), experiment.rows, domain)
        trained = train_network(experiment, tuning, start, shown, (fold, seed), folder)
        files, facts = {}, {}
        if experiment.units is not None:
            from transferpain.strategies.fine_tuning.unit_answers import unit_files

            files |= unit_files(trained.units, shown, (fold, seed))
            facts["units"] = experiment.units.model_dump(mode="json")
        if source_task is not None:
            from transferpain.strategies.fine_tuning.forgetting import measure_forgetting

            files[FORGETTING] = measure_forgetting(source_task, trained.model).assign(fold=fold.name, seed=seed)
        return FoldResult(
            trained.predictions,
            trained.training.history,
            trained.model,
            fitted=trained.fitted,
            files=files,
            facts=facts,
        )

    def stages(self, work: Workload) -> list[Stage]:
        stage = training_stage(work)
        if work.experiment.adaptation is None:
            return [stage]
        beside = ", each beside one of the target"
        return [replace(stage, work=stage.work + beside, seconds=2 * stage.seconds)]

    def section(self, run: Path) -> Section | None:
        return tuning_section(run)


@dataclass(frozen=True)
class GradualUnfreezing(FineTuning):
    """From the output down, in phases that the experiment may change."""

    Settings: type[BaseModel] = GradualSettings

    def check(self, experiment: Recipe) -> None:
        super().check(experiment)
        known = phase_names(experiment.backbone)
        named = [*experiment.phases, *([experiment.phases_up_to] if experiment.phases_up_to else [])]
        for name in named:
            if name not in known:
                raise ValueError(f"phases: {experiment.backbone} has {', '.join(known)}; not `{name}`")
        if experiment.adaptation and experiment.feature_layer == "gap" and experiment.phases_up_to == known[0]:
            raise ValueError(
                f"adaptation: `{experiment.adaptation}` draws what the output stands on to that of another "
                f"dataset, and no layer below the output learns with feature_layer `gap` and phases_up_to `{known[0]}`"
            )


LAST_LAYER = FineTuning("last_layer", lambda experiment: last_layer(experiment.training))
GRADUAL_UNFREEZING = GradualUnfreezing(
    "gradual_unfreezing",
    lambda experiment: gradual_unfreezing(
        experiment.backbone, experiment.training, experiment.phases, experiment.phases_up_to
    ),
)
FULL_FINE_TUNING = FineTuning(
    "full_fine_tuning",
    lambda experiment: whole_network(experiment.backbone, experiment.training),
    AdaptedSettings,
)


def source_task_of(plan: Plan, source: Plan, job: Job):
    """Return the `SourceTask` of the plan that the source was trained by."""
    from transferpain.strategies.fine_tuning.forgetting import SourceTask

    (fold,) = source.folds
    return SourceTask(
        plan.origin.load().model,
        source.preprocessing,
        source.task.classes,
        source.samples,
        pictures_of(source, *media_of(source, job.places)),
        fold.train,
        fold.test,
    )
