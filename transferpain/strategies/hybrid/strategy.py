"""The strategy `hybrid`: faces, action units, then three models, fold by fold and seed by seed (Verma).

A fold's models are fitted once and kept in the cache: the runs whose verdicts are compared (`head.verdict`) share them.
"""

from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict

from transferpain.core.contracts import FittedRows, FoldResult, Section, Stage
from transferpain.core.csv_file import write_csv
from transferpain.core.errors import UserError
from transferpain.core.progress import note
from transferpain.core.store import (
    file_hash,
    fingerprint,
    is_intact,
    one_process,
    read_json,
    read_made,
    remove_folder,
    write_checked,
    write_json,
)
from transferpain.core.synthetic_faces import faces_fact
from transferpain.data.media.medium import READER_IDENTITY
from transferpain.data.places import Places
from transferpain.data.protocols.fold import Fold
from transferpain.data.tasks.task import Task
from transferpain.inputs.action_units.frames import frame_units
from transferpain.inputs.action_units.from_tables import check_tables, table_units, tables_hash
from transferpain.inputs.action_units.measured import FrameUnits
from transferpain.inputs.action_units.measures import measures_hash
from transferpain.inputs.action_units.units import UNITS
from transferpain.inputs.faces.detectors import detector_identity
from transferpain.inputs.landmarks.mesh import mesh_identity
from transferpain.networks.backbones.registry import BACKBONES
from transferpain.networks.training.start import start_tensorflow
from transferpain.strategies.base import Job, Plan, Prepared, Recipe, Strategy, Workload
from transferpain.strategies.common.answers import ClipAnswer, predictions_table, training_prior
from transferpain.strategies.common.loss import check_loss
from transferpain.strategies.common.media import media_of, pictures_of
from transferpain.strategies.common.settings import FeatureLayer
from transferpain.strategies.common.work import mesh_stage, training_stage
from transferpain.strategies.hybrid.section import THREE_MODELS, three_models_section
from transferpain.strategies.hybrid.settings import TITLES, HybridHead

SCHEMA = 3  # of the models that are kept in the cache
# What runs may differ in and still share their models.
NO_DIFFERENCE = ("name", "question", "paper", "seeds", "schema")
# Of gradient boosting, for a row, a column that a split looks at, a tree and a level of it.
SECONDS_A_STEP = 1e-7


class HybridSettings(BaseModel):
    """The keys of the strategy `hybrid`.

    Attributes:
        feature_layer: the layer of the source that the new output stands on, and whose output the trees read.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    feature_layer: FeatureLayer = "embedding"


@dataclass(frozen=True)
class SharedWork:
    """Where a fold's models stand in the cache; `answers` is written last, so that they are there or not."""

    folder: Path

    @property
    def model(self) -> Path:
        return self.folder / "model"

    @property
    def made(self) -> Path:
        """What found the faces that it learned from, for `transferpain cache`."""
        return self.folder / "made.json"

    @property
    def facts(self) -> Path:
        return self.folder / THREE_MODELS

    @property
    def history(self) -> Path:
        return self.folder / "history.csv"

    @property
    def answers(self) -> Path:
        return self.folder / "answers.parquet"

    @property
    def hashes(self) -> dict[str, str]:
        """The SHA-256 of each file that is read with the answers, "" where it is not there."""
        files = (self.facts, self.history, self.model / "manifest.json")  # the manifest tells the model's other files
        return {file.name: file_hash(file) if file.is_file() else "" for file in files}

    @property
    def is_whole(self) -> bool:
        """True if all is there, and is what was written."""
        return is_intact(self.answers) and read_made(self.answers).get("files") == self.hashes


@dataclass(frozen=True)
class PreparedFrames(Prepared):
    """The faces of a job's frames, and their action units."""

    action_units: FrameUnits | None = None

    @cached_property
    def frames(self):
        """The `Frames` of the plan's samples."""
        from transferpain.strategies.hybrid.training import Frames

        return Frames(self.job.plan.samples, pictures_of(self.job.plan, self.stage, None), self.action_units)


