"""The strategy `ensemble`: finished runs on the same folds answer together; no network is trained.

Of a stacked ensemble the regression of a fold is fitted to what the fold's own models said of its selection subjects.
These models have not been fitted to them, and nobody that the fold tests has had a part in anything that enters. What
models of other folds said of their tested subjects is not used: they have learned from the subjects that this fold
tests, and a regression on their answers gives that away (`docs/ensembles.md`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pandas as pd

from transferpain.core.contracts import FittedRows, FoldResult, Part, Stage
from transferpain.core.errors import UserError
from transferpain.core.seeds import derive_seed
from transferpain.data.datasets.index import Index
from transferpain.data.protocols.fold import Fold
from transferpain.data.tasks.task import Task
from transferpain.evaluation.predictions import WHOLE_CLIP, subject_names
from transferpain.models.bundles.manifest import manifest_hash
from transferpain.networks.training.start import start_tensorflow
from transferpain.strategies.base import Job, Plan, Prepared, Recipe, Strategy, Workload
from transferpain.strategies.common.finished import fold_folders
from transferpain.strategies.common.fitted import FITTED, read_fitted_by
from transferpain.strategies.common.loss import check_loss
from transferpain.strategies.ensemble.settings import (
    Averaging,
    EnsembleSettings,
    Stacking,
    check_members,
    check_withheld,
)

MEMBERS = "members.parquet"  # of a fold: what each member said of its tested clips
SECONDS_A_FOLD = 0.5
STEP = "stacking: standardisation, C and weights"


@dataclass(frozen=True)
class Member:
    """A finished run, as far as an ensemble reads it.

    Attributes:
        name: of its folder in `runs/`.
        digest: of its model.
        answers: its predictions of whole clips, of both parts, all folds and seeds.
        fitted: fold and seed -> what was fitted in it, and to which samples of the ensemble's plan.
    """

    name: str
    digest: str
    answers: pd.DataFrame
    fitted: Mapping[tuple[str, int], tuple[FittedRows, ...]]


@dataclass(frozen=True)
class PreparedMembers(Prepared):
    """The members of a job's ensemble."""

    members: tuple[Member, ...] = field(default=(), kw_only=True)


class Ensemble(Strategy):
    """One answer is made of those of finished runs."""

    name = "ensemble"
    heads = (Averaging, Stacking)
    Settings = EnsembleSettings
    reads = "answers"
    makes_sources = False

    def check(self, experiment: Recipe) -> None:
        check_loss(experiment, "`ensemble` trains no network")
        check_members(experiment.members)
        check_withheld(experiment.reference)
        if experiment.protocol.selection == "paper" and experiment.head.kind == "stacking":
            raise ValueError(
                "protocol.selection: `paper` selects on tested subjects, to whom `stacking` would be fitted; use "
                "`inner`, or head.kind `averaging`"
            )

    def check_task(self, experiment: Recipe, task) -> None:
        return

    def check_backbone(self, experiment: Recipe, backbone: str) -> None:
        return

    def check_samples(
        self, experiment: Recipe, task: Task, index: Index, samples: pd.DataFrame, folds: list[Fold]
    ) -> None:
        for fold in folds if experiment.head.kind == "stacking" else ():
            check_people(experiment, task, samples.iloc[fold.selection], fold.name)

    def prepare(self, job: Job) -> PreparedMembers:
        members = tuple(read_member(job.places.runs / name, job.plan) for name in job.plan.experiment.members)
        if job.plan.experiment.head.kind == "stacking":
            for fold in job.plan.folds:
                check_selection(job.plan, fold, members)
        return PreparedMembers(job, None, members=members)

    def fit(self, prepared: PreparedMembers, fold: Fold, seed: int, folder: Path) -> FoldResult:
        start_tensorflow()
        from transferpain.strategies.ensemble.combine import averaged, loss_of, stacked, stacked_for_others

        plan, members = prepared.job.plan, prepared.members
        said = {part: answers_of(members, fold, seed, part) for part in ("selection", "test")}
        y = plan.samples["y"].iloc[fold.selection].to_numpy(dtype=np.int64)
        answers, fitted = said["selection"], ()
        if plan.experiment.head.kind == "averaging":
            combined = averaged(len(members), len(plan.task.classes))
            selected = combined.answer(answers)
        else:
            subjects = subject_names(plan.samples.iloc[fold.selection]).to_numpy(dtype=str)
            how = (y, subjects, plan.experiment.head.class_weights, derive_seed(seed, fold.name, "stacking"))
            combined, selected = stacked(answers, *how), stacked_for_others(answers, *how)
            fitted = (FittedRows(STEP, np.sort(fold.selection)),)
        tables = [
            table_of(members, fold, seed, "selection", selected),
            table_of(members, fold, seed, "test", combined.answer(said["test"])),
        ]
        of_members = [rows_of(member, fold, seed, "test").assign(member=member.name) for member in members]
        inherited = [
            replace(one, step=f"{member.name}: {one.step}")
            for member in members
            for one in member.fitted[fold.name, seed]
        ]
        stated = [{"run": member.name, "model": member.digest} for member in members]
        return FoldResult(
            predictions=pd.concat(tables, ignore_index=True),
            history=pd.DataFrame({"epoch": [1], "val_loss": [loss_of(selected, y)]}),
            model=combined.network(),
            fitted=(*fitted, *inherited),
            files={MEMBERS: pd.concat(of_members, ignore_index=True)},
            facts={"members": stated, "combination": plan.experiment.head.kind},
        )

    def stages(self, work: Workload) -> list[Stage]:
        experiment = work.experiment
        return [
            Stage(
                experiment.name,
                f"ensemble ({experiment.head.kind})",
                f"{len(experiment.members)} members, {work.trainings} fits",
                work.trainings * SECONDS_A_FOLD,
                0.0,
                of=experiment.name,
                trainings=work.trainings,
            )
        ]


