"""The stages of the strategy `hybrid`: faces, action units, then three models, fold by fold and seed by seed.

A fold's models are fitted once and kept in the cache: the runs whose verdicts are compared (`head.verdict`) share them.
"""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from transferpain.core.cost import Meter
from transferpain.core.errors import UserError
from transferpain.core.progress import note
from transferpain.core.quiet import import_tensorflow
from transferpain.core.store import (
    fingerprint,
    is_intact,
    one_process,
    read_json,
    write_atomically,
    write_checked,
    write_json,
)
from transferpain.data.places import Places
from transferpain.data.protocols.fold import Fold
from transferpain.experiments.kept_model import fold_facts
from transferpain.experiments.plan import Plan
from transferpain.experiments.results import finish, record_facts
from transferpain.experiments.run_folder import THREE_MODELS
from transferpain.experiments.runner import media_of, pictures_of, unfinished
from transferpain.experiments.schema import resolved
from transferpain.inputs.action_units.frames import frame_units
from transferpain.inputs.action_units.from_tables import table_units, tables_hash
from transferpain.inputs.action_units.measured import FrameUnits
from transferpain.inputs.action_units.proxy import COEFFICIENTS, PROXY, UNITS
from transferpain.models.bundles.bundle import extend_bundle, save_bundle
from transferpain.strategies.common.answers import ClipAnswer, predictions_table, training_prior
from transferpain.strategies.hybrid.bundle import FACTS, HybridFacts, save_models
from transferpain.strategies.hybrid.settings import TITLES

# What runs may differ in and still share their models.
NO_DIFFERENCE = ("name", "question", "paper", "seeds")


@dataclass(frozen=True)
class SharedWork:
    """Where a fold's models stand in the cache; `answers` is written last, so that they are there or not."""

    folder: Path

    @property
    def model(self) -> Path:
        return self.folder / "model"

    @property
    def facts(self) -> Path:
        return self.folder / THREE_MODELS

    @property
    def history(self) -> Path:
        return self.folder / "history.csv"

    @property
    def answers(self) -> Path:
        return self.folder / "answers.parquet"


def run_hybrid(plan: Plan, places: Places, meter: Meter) -> None:
    """Fit the three models, every fold with every seed, and finish the run with the verdicts that it asks for."""
    check_subjects(plan)
    faces, _ = media_of(plan, places)
    measured = action_units_of(plan, places)
    meter.save()
    record_facts(plan, faces)
    origin = units_hash(plan, places)
    for fold, seed in unfinished(plan):
        work = shared_work(plan, fold, seed, places.cache, origin)
        waiting = partial(note, f"{plan.experiment.name}: another process fits the models of {fold.name}; waiting")
        with one_process(work.folder.with_suffix(".lock"), waiting):
            if not is_intact(work.answers):
                fit_shared(plan, fold, seed, faces, measured, work)
        close_fold(plan, fold, seed, work)
        meter.save()
    finish(plan, faces, None)


def check_subjects(plan: Plan) -> None:
    """Refuse folds that set too few subjects aside, before a network is trained whose trees cannot be fitted."""
    needed = plan.experiment.head.boosting.folds
    for fold in plan.folds:
        aside = plan.samples.iloc[fold.selection]
        people = [aside.loc[aside["y"] == answer, "subject"].nunique() for answer in (1, 0)]
        if min(people) < needed:
            raise UserError(
                f"{fold.name} sets too few training subjects aside for the classifiers of {plan.experiment.name}.",
                rule=f"With head.boosting.folds {needed}, {needed} subjects with pain and as many without are needed.",
                received=f"{people[0]} with pain, {people[1]} without",
                todo="Raise protocol.selection_share, lower head.boosting.folds, or use more subjects.",
            )


def action_units_of(plan: Plan, places: Places) -> FrameUnits:
    """Return the action units of the frames: from the tables that the experiment names, else proxies."""
    folder = plan.experiment.head.action_units
    if folder is not None:
        return table_units(plan.clips, plan.samples, places.data_root / folder)
    return FrameUnits(PROXY, UNITS, frame_units(plan.clips, plan.samples, plan.index.data_root, places.cache))