class Hybrid(Strategy):
    """A network is tuned, and gradient boosting reads action units, and them beside its embedding."""

    name = "hybrid"
    heads = (HybridHead,)
    Settings = HybridSettings

    def check(self, experiment: Recipe) -> None:
        check_loss(experiment, "the trees of `hybrid` read probabilities of classes")
        if experiment.protocol.selection != "inner":
            raise ValueError(
                "protocol.selection: strategy `hybrid` keeps the default; its networks stop on subjects that `inner` "
                "sets aside"
            )

    def check_task(self, experiment: Recipe, task: Task) -> None:
        if (task.sample, len(task.classes)) != ("frame", 2):
            raise UserError(
                f"The task {task.name} does not fit the strategy `hybrid` of {experiment.name}.",
                rule="It tells single frames without pain from those with pain: two classes, and the sample is "
                "`frame`, which is what action units are measured in.",
                received=f"sample {task.sample}, classes {', '.join(task.classes)}",
                todo="Use --set task=unbc-binary-1, or another strategy.",
            )
        super().check_task(experiment, task)

    def reads_mesh(self, experiment: Recipe) -> bool:
        return experiment.head.action_units is None

    def inputs(self, experiment: Recipe, places: Places) -> list[str]:
        folder = experiment.head.action_units
        return [measures_hash() if folder is None else tables_hash(places.data_root / folder)]

    def check_files(self, experiment: Recipe, clips: pd.DataFrame, places: Places) -> None:
        folder = experiment.head.action_units
        if folder is not None:
            check_tables(clips, places.data_root / folder, places.data_root, places.cache)

    def prepare(self, job: Job) -> PreparedFrames:
        check_subjects(job.plan)
        faces, _ = media_of(job.plan, job.places)
        return PreparedFrames(job, faces, action_units=action_units_of(job.plan, job.places, faces))

    def fit(self, prepared: PreparedFrames, fold: Fold, seed: int, folder: Path) -> FoldResult:
        plan, places = prepared.job.plan, prepared.job.places
        work = shared_work(plan, fold, seed, places)
        waiting = partial(note, f"{plan.experiment.name}: another process fits the models of {fold.name}; waiting")
        with one_process(work.folder.with_suffix(".lock"), waiting):
            if not work.is_whole:
                fit_shared(prepared, fold, seed, work)
        return read_shared(plan, fold, seed, work)

    def stages(self, work: Workload) -> list[Stage]:
        experiment, boosting = work.experiment, work.experiment.head.boosting
        backbone = BACKBONES[experiment.backbone]
        width = backbone.width if experiment.feature_layer == "embedding" else backbone.channels
        candidates = len(boosting.learning_rates) * len(boosting.estimators) * len(boosting.depths)
        # Each candidate's trees and levels, once per fold of the search.
        levels = len(boosting.learning_rates) * sum(boosting.estimators) * sum(boosting.depths) * boosting.folds
        steps = 0.0
        for fold in work.folds:
            for columns in (len(UNITS), len(UNITS) + width):
                steps += len(fold.train) * (columns if boosting.columns == "all" else columns**0.5) * levels
        parts = experiment.head.cross_fitting
        # Each part's network learns from all parts but one.
        across = [training_stage(work, trainings=work.trainings * (parts - 1))] if parts else []
        return [
            # Runs that differ in their verdict share the trainings.
            *(replace(stage, of="") for stage in (training_stage(work), *across)),
            *([mesh_stage(work, "action units")] if experiment.head.action_units is None else []),
            Stage(
                experiment.name,
                "gradient boosting",
                f"{work.trainings} x {candidates} candidates, on action units and on them and {width} features",
                steps * SECONDS_A_STEP * len(experiment.seeds),
                0.0,
            ),
        ]

    def section(self, run: Path) -> Section | None:
        return three_models_section(run)


HYBRID = Hybrid()


def check_subjects(plan: Plan) -> None:
    """Refuse folds with too few training subjects, before a network is trained whose trees cannot be fitted."""
    head = plan.experiment.head
    needed = max(head.boosting.folds, head.cross_fitting or 0)
    for fold in plan.folds:
        trained = plan.samples.iloc[fold.train]
        people = [trained.loc[trained["y"] == answer, "subject"].nunique() for answer in (1, 0)]
        if min(people) < needed:
            raise UserError(
                f"{fold.name} has too few training subjects for the classifiers of {plan.experiment.name}.",
                rule=f"With head.boosting.folds {head.boosting.folds} and head.cross_fitting {head.cross_fitting}, "
                f"{needed} subjects with pain and as many without are needed.",
                received=f"{people[0]} with pain, {people[1]} without",
                todo="Lower protocol.selection_share, head.boosting.folds or head.cross_fitting, or use more subjects.",
            )


def action_units_of(plan: Plan, places: Places, faces: pd.DataFrame) -> FrameUnits:
    """Return the action units of the frames: from the tables that the experiment names, else from their meshes.

    Args:
        faces: the table of `compute_faces`, which knows how many frames each clip has.
    """
    folder = plan.experiment.head.action_units
    if folder is not None:
        for row in faces[faces["undecoded"] > 0].itertuples():
            note(
                f"warning: {row.clip}: {row.undecoded} frames cannot be decoded. Its table of action units must count "
                "them, or it is of other frames."
            )
        decoded = plan.clips["clip"].map(faces[faces["problem"] == ""].set_index("clip")["num_frames"])
        return table_units(plan.clips.assign(num_frames=decoded), plan.samples, places.data_root / folder)
    return frame_units(plan.clips, plan.samples, plan.index.data_root, places.cache)


