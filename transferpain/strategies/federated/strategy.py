"""The strategy `federated`: a head is trained on cached features by clients, and the server averages their weights."""

from dataclasses import replace
from pathlib import Path

import pandas as pd

from transferpain.core.contracts import FoldResult, Section, Stage
from transferpain.core.errors import UserError
from transferpain.data.protocols.fold import Fold
from transferpain.evaluation.predictions import subject_names
from transferpain.networks.heads.registry import HEADS
from transferpain.networks.training.start import start_tensorflow
from transferpain.strategies.base import Job, Recipe, Workload
from transferpain.strategies.common.features import (
    FeatureStrategy,
    PreparedFeatures,
    feature_rows,
    features_of,
    features_stage,
)
from transferpain.strategies.federated.section import federated_section
from transferpain.strategies.federated.settings import SUBJECT, FederatedKeys

# Besides its steps a client costs the weights that it is given, gives back and forgets: about so long.
SECONDS_A_CLIENT = 0.02


class Federated(FeatureStrategy):
    """Features of the source, then a head that clients train together."""

    name = "federated"
    heads = tuple(head.Settings for head in HEADS.values() if head.layers)
    Settings = FederatedKeys

    def check(self, experiment: Recipe) -> None:
        super().check(experiment)
        if experiment.federated is None:
            raise ValueError("federated: the strategy needs it; `federated: {}` takes every default")
        training = experiment.training
        if training.schedule.name != "constant":
            raise ValueError(
                "training.schedule: `federated` knows `constant` alone, since the optimiser of a client begins anew in "
                f"each round; received `{training.schedule.name}`"
            )
        for key in ("ema", "epoch_steps"):
            if getattr(training, key) is not None:
                raise ValueError(
                    f"training.{key}: not with `federated`, received {getattr(training, key)}; what a client does in a "
                    "round is `federated.local_epochs`"
                )
        if training.tensorboard:
            raise ValueError("training.tensorboard: `federated` writes no such logs; history.csv has a row each round")

    def check_clips(self, experiment: Recipe, clips: pd.DataFrame) -> None:
        super().check_clips(experiment, clips)
        column = experiment.federated.client
        if column == SUBJECT:
            return
        if column not in clips:
            raise UserError(
                f"{experiment.name} has a client for each `{column}`, and the clips have none.",
                rule="federated.client is `subject`, or a column of the index; index.csv of own data may state any.",
                received=f"federated.client: {column}; the index has {', '.join(map(str, clips.columns))}",
                todo="Use --set federated.client=subject, or state the column in index.csv.",
            )
        trained = clips["dataset"] != experiment.protocol.test_dataset
        empty = clips[trained & (clips[column].isna() | (clips[column].astype(str).str.strip() == ""))]
        if len(empty):
            raise UserError(
                f"{len(empty)} of {int(trained.sum())} clips of {experiment.name} belong to no client.",
                rule="The column that federated.client names says of each clip whose it is.",
                received=f"federated.client: {column}; without one: {', '.join(empty['clip'].astype(str).head(3))}",
                todo=f"Fill in `{column}`, or use --set federated.client=subject.",
            )

    def prepare(self, job: Job) -> PreparedFeatures:
        table = features_of(job.plan, job.places, job.meter.count_embedded)
        job.meter.count_needed(len(set(table["features"]) - {""}))
        return PreparedFeatures(job, table)

    def fit(self, prepared: PreparedFeatures, fold: Fold, seed: int, folder: Path) -> FoldResult:
        start_tensorflow()
        from transferpain.strategies.common.linear_probe import probe_fold
        from transferpain.strategies.federated.training import train_federated

        plan = prepared.job.plan
        experiment, clips, classes = plan.experiment, prepared.samples, len(plan.task.classes)
        column = experiment.federated.client
        if column != SUBJECT:
            owners = plan.clips.set_index("clip")[column]
            clips = clips.assign(**{column: owners.loc[clips["file_clip"]].to_numpy()})
        if fold.name not in prepared.probed:
            prepared.probed[fold.name] = probe_fold(experiment, clips, fold, classes)
        trained = train_federated(experiment, clips, (fold, seed), classes, folder / "checkpoint.npz", prepared.traced)
        return replace(trained, **prepared.probed[fold.name].added_to(trained, seed))

    def stages(self, work: Workload) -> list[Stage]:
        experiment, head, how = work.experiment, HEADS[work.experiment.head.kind], work.experiment.federated
        rounds, share = experiment.training.epochs, work.largest / len(work.samples)
        rows = int(feature_rows(experiment, work).sum()) * share * how.share
        clients = max(1, round(most_clients(work, how.client) * how.share))
        seconds = rounds * (how.local_epochs * rows / head.rows_per_second + clients * SECONDS_A_CLIENT)
        return [
            features_stage(work),
            Stage(
                experiment.name,
                f"federated head ({head.name})",
                f"{work.trainings} trainings of at most {rounds} rounds of {clients} clients, "
                f"{how.local_epochs} epochs each",
                work.trainings * seconds,
                0.0,
                of=experiment.name,
                trainings=work.trainings,
            ),
        ]

    def section(self, run: Path) -> Section | None:
        return federated_section(run)


FEDERATED = Federated()


def most_clients(work: Workload, column: str) -> int:
    """Return how many clients the largest training part has."""
    largest = work.samples.iloc[max((fold.train for fold in work.folds), key=len)]
    if column == SUBJECT:
        return subject_names(largest).nunique()
    return work.clips.set_index("clip")[column].loc[largest["file_clip"]].nunique()
