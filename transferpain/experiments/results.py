"""What a run writes into its folder: facts before the training, a fold's results after it, scores at the end."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from transferpain.core.contracts import FittedRows, FoldResult
from transferpain.core.csv_file import write_csv
from transferpain.core.errors import UserError
from transferpain.core.progress import note
from transferpain.core.schema import read_stamped, write_stamped
from transferpain.core.store import remove_folder, write_atomically
from transferpain.core.synthetic_faces import faces_fact
from transferpain.data.protocols.fold import Fold
from transferpain.evaluation.groups import write_subjects
from transferpain.evaluation.predictions import LINEAR_PROBE, clip_rows
from transferpain.evaluation.scores import mark_copies, score
from transferpain.experiments.leakage.checks import failed, run_checks, write_checks
from transferpain.experiments.leakage.evidence import Evidence
from transferpain.experiments.makers import makers_today
from transferpain.experiments.members import facts_of_members
from transferpain.experiments.plan import SPLIT_SEED, RunPlan
from transferpain.experiments.probe_scores import probe_scores
from transferpain.experiments.run_folder import RunFolder, damaged, fault_of_fold, read_history
from transferpain.experiments.samples import hang_together, label_counts
from transferpain.experiments.upgrade import read_experiment
from transferpain.inputs.adaptation.chosen import adaptation_warnings, target_facts
from transferpain.inputs.features.settings import FeatureSettings
from transferpain.inputs.reference.settings import reads_references
from transferpain.models.bundles.manifest import read_complete
from transferpain.networks.compute import choose_compute_dtype
from transferpain.networks.training.start import start_tensorflow
from transferpain.strategies.base import Plan, Prepared
from transferpain.strategies.common.answers import training_prior
from transferpain.strategies.common.fitted import FITTED, read_fitted, write_fitted
from transferpain.strategies.common.stated import first_line

NO_FACE = "no face was found in any frame"
NO_SIGNALS = "its signals have too long a gap, or too few beats"
# What `done` of a run states the bytes of, besides the folds and what a strategy writes once.
RECORDED = (
    *("experiment.yaml", "environment.json", "facts.json", "metrics.json", "leakage.json"),
    *("unusable.csv", "subjects.csv", "submission.csv"),
)
# Keys of an experiment that the name of its run does not depend on.
NOT_NAMING = {"schema": None, "few_shot": None}
TOLERANCE = 0.05  # of a clip's frames and rate (our choice): recordings end a few frames early


def record_facts(plan: RunPlan, stage: pd.DataFrame | None) -> None:
    """Write what the run is computed from, and the clips that cannot be used.

    Args:
        stage: the table of `compute_faces`, `None` where there is no faces stage.
    """
    warnings = list(plan.experiment.protocol.warnings)
    warnings += adaptation_warnings(plan.experiment.adaptation, plan.samples, plan.folds)
    for warning in warnings:
        note(f"warning: {warning}")
    dtype, reason = choose_compute_dtype(plan.experiment.features.dtype)
    has_faces = stage is not None and plan.has_faces_stage
    facts = {
        "dataset": " -> ".join(plan.datasets),
        "index": plan.index.hash,
        "contents": plan.contents,
        "task": plan.task.name,
        "task_hash": plan.task.hash,
        "label_definition": plan.label_definition,
        "empty_classes": list(plan.task.empty_classes(plan.datasets[-1])),
        "warnings": warnings,
        **target_facts(
            plan.experiment.adaptation,
            plan.experiment.protocol,
            plan.samples,
            plan.folds,
            reads_references(plan.experiment.reference),
        ),
        "split_provenance": list(plan.experiment.protocol.provenance),
        "classes": list(plan.task.classes),
        "labels": labels_met(plan),
        "ordinal": plan.task.ordinal,
        "synthetic": plan.synthetic,
        **faces_fact(plan.synthetic_faces),
        "source": {
            "name": plan.origin.name,
            "hash": plan.origin.hash,
            "synthetic": plan.origin.synthetic,
            **faces_fact(plan.origin.synthetic_faces),
            "datasets": learned_datasets(plan),
        },
        "preprocessing": plan.preprocessing.canonical,
        **makers_today(plan.experiment, plan.has_faces_stage),
        "compute_dtype": dtype,
        "compute_dtype_reason": reason,
        "split_seed": SPLIT_SEED,
        "in_series": hang_together(plan.task.sample, plan.clips),
        "folds": sorted(folder.name for folder in fold_folders(plan)),
        "training_shares": training_shares(plan),
        "problems": [*plan.index.problems, *(departures(plan.clips, stage) if has_faces else [])],
    }
    if plan.members:
        facts |= facts_of_members(facts, [RunFolder(member.parent) for member in plan.members])
    write_stamped(plan.run.path / "facts.json", facts)
    features = plan.experiment.features
    unusable = pd.DataFrame(columns=["clip", "problem"]) if stage is None else unusable_clips(stage, features)
    write_csv(plan.run.path / "unusable.csv", unusable)


def labels_met(plan: RunPlan) -> list[dict]:
    """Return what each class has in each dataset, and what is left out and why, as JSON types."""
    return [one.facts() for one in label_counts(plan.experiment, plan.task, plan.index)]


def learned_datasets(plan: RunPlan) -> list[str] | None:
    """Return the datasets that the source, or one before it, learned from; `None` if its manifest does not say."""
    lineage = plan.lineage
    return None if lineage is None else sorted({ancestor.dataset for ancestor in lineage})


def training_shares(plan: Plan) -> dict[str, list[float]]:
    """Return the share of each class among the training rows of each fold: what an answer that does not look knows."""
    labels = plan.samples["y"]
    return {
        fold.name: training_prior(labels.iloc[fold.train].to_numpy(dtype=np.int64), len(plan.task.classes)).tolist()
        for fold in plan.folds
    }


def unusable_clips(stage: pd.DataFrame, features: FeatureSettings) -> pd.DataFrame:
    """Return clip and problem of the clips that cannot be read or in which nothing was found, and warn of them.

    Args:
        stage: one row per clip, with clip, problem and found.
        features: says what is looked for: faces, or signals.
    """
    nothing = NO_FACE if features.signals is None else NO_SIGNALS
    table = stage[["clip", "problem"]].copy()
    table.loc[(stage["problem"] == "") & (stage["found"] == 0), "problem"] = nothing
    table = table[table["problem"] != ""]
    for row in table.itertuples():
        note(f"warning: clip {row.clip} cannot be used: {row.problem}")
    return table


def departures(clips: pd.DataFrame, stage: pd.DataFrame) -> list[str]:
    """Name the readable videos that are not as the dataset states or not as most are, and warn of them.

    Another rate, cut short, with frames that cannot be decoded or lie at uneven distances, or with several faces.

    Args:
        clips: rows of the index, with clip, num_frames and fps.
        stage: the table of `compute_faces` for them.
    """
    sentences = []
    both = clips[["clip", "num_frames", "fps"]].merge(stage, on="clip", suffixes=("_stated", ""))
    for row in both[both["problem"] == ""].itertuples():
        if pd.notna(row.fps_stated) and abs(row.fps / row.fps_stated - 1) > TOLERANCE:
            sentences.append(f"{row.clip}: its header states {row.fps:g} frames/s, the dataset {row.fps_stated:g}.")
        if row.undecoded:
            sentences.append(f"{row.clip}: {row.undecoded} of {row.num_frames} frames cannot be decoded.")
        if row.several:
            sentences.append(f"{row.clip}: {row.several} frames show several faces; the first person's is read.")
        if row.variable:
            sentences.append(f"{row.clip}: frames at uneven distances in time, {row.fps:.4g} a second in the mean.")
        if pd.notna(row.num_frames_stated) and row.num_frames < (1 - TOLERANCE) * row.num_frames_stated:
            sentences.append(f"{row.clip}: it has {row.num_frames} frames, not {row.num_frames_stated}.")
    for sentence in sentences:
        note(f"warning: {sentence}")
    return sentences


def close_fold(plan: RunPlan, fold: Fold, seed: int, result: FoldResult) -> None:
    """Save the fold's model, then its results, and drop the checkpoints, which nothing needs any more."""
    from transferpain.experiments.kept_model import save_fold_model

    folder = plan.run.fold(fold.name, seed)
    save_fold_model(plan, fold, seed, result)
    for name, content in result.files.items():
        if name.endswith(".parquet"):
            write_atomically(folder / name, lambda path, table=content: table.to_parquet(path, index=False))
        elif isinstance(content, pd.DataFrame):
            write_csv(folder / name, content)
        else:
            write_stamped(folder / name, content)
    write_fitted(folder, result.fitted, plan.samples)
    makers = makers_today(plan.experiment, plan.has_faces_stage)
    plan.run.finish_fold(fold.name, seed, result.predictions, result.history, [*result.files, FITTED], makers)
    for checkpoint in folder.glob("checkpoint*.npz"):
        checkpoint.unlink()
    plan.run.log(f"{fold.name} seed {seed}: {len(result.history)} epochs")