ENSEMBLE = Ensemble()


def read_member(run: Path, plan: Plan) -> Member:
    """Read a finished run that was checked against the plan."""
    folders = {(fold.name, seed): None for fold in plan.folds for seed in plan.experiment.seeds}
    tables = []
    for folder in fold_folders(run):
        table = pd.read_parquet(folder / "predictions.parquet")
        tables.append(table[table["frame"] == WHOLE_CLIP])
        key = (str(table["fold"].iloc[0]), int(table["seed"].iloc[0]))
        folders[key] = read_fitted_by(folder, plan.samples)
    return Member(run.name, manifest_hash(run / "model"), pd.concat(tables, ignore_index=True), folders)


def rows_of(member: Member, fold: Fold, seed: int, part: Part) -> pd.DataFrame:
    """Return what a member said of the clips of one part of a fold, in the order of the fold."""
    rows = member.answers
    chosen = (rows["fold"] == fold.name) & (rows["seed"] == seed) & (rows["part"] == part)
    return rows[chosen].reset_index(drop=True)


def answers_of(members: tuple[Member, ...], fold: Fold, seed: int, part: Part) -> np.ndarray:
    """Return the probabilities of all members, float64 `(clips, members, classes)`."""
    tables = [rows_of(member, fold, seed, part).filter(regex=r"^p_\d+$") for member in members]
    return np.stack([table.to_numpy(dtype=np.float64) for table in tables], axis=1)


def table_of(members: tuple[Member, ...], fold: Fold, seed: int, part: Part, probabilities: np.ndarray) -> pd.DataFrame:
    """Return the predictions of one part: the most probable class, and the lowest coverage of any member."""
    tables = [rows_of(member, fold, seed, part) for member in members]
    table = tables[0].copy()
    table["y_pred"] = probabilities.argmax(axis=1).astype(table["y_pred"].dtype)
    for number, column in enumerate(probabilities.T):
        table[f"p_{number}"] = column.astype(table[f"p_{number}"].dtype)
    table["coverage"] = np.min([one["coverage"].to_numpy() for one in tables], axis=0)
    return table


def check_people(experiment: Recipe, task: Task, rows: pd.DataFrame, fold: str) -> None:
    """Refuse to stack where a fold has nobody to fit the regression to.

    Args:
        rows: the selection samples of the fold.
        fold: its name.

    Raises:
        UserError: with the fold, and who is missing.
    """
    people, classes = subject_names(rows).nunique(), set(rows["y"].astype(int))
    missing = [name for number, name in enumerate(task.classes) if number not in classes]
    if people < 2 or missing:
        raise UserError(
            f"{fold} has too few selection subjects to stack the members of {experiment.name}.",
            rule="The regression of a fold is fitted to its selection subjects: two or more, with every class.",
            received=f"{people} subjects" + (f", none with {', '.join(missing)}" if missing else ""),
            todo="Raise protocol.selection_share in the members and here, or use --set head.kind=averaging.",
        )


def check_selection(plan: Plan, fold: Fold, members: tuple[Member, ...]) -> None:
    """Refuse to stack members that have learned from a fold's selection subjects, or do not say from whom.

    Raises:
        UserError: with the fold, the member and the step.
    """
    for member in members:
        for seed in plan.experiment.seeds:
            if not member.fitted[fold.name, seed]:
                raise cannot_be_stacked(plan, f"{member.name}, {fold.name}: nothing in {FITTED}")
            for one in member.fitted[fold.name, seed]:
                if (
                    one.use not in ("selection", "reference")
                    and not one.transductive
                    and np.isin(fold.selection, one.rows).any()
                ):
                    raise cannot_be_stacked(plan, f"{member.name}, {fold.name}: {one.step}")


def cannot_be_stacked(plan: Plan, received: str) -> UserError:
    """Return the error of a member that has learned from selection subjects, or does not say from whom it has."""
    return UserError(
        f"The members of {plan.experiment.name} cannot be stacked.",
        rule="The regression of a fold is fitted to what members say of selection subjects that they have not learned "
        "from, as their folds state: it would trust what they know by heart.",
        received=received,
        todo="Leave that run out, or use --set head.kind=averaging.",
    )
