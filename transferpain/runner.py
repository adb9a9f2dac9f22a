"""The one place that walks an experiment's stages in order.

    source (another experiment, trained if missing) -> index -> faces -> features -> head or whole network,
    fold by fold and seed by seed -> predictions -> metrics -> the best model as a bundle

TensorFlow is imported only where something is missing, so a finished experiment answers at once.
"""

from pathlib import Path

import pandas as pd
import yaml

from transferpain.datasets.ferplus import read_images
from transferpain.datasets.index import Index, read_index
from transferpain.errors import UserError
from transferpain.experiment import Experiment, experiment_hash, load_experiment, resolved, suggest_file
from transferpain.faces.stage import compute_faces
from transferpain.plan import SPLIT_SEED, Plan
from transferpain.protocols import Fold, keep_used, make_folds
from transferpain.quiet import import_tensorflow
from transferpain.results import close_fold, finish, record_facts
from transferpain.run_folder import Places, RunFolder, write_environment
from transferpain.sharing.manifest import MANIFEST, split_digest
from transferpain.sources.origin import BUILT, Origin, built_origin, bundle_origin
from transferpain.sources.preprocessing import Preprocessing
from transferpain.store import write_text
from transferpain.tasks.targets import clip_targets
from transferpain.tasks.task import Task, label_clips, label_frames, load_task


def make_plan(experiment: Experiment, folder: Path, places: Places) -> Plan:
    """Read the index, split it, and resolve the source, which is trained first if it is missing.

    Args:
        folder: where experiments that `source:` names stand.

    Raises:
        UserError: if data, task, protocol and source do not fit together.
    """
    task, index, units = labelled_units(experiment, places)
    units, folds = keep_used(units, make_folds(units, experiment.protocol, SPLIT_SEED))
    clips = index.clips[index.clips["clip"].isin(units["file_clip"])].reset_index(drop=True)
    origin = find_origin(experiment, folder, places)
    if experiment.strategy == "frozen":
        check_source_fits(experiment, origin)
    name = f"{experiment.name}-{experiment_hash(experiment, task.hash, index.hash, origin.hash)}"
    return Plan(experiment, task, index, clips, units, folds, origin, RunFolder(places.runs / name))


def labelled_units(experiment: Experiment, places: Places) -> tuple[Task, Index, pd.DataFrame]:
    """Return the experiment's task, its dataset's index, and what is predicted: `Plan.units`.

    Raises:
        UserError: if the task's labels are not those of the dataset, or are frames and the strategy takes clips.
    """
    task = load_task(experiment.task)
    index = read_index(experiment.dataset or task.dataset, places.data_root, places.cache)
    if task.unit == "clip":
        units = label_clips(task, index, experiment.training.label_mode)
        return task, index, units.assign(file_clip=units["clip"], row=-1)
    settings = experiment.features
    if experiment.head.kind != "ann" or (settings.fps, settings.frames) != (None, None):
        raise UserError(
            f"The task {task.name} labels single frames, and {experiment.name} does not predict them.",
            rule="Frames are predicted by the head `ann` on features of every frame: neither features.fps nor "
            "features.frames is given.",
            received=f"head {experiment.head.kind}, features.fps {settings.fps}, features.frames {settings.frames}",
            todo="Change these, or choose a task whose unit is `clip`.",
        )
    units = label_frames(task, index)
    place = index.frames.assign(row=index.frames.groupby("clip").cumcount())[["clip", "frame", "row"]]
    units = units.merge(place, on=["clip", "frame"], validate="one_to_one").rename(columns={"clip": "file_clip"})
    names = units["file_clip"] + "/" + units["frame"].astype(str).str.zfill(3)
    return task, index, units.drop(columns="frame").assign(clip=names)


def find_origin(experiment: Experiment, folder: Path, places: Places) -> Origin:
    """Resolve `source:`: a network that is built, the folder of a bundle, or an experiment, run if unfinished."""
    if experiment.source in BUILT:
        return built_origin(experiment.source, experiment.backbone, own_preprocessing(experiment))
    path = source_experiment(experiment, folder)
    name, digest = split_digest(experiment.source)
    if path is None:
        return bundle_origin(name, Path(name), digest)
    source = load_experiment(path)
    check_is_source(source, path)
    return bundle_origin(name, run_experiment(source, path.parent, places).model, digest)


def source_experiment(experiment: Experiment, folder: Path) -> Path | None:
    """Return the experiment file that `source:` names, or `None` if it names a bundle's folder.

    Raises:
        UserError: if it names neither.
    """
    name, _ = split_digest(experiment.source)
    path = folder / f"{name}.yaml"
    if path.is_file():
        return path
    if (Path(name) / MANIFEST).is_file():
        return None
    raise UserError(
        f"The source of {experiment.name} was not found.",
        rule="`source:` is `untrained`, `imagenet`, an experiment beside this one, or the folder of a shared model; "
        "`#sha256=...` behind the last two pins the model's digest.",
        received=experiment.source,
        todo=suggest_file(path),
    )


def own_preprocessing(experiment: Experiment) -> Preprocessing:
    """Return the preprocessing of a network that starts from nothing, or from ImageNet, which fixes the scaling."""
    return Preprocessing(
        size=experiment.faces.size,
        scaling="caffe" if experiment.source == "imagenet" else experiment.images.scaling,
        detector=experiment.faces.detector,
        margin=experiment.faces.resolved_margin,
    )