def fold_folders(plan: RunPlan) -> list[Path]:
    """Return the folder of each fold and seed that is planned."""
    return [plan.run.fold(fold.name, seed) for fold in plan.folds for seed in plan.experiment.seeds]


def finish(plan: RunPlan, prepared: Prepared) -> None:
    """Keep the model of the fold with the lowest validation loss, check for leaks, and derive the metrics.

    The models of the folds go at the very end, when the kept one was read back.

    Raises:
        UserError: if the results of a planned fold are not there or damaged, or the kept model is, and no model of a
            fold is there to make it again from; or if every training diverged.
    """
    folders = fold_folders(plan)
    for folder in folders:
        if fault := fault_of_fold(folder):
            raise damaged(folder, fault)
    best = best_fold(folders)
    predictions = mark_copies(plan.run.predictions(folds=folders), plan.samples)
    scores = score(predictions, plan.task.classes, ordinal=plan.task.ordinal)
    probes = plan.run.probe_predictions(folders)
    scores[LINEAR_PROBE] = probe_scores(probes, plan.task.classes, plan.task.ordinal)
    keep_best_model(plan, best, scores)
    # Behind the shared model's: the labels of a clinic are its own affair.
    scores["labels"] = labels_met(plan)
    if predictions["y_true"].isna().any():
        write_submission(plan, predictions)
    write_subjects(plan.run.path, plan.clips)
    evidence = Evidence(
        experiment=plan.experiment,
        task=plan.task,
        samples=prepared.located,
        files=plan.clips,
        folds=tuple(plan.folds),
        predictions=predictions,
        data_root=plan.index.data_root,
        lineage=plan.lineage,
        fitted={fold.name: fitted_in(plan, fold) for fold in plan.folds},
        stage=prepared.stage,
        images=prepared.images,
        frames=prepared.frames_read(),
    )
    checks = run_checks(evidence)
    write_checks(plan.run.path, checks)
    for line in failed(checks):
        name = plan.experiment.name
        note(f"warning: {name}: leakage check {line.number} fails: {line.name}: {line.figure}")
    read_complete(plan.run.model)
    write_stamped(plan.run.path / "metrics.json", scores)
    names = [*RECORDED, *prepared.once]
    plan.run.finish([name for name in names if (plan.run.path / name).is_file()], folders)
    for folder in folders:
        if (folder / "model").exists():
            remove_folder(plan.run.path, folder / "model")


