"""The strategy `frozen`: a head is trained on cached features of a source that stays as it is."""

import math
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from transferpain.core.contracts import FittedRows, FoldResult, Section, Stage
from transferpain.data.protocols.fold import Fold
from transferpain.inputs.adaptation.base import AdaptationJob, FeatureAdaptation
from transferpain.inputs.adaptation.chosen import adapted_features, check_adaptation
from transferpain.inputs.adaptation.registry import ADAPTATIONS
from transferpain.inputs.reference.features import Reference, find_references, referenced_features
from transferpain.inputs.reference.settings import ReferenceSettings
from transferpain.networks.heads.registry import HEADS
from transferpain.networks.training.start import start_tensorflow
from transferpain.strategies.base import NAME_PATTERN, Job, Recipe, Workload
from transferpain.strategies.common.features import (
    FeatureStrategy,
    PreparedFeatures,
    feature_rows,
    features_of,
    features_stage,
)
from transferpain.strategies.common.loss import check_loss
from transferpain.strategies.frozen.candidates import check_candidates
from transferpain.strategies.frozen.reference import (
    REFERENCES,
    bundle_facts,
    check_reference,
    describe_references,
    reference_rows,
    reference_stage,
)
from transferpain.strategies.frozen.reference_section import reference_section
from transferpain.strategies.frozen.section import candidates_section, joint_section
from transferpain.strategies.frozen.sources import JoinedSource, check_joined

TRANSFERABILITY = "transferability.json"