def units_hash(plan: Plan, places: Places) -> str:
    """Return a fingerprint of where the action units come from: the tables, or the coefficients of the proxies."""
    folder = plan.experiment.head.action_units
    return fingerprint(read_json(COEFFICIENTS)) if folder is None else tables_hash(places.data_root / folder)


def shared_work(plan: Plan, fold: Fold, seed: int, cache: Path, origin: str) -> SharedWork:
    """Return where a fold's models stand; the name covers all that they depend on, `origin` of `units_hash` too."""
    experiment = resolved(plan.experiment)
    settings = {key: value for key, value in experiment.items() if key not in NO_DIFFERENCE}
    settings["head"] = settings["head"] | {"verdict": None}
    data = [plan.task.hash, plan.index.hash, plan.origin.hash, origin]
    return SharedWork(cache / "hybrid" / fingerprint([settings, data, fold.name, seed]))


def fit_shared(plan: Plan, fold: Fold, seed: int, faces: pd.DataFrame, measured: FrameUnits, work: SharedWork) -> None:
    """Fit a fold's models and keep them in the cache; an interrupted training goes on from its last epoch."""
    import_tensorflow()
    from transferpain.networks.backbones.surgery import with_classes
    from transferpain.networks.training.determinism import make_deterministic
    from transferpain.strategies.hybrid.training import Frames, train_hybrid

    make_deterministic()
    experiment, preprocessing = plan.experiment, plan.preprocessing
    source = plan.origin.load().model
    start = with_classes(source, len(plan.task.classes), preprocessing.size, seed, experiment.cut)
    frames = Frames(plan.samples, pictures_of(plan, faces, None), measured)
    work.folder.mkdir(parents=True, exist_ok=True)
    trained = train_hybrid(experiment, start, preprocessing, frames, (fold, seed), work.folder)
    kept = {"synthetic": plan.synthetic}
    save_bundle(work.model, trained.network, preprocessing.model_dump(), plan.task.classes, kept)
    thresholds = {name: one.value for name, one in trained.fitted.thresholds.items()}
    stated = HybridFacts(
        embedding=experiment.cut, units=measured.numbers, estimator=measured.estimator.name, thresholds=thresholds
    )
    save_models(trained.fitted, stated, work.model)
    write_atomically(work.history, lambda path: trained.training.history.to_csv(path, index=False))
    write_json(work.facts, trained.facts)
    write_checked(work.answers, lambda path: trained.answers.to_parquet(path, index=False))
    for checkpoint in work.folder.glob("checkpoint*.npz"):
        checkpoint.unlink()


def close_fold(plan: Plan, fold: Fold, seed: int, work: SharedWork) -> None:
    """Write a fold's results: the answers of the model that the run asks for, and the models as a bundle."""
    folder, verdict = plan.run.fold(fold.name, seed), plan.experiment.head.verdict
    facts, history = read_json(work.facts), pd.read_csv(work.history)
    stated = read_json(work.model / "manifest.json")[FACTS] | {"main": verdict}
    facts_of_fold = fold_facts(plan, fold, seed)
    extend_bundle(work.model, folder / "model", {}, facts_of_fold | {FACTS: stated, "scores_of": TITLES[verdict]})
    write_json(folder / THREE_MODELS, facts)
    labels = plan.samples["y"].iloc[fold.train].to_numpy(dtype=np.int64)
    prior = float(training_prior(labels, len(plan.task.classes))[1])
    answers = clip_answers(pd.read_parquet(work.answers), verdict, facts["thresholds"][verdict]["value"], prior)
    predictions = predictions_table(plan.samples.iloc[fold.test], answers, fold.name, seed, "test")
    plan.run.finish_fold(fold.name, seed, predictions, history)
    plan.run.log(f"{fold.name} seed {seed}: {TITLES[verdict]}")


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