def best_fold(folders: Sequence[Path]) -> Path:
    """Return the folder of the fold with the lowest validation loss, of equal ones the first.

    Raises:
        UserError: if none has a loss that is a number.
    """
    losses = {folder: lowest_loss(read_history(folder)) for folder in folders}
    finite = {folder: loss for folder, loss in losses.items() if np.isfinite(loss)}
    if not finite:
        raise UserError(
            "No training has a validation loss that is a number.",
            rule="The model of the lowest validation loss is kept.",
            received=", ".join(str(loss) for loss in losses.values()),
            todo="Lower training.learning_rate, and look for values in the data that are no numbers.",
        )
    return min(finite, key=finite.get)


def fitted_in(plan: RunPlan, fold: Fold) -> tuple[FittedRows, ...]:
    """Return what was fitted in a fold with each seed, and to which rows."""
    return tuple(one for seed in plan.experiment.seeds for one in read_fitted(plan.run.fold(fold.name, seed)))


def keep_best_model(plan: RunPlan, best: Path, scores: dict) -> None:
    """Copy the best fold's model to the run, unless it is there and whole.

    Raises:
        UserError: if it is there, but damaged or another run's, and the fold's is gone.
    """
    from transferpain.experiments.kept_model import keep_model

    name, again = plan.experiment.name, (best / "model").exists()
    if plan.run.model.exists():
        fault = model_fault(plan)
        if not fault and is_of_predictions(plan):
            return
        if not again and not fault:
            # Folds that were lost came back with other last bits, and the others' models are gone.
            note(f"warning: the model of {name} was chosen and scored by other predictions than the run has now.")
            return
        if not again:
            raise damaged(plan.run.model, fault)
        fault = fault or "its scores are of other folds"
        note(f"warning: the model of {name} is made again from that of {best.name}: {fault}.")
    start_tensorflow()
    keep_model(plan, best, scores)


