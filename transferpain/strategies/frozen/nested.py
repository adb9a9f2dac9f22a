"""Nested selection: candidates are compared on subjects of the training part, so that no tested subject chooses."""

from pathlib import Path

import numpy as np
import pandas as pd

from transferpain.core.contracts import FittedRows
from transferpain.core.csv_file import read_csv, write_csv
from transferpain.core.paths import name_in_path
from transferpain.core.seeds import derive_seed
from transferpain.data.protocols.fold import Fold
from transferpain.data.protocols.make import make_folds
from transferpain.data.protocols.settings import ProtocolSettings
from transferpain.evaluation.confusion import count_confusions
from transferpain.evaluation.detection import expected_levels
from transferpain.evaluation.metrics.balanced_accuracy import balanced_accuracy
from transferpain.evaluation.predictions import clip_rows
from transferpain.networks.outputs.number import NumberOutput
from transferpain.networks.outputs.registry import OUTPUTS
from transferpain.strategies.base import Recipe
from transferpain.strategies.frozen.candidates import candidate_experiment
from transferpain.strategies.frozen.training import train_head

CANDIDATES = "candidates.csv"
CHOICE = "choice among the candidates"
COLUMNS = ["candidate", "inner_fold", "loss", "balanced_accuracy", "clips", "subjects", "chosen"]
SMALLEST = 1e-7  # a probability of 0 would make the loss infinite


def selected_experiment(
    experiment: Recipe, clips: pd.DataFrame, fold: Fold, seed: int, num_classes: int, folder: Path
) -> tuple[Recipe, tuple[FittedRows, ...]]:
    """Return the experiment with which a fold is trained, with nested selection as the chosen candidate changes it, and
    the rows that it was chosen by.

    Each candidate is trained on every inner fold (groups of the fold's training subjects) and scored on the subjects
    left out there. The scores stand in `candidates.csv`; one that is there is not computed again.

    Args:
        experiment: as it stands in its file.
        clips: as for `train_head`.
        fold: positions into `clips`; the tested ones are not looked at.
        folder: the fold's, where `candidates.csv` is written.
    """
    if experiment.protocol.selection != "nested":
        return experiment, ()
    inner = inner_folds(clips, fold, experiment.protocol, seed)
    rows = read_scores(folder)
    for name in experiment.candidates:
        candidate = candidate_experiment(experiment, name)
        for part in inner:
            if any((row["candidate"], row["inner_fold"]) == (name, part.name) for row in rows):
                continue
            checkpoint = folder / f"checkpoint-{name_in_path(f'{name}-{part.name}')}.npz"
            trained = train_head(candidate, clips, part, seed, num_classes, checkpoint)
            left_out = trained.predictions[trained.predictions["part"] == "test"]
            rows.append(
                {
                    "candidate": name,
                    "inner_fold": part.name,
                    **score_answers(left_out, num_classes, candidate.training.loss),
                }
            )
            write_scores(folder, rows)
            checkpoint.unlink(missing_ok=True)
    chosen = choose(pd.DataFrame(rows), experiment.protocol.selection_rule)
    write_scores(folder, [row | {"chosen": row["candidate"] == chosen} for row in rows])
    seen = np.unique(np.concatenate([rows for part in inner for rows in (part.train, part.selection, part.test)]))
    return candidate_experiment(experiment, chosen), (FittedRows(CHOICE, seen, use="selection"),)


def inner_folds(clips: pd.DataFrame, fold: Fold, settings: ProtocolSettings, seed: int) -> list[Fold]:
    """Split a fold's training and selection subjects into groups, each of which is left out once.

    Returns:
        Folds with positions into `clips`, each with selection subjects of its own; `test` is the group left out.
    """
    learned = np.union1d(fold.train, fold.selection)
    grouped = ProtocolSettings(kind="group_kfold", folds=settings.inner_folds, selection_share=settings.selection_share)
    parts = make_folds(clips.iloc[learned], grouped, derive_seed(seed, fold.name, "nested"))
    return [
        Fold(f"{fold.name}-inner{number}", learned[part.train], learned[part.selection], learned[part.test])
        for number, part in enumerate(parts)
    ]


def score_answers(predictions: pd.DataFrame, num_classes: int, trained_by: str) -> dict[str, float | int]:
    """Return the loss per clip, the balanced accuracy over the classes there are, and what they are over.

    The loss is the cross-entropy; of a number, whose probabilities do not say how sure it is, its error.

    Args:
        trained_by: `training.loss`.
    """
    rows = clip_rows(predictions)
    y = rows["y_true"].to_numpy(dtype=np.int64)
    probabilities = rows[[f"p_{number}" for number in range(num_classes)]].to_numpy(dtype=np.float64)
    losses, output = -np.log(probabilities[np.arange(len(y)), y].clip(SMALLEST)), OUTPUTS[trained_by]
    if isinstance(output, NumberOutput):
        losses = np.asarray(output.error(expected_levels(rows) - y))
    confusions = count_confusions(np.zeros(len(y), np.int64), y, rows["y_pred"].to_numpy(), (1, num_classes))
    return {
        "loss": float(losses.mean()),
        "balanced_accuracy": float(balanced_accuracy(confusions)[0]),
        "clips": len(rows),
        "subjects": int(rows["subject"].nunique()),
    }


def choose(scores: pd.DataFrame, rule: str) -> str:
    """Return the candidate that a rule picks; of equal ones, the first.

    Args:
        scores: `candidate`, `loss` and `balanced_accuracy`, one row per inner fold, candidates in the order of the
            file.
        rule: "lowest_loss" or "best_balanced_accuracy", means over inner folds; or "one_standard_error": the first
            candidate whose mean loss is within one standard error of the lowest mean (Breiman et al. 1984), so that
            the file should name the simplest first.
    """
    groups = scores.groupby("candidate", sort=False)
    if rule == "best_balanced_accuracy":
        return str(groups["balanced_accuracy"].mean().idxmax())
    loss = groups["loss"].mean()
    if rule == "lowest_loss":
        return str(loss.idxmin())
    errors = groups["loss"].std(ddof=1) / np.sqrt(groups.size())
    return str(loss.index[loss <= loss.min() + errors[loss.idxmin()]][0])


def read_scores(folder: Path) -> list[dict]:
    """Return the rows of a fold's `candidates.csv`; none if it is not there yet."""
    path = folder / CANDIDATES
    return read_candidates(path).to_dict("records") if path.is_file() else []


def read_candidates(path: Path) -> pd.DataFrame:
    """Read a fold's `candidates.csv`; a candidate may be called 10 or nan, and an inner fold after any subject."""
    return read_csv(path, ("candidate", "inner_fold"))


def write_scores(folder: Path, rows: list[dict]) -> None:
    table = pd.DataFrame(rows).reindex(columns=COLUMNS)
    write_csv(folder / CANDIDATES, table)
