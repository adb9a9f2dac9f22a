"""The one walk of all strategies.

    source (another experiment, trained if missing) -> index -> media -> facts -> per fold and seed: fit, close, save
    -> metrics, leakage checks, the best model as a bundle

TensorFlow is imported only where something is missing, so a finished experiment answers at once.
"""

from collections.abc import Iterator
from functools import partial
from itertools import chain
from pathlib import Path

import pandas as pd
import yaml

from transferpain.core.cost import measured
from transferpain.core.errors import UserError
from transferpain.core.progress import note
from transferpain.core.schema import read_stamped, write_stamped
from transferpain.core.store import fingerprint, make_way, remove_folder, write_text
from transferpain.core.threads import settle_threads
from transferpain.data.media.contents import contents_hash
from transferpain.data.places import Places
from transferpain.data.protocols.fold import Fold
from transferpain.data.tasks.label_counts import LabelCounts
from transferpain.experiments.chosen_source import (
    check_is_source,
    check_source_has_rows,
    own_preprocessing,
    settled,
    source_backbone,
    source_experiment,
)
from transferpain.experiments.environment import write_environment
from transferpain.experiments.makers import go_on_or_apart, not_of
from transferpain.experiments.members import check_members, members_origin, with_members
from transferpain.experiments.plan import RunPlan
from transferpain.experiments.prepared import prepared_data
from transferpain.experiments.results import RECORDED, best_fold, close_fold, finish, model_fault, record_facts
from transferpain.experiments.run_folder import RunFolder
from transferpain.experiments.samples import label_counts, labelled_samples
from transferpain.experiments.schema import Experiment, experiment_hash
from transferpain.inputs.faces.cache import keeping
from transferpain.models.bundles.manifest import split_digest
from transferpain.models.sources.face_settings import check_installed, detector_is_installed
from transferpain.models.sources.origin import (
    BUILT,
    WITHOUT_NETWORK,
    Origin,
    built_origin,
    built_preprocessing,
    bundle_origin,
    joined_origin,
)
from transferpain.strategies.base import Job
from transferpain.strategies.common.media import faces_of
from transferpain.strategies.frozen.sources import JoinedSource
from transferpain.strategies.registry import STRATEGIES

SHOWN_PROBLEMS = 5


def make_plan(experiment: Experiment, folder: Path, places: Places) -> RunPlan:
    """Read the index, split it, and resolve the source, which is trained first if it is missing.

    Args:
        folder: where experiments that `source:` names stand.

    Raises:
        UserError: if data, task, protocol and source do not fit together, or another run stands in its run's folder.
    """
    experiment, strategy = with_members(settled(experiment, folder), places), STRATEGIES[experiment.strategy]
    data = prepared_data(experiment, places)
    task, index, clips, samples, folds = data.task, data.index, data.clips, data.samples, data.folds
    strategy.check_clips(experiment, clips)
    strategy.check_samples(experiment, task, index, samples, folds)
    check_before_source(experiment, folder)
    contents = data.contents(places)
    check_members(experiment, places, task, (index.hash, contents), (samples, folds))
    origin = find_origin(experiment, folder, places)
    strategy.check_backbone(experiment, origin.backbone)
    strategy.check_size(experiment, origin.preprocessing.size)
    further = (*strategy.inputs(experiment, places), *experiment.protocol.split_kind.inputs(experiment.protocol))
    inputs = fingerprint([index.hash, contents, *further])
    run = RunFolder(places.runs / f"{experiment.name}-{experiment_hash(experiment, task.hash, inputs, origin.hash)}")
    run.check_own()
    members = tuple(places.runs / name / "model" for name in experiment.members)
    return RunPlan(experiment, task, index, clips, samples, folds, origin, run, members, contents=contents)


def check_before_source(experiment: Experiment, folder: Path) -> None:
    """Refuse, before a source is trained, what its experiment cannot give."""
    if experiment.source not in BUILT:
        source = source_experiment(experiment, folder)
        if source is not None:
            check_is_source(source)
    if backbone := source_backbone(experiment, folder):
        STRATEGIES[experiment.strategy].check_backbone(experiment, backbone)
    if experiment.probe_source:
        check_source_has_rows(experiment, folder)


def find_origin(experiment: Experiment, folder: Path, places: Places) -> Origin:
    """Resolve `source:`: a network that is built, the folder of a bundle, an experiment, run if unfinished, or runs."""
    if experiment.joined:
        return joined_origin(tuple(part_origin(experiment, one) for one in experiment.joined))
    if experiment.members:
        return members_origin(with_members(experiment, places), places)
    if experiment.source in BUILT:
        return built_origin(experiment.source, experiment.backbone, own_preprocessing(experiment))
    source = source_experiment(experiment, folder)
    name, digest = split_digest(experiment.source)
    if source is None:
        return bundle_origin(name, Path(name), digest)
    return bundle_origin(name, run_experiment(source, folder, places).model, digest)