def shared_work(plan: Plan, fold: Fold, seed: int, places: Places) -> SharedWork:
    """Return where a fold's models stand; the name covers all that they depend on."""
    experiment = plan.experiment.resolved()
    settings = {key: value for key, value in experiment.items() if key not in NO_DIFFERENCE}
    settings["head"] = settings["head"] | {"verdict": None}
    media = [plan.index.hash, plan.contents]
    data = [plan.task.hash, *media, plan.origin.hash, *HYBRID.inputs(plan.experiment, places), found_by(plan)]
    return SharedWork(places.cache / "hybrid" / fingerprint([SCHEMA, settings, data, fold.name, seed]))


def found_by(plan: Plan) -> dict[str, str]:
    """Return what reads the media, finds the faces and, where the action units are proxies, the meshes that the models
    learn from.
    """
    makers = {"detector": detector_identity(plan.experiment.faces.detector), "reader": READER_IDENTITY}
    return makers if plan.experiment.head.action_units else makers | {"mesh": mesh_identity()}


def fit_shared(prepared: PreparedFrames, fold: Fold, seed: int, work: SharedWork) -> None:
    """Fit a fold's models and keep them in the cache; an interrupted training goes on from its checkpoint."""
    start_tensorflow()
    from transferpain.models.bundles.bundle import save_bundle
    from transferpain.networks.backbones.surgery import with_classes
    from transferpain.strategies.hybrid.bundle import HybridFacts, save_models
    from transferpain.strategies.hybrid.training import train_hybrid

    plan = prepared.job.plan
    experiment, preprocessing = plan.experiment, plan.preprocessing
    source = plan.origin.load().model

    def start():
        return with_classes(source, len(plan.task.classes), preprocessing.size, seed, experiment.feature_layer)

    write_json(work.made, found_by(plan))
    trained = train_hybrid(experiment, start, preprocessing, prepared.frames, (fold, seed), work.folder)
    kept = {"synthetic": plan.synthetic, **faces_fact(plan.synthetic_faces)}
    save_bundle(work.model, trained.network, preprocessing.model_dump(), plan.task.classes, kept)
    thresholds = {name: one.value for name, one in trained.fitted.thresholds.items()}
    measured = prepared.action_units
    stated = HybridFacts(
        embedding=experiment.feature_layer,
        units=measured.numbers,
        estimator=measured.estimator.name,
        thresholds=thresholds,
        measures={number: one.measure for number, one in measured.measures.items()},
        measures_hash=measures_hash() if measured.measures else "",
    )
    save_models(trained.fitted, stated, work.model)
    write_csv(work.history, trained.training.history)
    write_json(work.facts, trained.facts)
    made = {"files": work.hashes}
    write_checked(work.answers, lambda path: trained.answers.to_parquet(path, index=False), made)
    for left in work.folder.glob("part*"):
        remove_folder(work.folder, left) if left.is_dir() else left.unlink()
    for checkpoint in work.folder.glob("checkpoint*.npz"):
        checkpoint.unlink()


def read_shared(plan: Plan, fold: Fold, seed: int, work: SharedWork) -> FoldResult:
    """Return a fold's results: the answers of the model that the run asks for, and the bundle of all three."""
    from transferpain.strategies.hybrid.bundle import FACTS

    verdict = plan.experiment.head.verdict
    facts, said = read_json(work.facts), pd.read_parquet(work.answers)
    stated = read_json(work.model / "manifest.json")[FACTS] | {"main": verdict}
    labels = plan.samples["y"].iloc[fold.train].to_numpy(dtype=np.int64)
    prior = float(training_prior(labels, len(plan.task.classes))[1])
    tables = []
    for part, positions in (("test", fold.test), ("selection", fold.selection)):
        own = said[said["part"] == part].drop(columns="part")
        answers = clip_answers(own, verdict, facts["thresholds"][verdict]["value"], prior)
        tables.append(predictions_table(plan.samples.iloc[positions], answers, fold.name, seed, part))
    return FoldResult(
        predictions=pd.concat(tables, ignore_index=True),
        history=pd.read_csv(work.history),
        model=work.model,
        fitted=tuple(
            FittedRows(one["step"], np.array(one["rows"], np.int64), use=one.get("use", "fit"))
            for one in facts.pop("fitted")
        ),
        files={THREE_MODELS: facts},
        facts={FACTS: stated, "scores_of": TITLES[verdict]},
    )


def clip_answers(answers: pd.DataFrame, verdict: str, threshold: float, prior: float) -> list[ClipAnswer]:
    """Return one model's answers.

    Where it could not look, `prior`, the share of pain in training, is its probability. A frame is covered if all three
    models could look at it, so that their scores on covered frames are of the same frames.
    """
    seen = answers.notna().all(axis=1).to_numpy()
    p_pain = answers[verdict].fillna(prior).to_numpy()
    nothing = np.empty(0, np.int64), np.empty((0, 2))
    return [
        ClipAnswer(int(one >= threshold), np.array([1 - one, one]), float(covered), *nothing)
        for one, covered in zip(p_pain, seen, strict=True)
    ]