def model_fault(plan: RunPlan) -> str:
    """Return what is wrong with the model that a run keeps; "" where it is whole, and the run's own."""
    if not plan.run.model.exists():
        return "it is not there"
    try:
        manifest = read_complete(plan.run.model)
        if is_of_predictions(plan):
            return ""
        kept, asked = read_experiment(plan.run.model), plan.experiment.resolved()
    except (OSError, UserError) as error:
        return first_line(error)
    parents = manifest.get("parents", [])[:1] if plan.parent else []
    facts = [kept | NOT_NAMING, manifest.get("index"), parents]
    own = [asked | NOT_NAMING, plan.index.hash, [plan.origin.hash] if plan.parent else []]
    return "" if facts == own else f"it is the model of another run, of {manifest.get('experiment', 'no experiment')}"


def is_of_predictions(plan: RunPlan) -> bool:
    """Tell whether the model that a run keeps states the predictions that the run has now. Raises as `read_stamped`."""
    from transferpain.strategies.common.finished import predictions_hash

    stated = read_stamped(plan.run.model / "metrics.json").get("predictions_sha256")
    return stated == predictions_hash(plan.run.path)


def lowest_loss(history: pd.DataFrame) -> float:
    """Return the lowest validation loss of a training, of its last phase where it has phases."""
    if "phase" in history:
        history = history[history["phase"] == history["phase"].iloc[-1]]
    return history["val_loss"].min()


def write_submission(plan: RunPlan, predictions: pd.DataFrame) -> None:
    """Write the answers for unlabelled clips: subject, clip, the seeds' most probable class on average.

    No official format of AI4Pain 2024 was found, so the columns are our choice.
    """
    unlabelled = clip_rows(predictions)[lambda rows: rows["y_true"].isna()]
    columns = [f"p_{number}" for number in range(len(plan.task.classes))]
    mean = unlabelled.groupby(["subject", "clip"], as_index=False)[columns].mean()
    answers = [plan.task.classes[number] for number in mean[columns].to_numpy().argmax(axis=1)]
    submission = mean[["subject", "clip"]].assign(prediction=answers)
    write_csv(plan.run.path / "submission.csv", submission)