def part_origin(experiment: Experiment, part: JoinedSource) -> Origin:
    """Resolve one of several sources that are joined: a network that is built, or the folder of a shared model.

    Raises:
        UserError: if it is neither, or not of the backbone that is stated.
    """
    name, digest = split_digest(part.source)
    if name in BUILT and name not in WITHOUT_NETWORK:
        scaling = experiment.images.scaling
        return built_origin(name, part.backbone, built_preprocessing(name, part.backbone, experiment.faces, scaling))
    origin = bundle_origin(name, Path(name), digest)
    if origin.backbone != part.backbone:
        raise UserError(
            f"The source {name} of {experiment.name} is of another backbone.",
            rule="Of sources that are joined each states its own.",
            received=f"backbone: {part.backbone}; it is a {origin.backbone}",
            todo=f"Write backbone: {origin.backbone}.",
        )
    return origin


def lacks_detector(experiment: Experiment, folder: Path) -> bool:
    """Tell whether the detector of an experiment, or of one that its source comes from, is not installed."""
    source = None if experiment.source in BUILT else source_experiment(experiment, folder)
    return (experiment.finds_faces and not detector_is_installed(experiment.faces.detector)) or (
        source is not None and lacks_detector(source, folder)
    )


def check_detectors(experiment: Experiment, folder: Path, places: Places) -> None:
    """Refuse an unfinished experiment whose detector, or that of a source which is to be trained, is not installed.

    Raises:
        UserError: if it is; the message says what to install.
    """
    if experiment.finds_faces and not detector_is_installed(experiment.faces.detector):
        _, index, _ = labelled_samples(experiment, places)
        if (index.clips["kind"] != "image_rows").all() and finished_run(experiment, folder, places) is None:
            check_installed(experiment.faces.detector)
    source = None if experiment.source in BUILT else source_experiment(experiment, folder)
    if source is not None:
        check_detectors(source, folder, places)


def run_experiment(experiment: Experiment, folder: Path, places: Places) -> RunFolder:
    """Compute whatever is missing of an experiment and return its finished run folder.

    Args:
        experiment: what to run.
        folder: where experiments that `source:` names stand.
        places: where data is read from and results are written to.

    Raises:
        UserError: as `check_detectors` and `make_plan`, before anything is computed.
    """
    check_detectors(experiment, folder, places)
    return run_plan(make_plan(experiment, folder, places), folder, places)


def run_plan(plan: RunPlan, folder: Path, places: Places) -> RunFolder:
    """Compute whatever is missing of a planned experiment; arguments and result are those of `run_experiment`."""
    experiment = plan.experiment
    fault = plan.run.fault()
    if fault == "":
        return plan.run
    if fault:
        note(f"{experiment.name} is finished, but damaged: {fault}. What is damaged is computed again.")
    settle_threads(experiment.threads)
    with plan.run.locked(), keeping(places.cache):
        go_on_or_apart(plan)
        with measured(plan.run.path) as meter:
            compute(plan, Job(plan, places, meter, partial(plan_of_source, experiment, folder, places)))
    return plan.run


def compute(plan: RunPlan, job: Job) -> None:
    """Say in the run's folder what is computed with what, and go through the stages of the job."""
    for name in RECORDED:
        make_way(plan.run.path / name)
    plan.run.log("started")
    note_labels(experiment_counts(plan), plan.index.problems)
    write_text(plan.run.path / "experiment.yaml", yaml.safe_dump(plan.experiment.resolved(), sort_keys=False))
    write_environment(plan.run)
    walk(plan, job)
    plan.run.log("finished")


def experiment_counts(plan: RunPlan) -> list[LabelCounts]:
    """Return how the labels of a plan's data meet its task."""
    return label_counts(plan.experiment, plan.task, plan.index)


def note_labels(counts: list[LabelCounts], problems: tuple[str, ...]) -> None:
    """Say, before anything is computed, what each class has, and what is left out and why.

    Args:
        problems: of the index.
    """
    for one in counts:
        note(one.sentence())
    for line in problem_lines(problems):
        note(line)


def problem_lines(problems: tuple[str, ...]) -> list[str]:
    """Return the first problems of an index as warnings, and how many more there are."""
    lines = [f"warning: {problem}" for problem in problems[:SHOWN_PROBLEMS]]
    rest = len(problems) - len(lines)
    return [*lines, f"warning: and {rest} more; `transferpain data check` has all of them."] if rest else lines