def check_is_source(source: Experiment, path: Path) -> None:
    """Refuse a source that is not an image model with exactly one training."""
    if source.strategy == "frozen":
        raise UserError(
            f"{path} cannot be a source.",
            rule="A source is an image model; this experiment trains a head on features (`strategy: frozen`).",
            todo="Name an experiment whose strategy is `full`.",
        )
    if len(source.seeds) > 1 or source.protocol.kind not in ("holdout", "folders"):
        raise UserError(
            f"{path} cannot be a source.",
            rule="A source is trained once: one seed, and one split (`holdout` or `folders`).",
            received=f"seeds {list(source.seeds)}, protocol {source.protocol.kind}",
            todo="Use one seed and a fixed hold-out.",
        )


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
    with plan.run.locked():
        plan.run.log("started")
        write_text(plan.run.path / "experiment.yaml", yaml.safe_dump(resolved(experiment), sort_keys=False))
        write_environment(plan.run)
        if experiment.strategy == "frozen":
            run_frozen(plan, places)
        else:
            run_full(plan, places)
        plan.run.log("finished")
    return plan.run


def find_faces(experiment: Experiment, places: Places) -> pd.DataFrame:
    """Run the faces stage alone; returns the table of `compute_faces`."""
    _, index, units = labelled_units(experiment, places)
    clips = index.clips[index.clips["clip"].isin(units["file_clip"])]
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
    check_is_source(experiment, path)
    return run_experiment(experiment, path.parent, places)


def extract_only(experiment: Experiment, path: Path, places: Places) -> pd.DataFrame:
    """Run the stages up to the cached features; returns the table of `extract_features`."""
    if experiment.strategy != "frozen":
        raise UserError(
            f"{path} uses no cached features.", rule="Only `strategy: frozen` does.", received=experiment.strategy
        )
    plan = make_plan(experiment, path.parent, places)
    return features_of(plan, places)


def features_of(plan: Plan, places: Places) -> pd.DataFrame:
    """Compute faces and features of the plan's clips.

    Returns:
        The table of `compute_faces` with `features` (path, empty where the clip is unusable), `frames` (feature
        rows) and `rate` (feature rows a second), in the order of `plan.clips`.
    """
    from transferpain.features.extract import extract_features

    faces = faces_of(plan.experiment, plan.clips, places)
    usable = faces[faces["problem"] == ""]
    features = extract_features(plan.origin, usable, plan.experiment.features, places.cache)
    table = faces.drop(columns=["found"]).merge(features, on="clip", how="left", validate="one_to_one")
    table["features"] = table["features"].fillna("").astype(str)
    table["frames"] = table["frames"].fillna(0).astype(int)
    table["rate"] = plan.experiment.features.fps or table["fps"]
    return table


def check_source_fits(experiment: Experiment, origin: Origin) -> None:
    """Refuse faces of another size than the source reads, before anything is computed."""
    wanted, given = origin.preprocessing.size, experiment.faces.size
    if wanted != given:
        raise UserError(
            f"The source {experiment.source} does not fit the faces of {experiment.name}.",
            rule=f"It reads faces of {wanted}x{wanted} pixels.",
            received=f"faces.size: {given}",
            todo=f"Use --set faces.size={wanted}, or another source.",
        )


def run_frozen(plan: Plan, places: Places) -> None:
    """Train the head on cached features, every fold with every seed, and finish the run."""
    table = features_of(plan, places)
    record_facts(plan, table)
    import_tensorflow()
    from transferpain.strategies.frozen import train_head
    from transferpain.training.determinism import make_deterministic

    make_deterministic()
    files = table.set_index("clip").loc[plan.units["file_clip"]]
    units = plan.units.assign(features=files["features"].to_numpy(), rate=files["rate"].to_numpy())
    for fold, seed in unfinished(plan):
        checkpoint = plan.run.fold(fold.name, seed) / "checkpoint.npz"
        trained = train_head(plan.experiment, units, fold, seed, len(plan.task.classes), checkpoint)
        close_fold(plan, fold, seed, trained)
    finish(plan, table, None)


def run_full(plan: Plan, places: Places) -> None:
    """Train the whole network, every fold with every seed, and finish the run."""
    faces = faces_of(plan.experiment, plan.clips, places) if plan.has_faces_stage else None
    record_facts(plan, faces)
    import_tensorflow()
    from transferpain.sources.backbones import with_classes
    from transferpain.strategies.full import still_pictures, train_network, video_pictures
    from transferpain.training.determinism import make_deterministic

    make_deterministic()
    experiment, settings = plan.experiment, plan.preprocessing
    targets = clip_targets(plan.task, plan.units, experiment.training.label_mode)
    images = None
    if faces is not None:
        pictures = video_pictures(faces, experiment.images, targets)
    else:
        images = read_images(plan.index.data_root, places.cache)
        pictures = still_pictures(images, plan.units["first_frame"].to_numpy(), targets)
    for fold, seed in unfinished(plan):
        start = with_classes(plan.origin.load().model, len(plan.task.classes), settings.size, seed)
        checkpoint = plan.run.fold(fold.name, seed) / "checkpoint.npz"
        trained = train_network(experiment, start, settings, plan.units, pictures, (fold, seed), checkpoint)
        close_fold(plan, fold, seed, trained)
    finish(plan, faces, images)


def unfinished(plan: Plan) -> list[tuple[Fold, int]]:
    """Return the folds and seeds that are still to be trained, in a fixed order."""
    pairs = [(fold, seed) for fold in plan.folds for seed in plan.experiment.seeds]
    return [(fold, seed) for fold, seed in pairs if not plan.run.fold_is_done(fold.name, seed)]