class FrozenSettings(BaseModel):
    """The keys of the strategy `frozen`.

    Attributes:
        joined: the sources whose embeddings are read side by side; `source: {joined: [...]}` fills it in.
        adaptation: how cached features are adapted to who, or what dataset, is tested (`docs/adaptation.md`).
        reference: the person's own neutral face, which features are read beside (`docs/reference-faces.md`).
        candidates: name -> what it changes in `head` and `training`, for `protocol.selection: nested`; simplest first.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    # Named only where it is set: runs and registrations of versions that did not know it stay as they are.
    joined: tuple[JoinedSource, ...] = Field((), exclude_if=lambda value: not value)
    adaptation: ADAPTATIONS.name_type | None = None
    reference: ReferenceSettings | None = Field(None, exclude_if=lambda value: value is None)
    candidates: dict[Annotated[str, Field(pattern=NAME_PATTERN)], dict[str, Any]] = {}


@dataclass(frozen=True)
class AdaptedFeatures(PreparedFeatures):
    """The cached features of a job, as the experiment adapts them."""

    @cached_property
    def adapting(self) -> AdaptationJob:
        """What features are adapted from; after `adapted` it says which samples were read."""
        job = self.job
        return AdaptationJob(job.plan.origin, self.stage, job.plan.experiment.features, job.places.cache)

    @cached_property
    def references(self) -> dict[str, Reference]:
        """Subject -> the neutral face, of an experiment with `reference`."""
        return find_references(self.samples, self.job.plan.experiment.features.of_frames)

    @cached_property
    def adapted(self) -> dict[str, np.ndarray]:
        """Fold -> the feature file of each sample, adapted or beside a reference, as the experiment says."""
        plan, cache = self.job.plan, self.job.places.cache
        if plan.experiment.reference is not None:
            return referenced_features(plan.experiment.reference, self.samples, plan.folds, self.references, cache)
        return adapted_features(plan.experiment.adaptation, self.adapting, self.samples, plan.folds)


class Frozen(FeatureStrategy):
    """Features of the source, then a head."""

    name = "frozen"
    heads = tuple(head.Settings for head in HEADS.values())
    Settings = FrozenSettings

    def check(self, experiment: Recipe) -> None:
        if not HEADS[experiment.head.kind].layers:
            check_loss(experiment, f"`{experiment.head.kind}` is no network")
        super().check(experiment)
        check_joined(experiment)
        check_reference(experiment)
        check_adaptation(experiment.adaptation, experiment.protocol, FeatureAdaptation, self.name)
        method = ADAPTATIONS.get(experiment.adaptation)
        if method is not None and method.changes_source and not experiment.features.reads_source:
            raise ValueError(
                f"adaptation: `{method.name}` changes the source, received features of "
                f"`{experiment.features.made_by}`, which does not read it"
            )
        if method is not None and method.changes_source and experiment.joined:
            raise ValueError(f"adaptation: `{method.name}` changes the source, and several are joined")
        check_candidates(experiment)

    def check_backbone(self, experiment: Recipe, backbone: str) -> None:
        if experiment.adaptation is not None:
            ADAPTATIONS[experiment.adaptation].check_source(experiment.source, backbone)

    def prepare(self, job: Job) -> AdaptedFeatures:
        table = features_of(job.plan, job.places, job.meter.count_embedded)
        job.meter.count_needed(len(set(table["features"]) - {""}))

        def transferability() -> dict:
            start_tensorflow()
            from transferpain.strategies.frozen.transfer_scores import measure_transfer

            # All folds' training clips together would be every clip, those that are tested on included.
            origin = job.plan.origin if job.plan.experiment.features.reads_source else None
            return measure_transfer(prepared.samples, job.plan.folds[0], origin)

        once = {TRANSFERABILITY: transferability}
        if job.plan.experiment.reference is not None:
            once[REFERENCES] = lambda: describe_references(job.plan, prepared.references)
        prepared = AdaptedFeatures(job, table, once=once)
        return prepared

    def fit(self, prepared: AdaptedFeatures, fold: Fold, seed: int, folder: Path) -> FoldResult:
        start_tensorflow()
        from transferpain.strategies.common.linear_probe import probe_fold
        from transferpain.strategies.frozen.nested import selected_experiment
        from transferpain.strategies.frozen.training import train_head

        plan = prepared.job.plan
        clips = prepared.samples.assign(features=prepared.adapted[fold.name])
        num_classes = len(plan.task.classes)
        if fold.name not in prepared.probed:
            prepared.probed[fold.name] = probe_fold(plan.experiment, clips, fold, num_classes)
        experiment, chosen_by = selected_experiment(plan.experiment, clips, fold, seed, num_classes, folder)
        trained = train_head(experiment, clips, fold, seed, num_classes, folder / "checkpoint.npz", prepared.traced)
        probed = replace(trained, **prepared.probed[fold.name].added_to(trained, seed))
        adapted = adapted_rows(plan.experiment.adaptation, prepared.adapting, fold)
        referenced = reference_rows(plan.experiment.reference, fold)
        fitted = (*probed.fitted, *chosen_by, *adapted, *referenced)
        return replace(probed, fitted=fitted, facts=bundle_facts(plan.experiment.reference))

    def stages(self, work: Workload) -> list[Stage]:
        experiment, head = work.experiment, HEADS[work.experiment.head.kind]
        rows = int(feature_rows(experiment, work).sum())
        trainings = work.trainings
        if experiment.candidates:
            trainings *= 1 + len(experiment.candidates) * experiment.protocol.inner_folds
        features, share = features_stage(work), work.largest / len(work.samples)
        learned = rows * share if head.reads == "frame" else work.largest
        training = experiment.training
        passes = training.passes(max(1, math.ceil(learned / training.batch)))
        of = f" of {passes} passes" if passes > 1 else ""
        fitted = f"{trainings} trainings of at most {training.epochs} epochs{of}"
        seen = training.epochs * passes * rows * share
        if not head.layers:  # of scikit-learn: it has no epochs, and reads one row a clip
            fitted, seen = f"{trainings} fits", work.largest
        return [
            features,
            *reference_stage(work, features.disk_bytes),
            Stage(
                experiment.name,
                f"head ({head.name})",
                fitted,
                trainings * seen / head.rows_per_second,
                0.0,
                of=experiment.name,
                trainings=trainings,
            ),
        ]

    def section(self, run: Path) -> Section | None:
        return joint_section([candidates_section(run), reference_section(run)])


FROZEN = Frozen()


def adapted_rows(adaptation: str | None, adapting: AdaptationJob, fold: Fold) -> tuple[FittedRows, ...]:
    """Return the rows that an adaptation has read in a fold, as it noted them; nothing where it noted none."""
    if adaptation is None or fold.name not in adapting.seen:
        return ()
    method = ADAPTATIONS[adaptation]
    return (FittedRows(f"adaptation {method.name}", adapting.seen[fold.name], method.transductive),)