def walk(plan: RunPlan, job: Job) -> None:
    """Go through the stages of a job: media -> facts -> per fold and seed: fit, close, save -> finish."""
    strategy = STRATEGIES[plan.experiment.strategy]
    strategy.check_files(plan.experiment, plan.clips, job.places)
    prepared = strategy.prepare(job)
    check_contents(plan, job.places)
    job.meter.save()
    record_facts(plan, prepared.stage)
    for name, compute in prepared.once.items():
        if not holds_json(plan.run.path / name):
            write_stamped(plan.run.path / name, compute())
    for fold, seed in chain(unfinished(plan), without_model(plan)):
        result = strategy.fit(prepared, fold, seed, plan.run.fold(fold.name, seed))
        close_fold(plan, fold, seed, result)
        job.meter.save()
    finish(plan, prepared)


def check_contents(plan: RunPlan, places: Places) -> None:
    """Refuse to go on where media changed after the run was named by them: its folds would be of two contents.

    Raises:
        UserError: if they did.
    """
    if contents_hash(plan.clips, places.data_root, places.cache) != plan.contents:
        raise UserError(
            f"The data of {plan.experiment.name} changed while they were read.",
            rule="A run is named by the contents of its media, and all its folds are of one content.",
            received=places.data_root,
            todo="Give the same command again when nothing writes there any more.",
        )


def plan_of_source(experiment: Experiment, folder: Path, places: Places) -> RunPlan:
    """Return the plan of the experiment that an experiment's source comes from."""
    return make_plan(source_experiment(experiment, folder), folder, places)


def unfinished(plan: RunPlan) -> list[tuple[Fold, int]]:
    """Return the folds and seeds that are still to be trained, in a fixed order.

    A fold whose results are damaged is trained anew; what is left of it goes, and a note says so. So is one in whose
    place whole results of another run, fold, or version of a detector stand; those are kept beside it.
    """
    left = []
    for fold, seed in [(fold, seed) for fold in plan.folds for seed in plan.experiment.seeds]:
        folder, fault = plan.run.fold(fold.name, seed), plan.run.fold_fault(fold.name, seed)
        others = fault is not None and not_of(plan, folder)
        if others or fault:
            again = f"{plan.experiment.name}: {fold.name}, seed {seed}, is trained again, as its results are"
            note(f"{again} {others}; those are kept beside it." if others else f"{again} damaged: {fault}")
            make_way(folder) if others else remove_folder(plan.run.path, folder)
        if others or fault != "":
            left.append((fold, seed))
    return left


def without_model(plan: RunPlan) -> Iterator[tuple[Fold, int]]:
    """Yield the fold and seed whose model the run keeps, while that model is lost: it is to be trained again."""
    places = {plan.run.fold(fold.name, seed): (fold, seed) for fold in plan.folds for seed in plan.experiment.seeds}
    while fault := model_fault(plan):
        best = best_fold(list(places))
        if (best / "model").exists():
            break
        fold, seed = places[best]
        note(f"{plan.experiment.name}: {fold.name}, seed {seed}, is trained again for the model: {fault}")
        yield fold, seed


def holds_json(path: Path) -> bool:
    """Tell whether a file is there and can be read; a note says so where it is damaged, and it can be written then."""
    if not path.exists():
        return False
    try:
        read_stamped(path)
    except (OSError, UserError):
        note(f"{path} is damaged: it is made again.")
        make_way(path)
        return False
    return True


def finished_run(experiment: Experiment, folder: Path, places: Places) -> RunFolder | None:
    """Return an experiment's run if it is finished, and so is that of its source; else `None`. Computes nothing.

    Raises:
        UserError: as `make_plan`.
    """
    if experiment.source not in BUILT:
        source = source_experiment(experiment, folder)
        if source is not None and finished_run(source, folder, places) is None:
            return None
    run = make_plan(experiment, folder, places).run
    return run if run.is_done else None


def find_faces(experiment: Experiment, places: Places) -> pd.DataFrame:
    """Run the faces stage alone; returns the table of `compute_faces`."""
    task, index, samples = labelled_samples(experiment, places)
    note_labels(label_counts(experiment, task, index), index.problems)
    clips = index.clips[index.clips["clip"].isin(samples["file_clip"])]
    if (clips["kind"] == "image_rows").all():
        raise UserError(
            f"{index.dataset.name} has no faces stage.", rule="Its pictures are faces already.", todo="Use `run`."
        )
    return faces_of(experiment.faces, clips, places)


def pretrain_source(experiment: Experiment, path: Path, places: Places) -> RunFolder:
    """Train a source model; refuses an experiment that does not train one."""
    check_is_source(experiment)
    return run_experiment(experiment, path.parent, places)


def extract_only(experiment: Experiment, path: Path, places: Places) -> pd.DataFrame:
    """Run the stages up to the cached features; returns the table of `extract_features`."""
    check_detectors(experiment, path.parent, places)
    plan = make_plan(experiment, path.parent, places)
    settle_threads(experiment.threads)
    note_labels(experiment_counts(plan), plan.index.problems)
    return STRATEGIES[experiment.strategy].extract(plan, places)
