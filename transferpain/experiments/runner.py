"""The one place that walks an experiment's stages in order.

    source (another experiment, trained if missing) -> index -> faces -> features -> head or whole network,
    fold by fold and seed by seed -> predictions -> metrics -> the best model as a bundle

TensorFlow is imported only where something is missing, so a finished experiment answers at once.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import yaml

from transferpain.core.contracts import FoldResult
from transferpain.core.cost import Meter, measured
from transferpain.core.errors import UserError
from transferpain.core.quiet import import_tensorflow
from transferpain.core.store import fingerprint, write_atomically, write_json, write_text
from transferpain.data.datasets.ferplus import read_images
from transferpain.data.places import Places
from transferpain.data.protocols.fold import Fold
from transferpain.data.tasks.targets import clip_targets
from transferpain.experiments.chosen_source import (
    check_adapts_source,
    check_is_source,
    check_source_fits,
    check_source_has_rows,
    own_preprocessing,
    source_experiment,
)
from transferpain.experiments.plan import Plan
from transferpain.experiments.results import close_fold, finish, record_facts
from transferpain.experiments.run_folder import FORGETTING, TRANSFERABILITY, RunFolder, write_environment
from transferpain.experiments.samples import labelled_samples, split_samples
from transferpain.experiments.schema import Experiment, experiment_hash, resolved
from transferpain.inputs.action_units.from_tables import tables_hash
from transferpain.inputs.adaptation.base import Job
from transferpain.inputs.adaptation.chosen import adapted_features, needed_clips
from transferpain.inputs.faces.stage import compute_faces
from transferpain.models.bundles.manifest import split_digest
from transferpain.models.sources.origin import BUILT, Origin, built_origin, bundle_origin
from transferpain.strategies.fused.walk import run_fused


class TestedHead(NamedTuple):
    """What of a trained head a fold keeps: its model, what it says of the tested clips, and its history."""

    model: Any
    predictions: pd.DataFrame
    training: FoldResult


def make_plan(experiment: Experiment, folder: Path, places: Places) -> Plan:
    """Read the index, split it, and resolve the source, which is trained first if it is missing.

    Args:
        folder: where experiments that `source:` names stand.

    Raises:
        UserError: if data, task, protocol and source do not fit together.
    """
    task, index, samples = labelled_samples(experiment, places)
    samples, folds = split_samples(experiment, samples)
    clips = index.clips[index.clips["clip"].isin(samples["file_clip"])].reset_index(drop=True)
    check_adapts_source(experiment, folder)
    origin = find_origin(experiment, folder, places)
    check_source_fits(experiment, origin.backbone, origin.preprocessing.size)
    if experiment.probe_source:
        check_source_has_rows(experiment, folder)
    inputs = index.hash
    if experiment.strategy == "hybrid" and experiment.head.action_units is not None:
        inputs = fingerprint([inputs, tables_hash(places.data_root / experiment.head.action_units)])
    name = f"{experiment.name}-{experiment_hash(experiment, task.hash, inputs, origin.hash)}"
    return Plan(experiment, task, index, clips, samples, folds, origin, RunFolder(places.runs / name))


def find_origin(experiment: Experiment, folder: Path, places: Places) -> Origin:
    """Resolve `source:`: a network that is built, the folder of a bundle, or an experiment, run if unfinished."""
    if experiment.source in BUILT:
        return built_origin(experiment.source, experiment.backbone, own_preprocessing(experiment))
    source = source_experiment(experiment, folder)
    name, digest = split_digest(experiment.source)
    if source is None:
        return bundle_origin(name, Path(name), digest)
    check_is_source(source)
    return bundle_origin(name, run_experiment(source, folder, places).model, digest)


def run_experiment(experiment: Experiment, folder: Path, places: Places) -> RunFolder:
    """Compute whatever is missing of an experiment and return its finished run folder.

    Args:
        experiment: what to run.
        folder: where experiments that `source:` names stand.
        places: where data is read from and results are written to.
    """
    plan = make_plan(experiment, folder, places)
    if plan.run.is_done:
        return plan.run
    with plan.run.locked(), measured(plan.run.path) as meter:
        plan.run.log("started")
        write_text(plan.run.path / "experiment.yaml", yaml.safe_dump(resolved(experiment), sort_keys=False))
        write_environment(plan.run)
        if experiment.strategy == "frozen":
            run_frozen(plan, places, meter)
        elif experiment.strategy == "hybrid":
            from transferpain.strategies.hybrid.walk import run_hybrid

            run_hybrid(plan, places, meter)
        elif experiment.strategy == "fused":
            run_fused(plan, media_of(plan, places)[0], unfinished(plan), places, meter)
        else:
            run_network(plan, folder, places, meter)
        plan.run.log("finished")
    return plan.run


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
    _, index, samples = labelled_samples(experiment, places)
    clips = index.clips[index.clips["clip"].isin(samples["file_clip"])]
    if (clips["kind"] == "image_rows").all():
        raise UserError(
            f"{index.dataset.name} has no faces stage.", rule="Its pictures are faces already.", todo="Use `run`."
        )
    return faces_of(experiment, clips, places)


def faces_of(experiment: Experiment, clips: pd.DataFrame, places: Places) -> pd.DataFrame:
    """Compute the faces of clips, and stop if not one of them can be used."""
    faces = compute_faces(clips, places.data_root, experiment.faces, places.cache)
    if not (faces["problem"] == "").any():
        raise UserError(
            "Not one clip could be used.",
            rule="At least one video must be readable.",
            received="; ".join(f"{row.clip}: {row.problem}" for row in faces.head(3).itertuples()),
            todo="Check the files with `transferpain data check`.",
        )
    return faces


def pretrain_source(experiment: Experiment, path: Path, places: Places) -> RunFolder:
    """Train a source model; refuses an experiment that does not train one."""
    check_is_source(experiment)
    return run_experiment(experiment, path.parent, places)


def extract_only(experiment: Experiment, path: Path, places: Places) -> pd.DataFrame:
    """Run the stages up to the cached features; returns the table of `extract_features`."""
    if experiment.strategy != "frozen":
        raise UserError(
            f"{path} uses no cached features.", rule="Only `strategy: frozen` does.", received=experiment.strategy
        )
    plan = make_plan(experiment, path.parent, places)
    return features_of(plan, places)


def features_of(plan: Plan, places: Places, on_embedded: Callable[[], object] = lambda: None) -> pd.DataFrame:
    """Compute faces and features of the plan's clips; `on_embedded` is called once a clip that was embedded.

    Returns:
        The table of `compute_faces` with `features` (path, empty where the clip is unusable, or only its pictures are
        needed), `pictures` (frames with a face), `found` and `frames` (feature rows with a face, and all) and `rate`
        (feature rows a second), in the order of `plan.clips`.
    """
    from transferpain.inputs.features.extract import extract_features
    from transferpain.inputs.features.extractors.registry import EXTRACTORS

    faces = faces_of(plan.experiment, plan.clips, places)
    needed = needed_clips(plan.experiment.adaptation, plan.samples, plan.folds)
    usable = faces[(faces["problem"] == "") & faces["clip"].isin(needed)]
    extractor = EXTRACTORS.find(plan.experiment.features.extractor).make(plan.origin)
    features = extract_features(extractor, usable, plan.experiment.features, places.cache, on_embedded)
    table = faces.rename(columns={"found": "pictures"}).merge(features, on="clip", how="left", validate="one_to_one")
    table["features"] = table["features"].fillna("").astype(str)
    table["frames"] = table["frames"].fillna(0).astype(int)
    table["rate"] = plan.experiment.features.fps or table["fps"]
    return table


def run_frozen(plan: Plan, places: Places, meter: Meter) -> None:
    """Train the head on cached features, every fold with every seed, and finish the run."""
    table = features_of(plan, places, meter.count_embedded)
    meter.count_needed(len(set(table["features"]) - {""}))
    record_facts(plan, table)
    import_tensorflow()
    from transferpain.networks.training.determinism import make_deterministic
    from transferpain.strategies.frozen.nested import selected_experiment
    from transferpain.strategies.frozen.training import train_head

    make_deterministic()
    files = table.set_index("clip").loc[plan.samples["file_clip"]]
    samples = plan.samples.assign(features=files["features"].to_numpy(), rate=files["rate"].to_numpy())
    score_source(plan, samples)
    job = Job(plan.origin, table, plan.experiment.features, places.cache)
    features = adapted_features(plan.experiment.adaptation, job, samples, plan.folds)
    traced = {}
    for fold, seed in unfinished(plan):
        clips = samples.assign(features=features[fold.name])
        folder, num_classes = plan.run.fold(fold.name, seed), len(plan.task.classes)
        experiment = selected_experiment(plan.experiment, clips, fold, seed, num_classes, folder)
        result = train_head(experiment, clips, fold, seed, num_classes, folder / "checkpoint.npz", traced)
        tested = result.predictions[result.predictions["part"] == "test"]
        close_fold(plan, fold, seed, TestedHead(result.model, tested, result), result.parts)
        meter.save()
    finish(plan, table, None)


def score_source(plan: Plan, samples: pd.DataFrame) -> None:
    """Write how well the source should transfer, once a run, by the first fold's training clips.

    All folds' training clips together would be every clip, those that are tested on included.
    """
    path = plan.run.path / TRANSFERABILITY
    if not path.is_file():
        from transferpain.strategies.frozen.transfer_scores import measure_transfer

        write_json(path, measure_transfer(samples, plan.folds[0], plan.origin))


def run_network(plan: Plan, folder: Path, places: Places, meter: Meter) -> None:
    """Train the image network, every fold with every seed, and finish the run."""
    faces, images = media_of(plan, places)
    meter.save()
    record_facts(plan, faces)
    import_tensorflow()
    from transferpain.networks.backbones.surgery import with_classes
    from transferpain.networks.training.determinism import make_deterministic
    from transferpain.strategies.common.network import train_network

    make_deterministic()
    experiment, settings = plan.experiment, plan.preprocessing
    pictures = pictures_of(plan, faces, images)
    source_task = source_task_of(plan, folder, places) if experiment.probe_source else None
    for fold, seed in unfinished(plan):
        start = with_classes(plan.origin.load().model, len(plan.task.classes), settings.size, seed, experiment.cut)
        fold_folder = plan.run.fold(fold.name, seed)
        trained = train_network(experiment, start, settings, plan.samples, pictures, (fold, seed), fold_folder)
        if source_task is not None:
            from transferpain.strategies.fine_tuning.forgetting import measure_forgetting

            forgetting = measure_forgetting(source_task, trained.model).assign(fold=fold.name, seed=seed)
            write_atomically(fold_folder / FORGETTING, lambda path, table=forgetting: table.to_csv(path, index=False))
        close_fold(plan, fold, seed, trained)
        meter.save()
    finish(plan, faces, images)


def media_of(plan: Plan, places: Places) -> tuple[pd.DataFrame | None, np.ndarray | None]:
    """Return the table of the faces stage, or of an image dataset its images; the other is `None`."""
    if plan.has_faces_stage:
        return faces_of(plan.experiment, plan.clips, places), None
    return None, read_images(plan.index.data_root, places.cache)


def pictures_of(plan: Plan, faces: pd.DataFrame | None, images: np.ndarray | None):
    """Return the `Pictures` of the plan's samples: frames of videos, labelled single frames, or rows of images."""
    from transferpain.strategies.common.pictures import frame_pictures, still_pictures, video_pictures

    targets = clip_targets(plan.task, plan.samples, plan.experiment.training.label_mode)
    if faces is None:
        return still_pictures(images, plan.samples["first_frame"].to_numpy(), targets)
    if plan.task.sample == "frame":
        return frame_pictures(faces, plan.samples, targets)
    return video_pictures(faces, plan.experiment.images, targets)


def source_task_of(plan: Plan, folder: Path, places: Places):
    """Return the `SourceTask` of the experiment that the plan's source comes from."""
    from transferpain.strategies.fine_tuning.forgetting import SourceTask

    source = make_plan(source_experiment(plan.experiment, folder), folder, places)
    pictures = pictures_of(source, *media_of(source, places))
    (fold,) = source.folds
    return SourceTask(
        plan.origin.load().model,
        source.preprocessing,
        source.task.classes,
        source.samples,
        pictures,
        fold.train,
        fold.test,
    )


def unfinished(plan: Plan) -> list[tuple[Fold, int]]:
    """Return the folds and seeds that are still to be trained, in a fixed order."""
    pairs = [(fold, seed) for fold in plan.folds for seed in plan.experiment.seeds]
    return [(fold, seed) for fold, seed in pairs if not plan.run.fold_is_done(fold.name, seed)]
