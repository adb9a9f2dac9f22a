"""A head is trained on cached features by clients, each of which knows its own clips alone."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from transferpain.core.contracts import FittedRows, FoldResult
from transferpain.core.progress import note
from transferpain.data.protocols.fold import Fold
from transferpain.evaluation.predictions import subject_names
from transferpain.networks.heads.base import HeadTraining
from transferpain.networks.heads.keras_head import batches_of
from transferpain.networks.heads.registry import HEADS
from transferpain.networks.training.class_weights import class_weights
from transferpain.strategies.base import Recipe
from transferpain.strategies.common.answers import EPOCH, training_prior
from transferpain.strategies.common.feature_answers import answer_parts
from transferpain.strategies.common.feature_rows import ROWS, Windows, check_shown, windows_of
from transferpain.strategies.federated.aggregate import rounds_taken
from transferpain.strategies.federated.rounds import Clients, WeightsOfParts, weights_of_parts
from transferpain.strategies.federated.section import CLIENTS_FILE, FACTS_FILE
from transferpain.strategies.federated.settings import SUBJECT

# What a client sends in a round beside weights: its rows, and their loss and accuracy while it learned.
BESIDE = 3
BYTES_BESIDE = 8


def train_federated(
    recipe: Recipe,
    clips: pd.DataFrame,
    fold_and_seed: tuple[Fold, int],
    num_classes: int,
    checkpoint: Path,
    traced: dict[str, Any] | None = None,
) -> FoldResult:
    """Train the recipe's head on one fold by federated averaging, and predict the fold's test and selection clips.

    Class weights, if the recipe asks for them, and the answer for clips without a face come from the sum of all
    clients' class counts.

    Args:
        clips: the labelled clips with their features: columns as for a pooled training, and the column of the index
            that names clients.
        fold_and_seed: positions into `clips`, and what every draw depends on.
        checkpoint: file that holds the state between rounds, and in the end what was kept.
        traced: heads that earlier calls trained, see `HeadTraining`. Those of this call are added.

    Raises:
        UserError: if no clip to train or to select on shows a face.
    """
    (fold, seed), how, head = fold_and_seed, recipe.federated, HEADS.find(recipe.head.kind)
    own = clips.iloc[fold.train]
    learned = windows_of(recipe, own, recipe.window.train)
    selection = windows_of(recipe, clips.iloc[fold.selection], "first")
    for part, windows, rows in (("training", learned, fold.train), ("selection", selection, fold.selection)):
        check_shown(windows, clips.iloc[rows], part, f"the fold {fold.name} of {recipe.name}")
    prior = training_prior(own["y"].to_numpy(dtype=np.int64), num_classes)
    equal = np.ones(num_classes)
    weights = class_weights(learned.y, num_classes) if recipe.training.class_weights else equal
    named = client_names(own, how.client)
    parts_of = split(learned, named)
    tell_of_one_class(recipe.name, [part.windows.y for part in parts_of])
    training = HeadTraining(
        classes=num_classes,
        dimension=learned.features[0].shape[1],
        frames=recipe.window_frames,
        settings=recipe.training,
        seed=(seed, fold.name),
        checkpoint=checkpoint,
        label=f"{recipe.name} {fold.name} seed {seed}",
        traced={} if traced is None else traced,
    )
    batches = [
        batches_of(ROWS[head.reads](recipe, part.windows, weights), training, training.seed) for part in parts_of
    ]
    clients = Clients([part.name for part in parts_of], batches, how)
    fitted = head.fit(
        recipe.head,
        replace(training, trainer=clients.fit),
        ROWS[head.reads](recipe, learned, weights),
        ROWS[head.reads](recipe, selection, equal),
    )
    parts = dict(fitted.parts())
    history = fitted.history
    taken = rounds_taken(len(parts_of), how.share, training.seed, len(history))
    table = table_of(parts_of, batches, taken, num_classes)
    sizes = weights_of_parts(parts["model"])
    stated = communication(history, sizes, len(parts_of), num_classes) | {
        "clients": len(parts_of),
        "without_a_face": len(set(named)) - len(parts_of),
        "of_one_class": int((table["classes"] == 1).sum()),
        "kept_round": fitted.training.epoch,
    }
    took_part = np.isin(named, [part.name for part, rounds in zip(parts_of, taken, strict=True) if rounds])
    shown = np.unique(learned.sample)
    seen = np.sort(fold.train[shown[took_part[shown]]])
    counted = np.sort(fold.train[shown])
    return FoldResult(
        predictions=answer_parts(recipe, fitted, clips, (fold, seed), prior),
        history=history,
        model=parts.pop("model"),
        parts=parts,
        fitted=(
            FittedRows("weights of the network", seen),
            FittedRows("prior for clips without a face", np.sort(fold.train)),
            *([FittedRows("class weights", counted)] if recipe.training.class_weights else []),
            *(FittedRows(step, seen) for step in head.steps),
            FittedRows(EPOCH, np.sort(fold.selection[np.unique(selection.sample)]), use="selection"),
        ),
        files={FACTS_FILE: stated, CLIENTS_FILE: table},
        facts={"federated": {"clients": len(parts_of), "rounds": len(history), **how.model_dump(mode="json")}},
    )


def communication(history: pd.DataFrame, sizes: WeightsOfParts, clients: int, num_classes: int) -> dict[str, int]:
    """Return how much clients and server sent each other in a training.

    Args:
        history: one row per round.
        clients: how many there are; each sends its counts of clips and of rows of each class once.
    """
    sent = history[["clients", "numbers_down", "numbers_up"]].sum().astype(int).to_dict()
    beside = BESIDE * sent["clients"] + 2 * clients * num_classes
    return {
        "rounds": len(history),
        "updates": sent["clients"],
        "body": sizes.body,
        "last_layer": sizes.last_layer,
        "bytes_a_number": sizes.bytes_a_number,
        "bytes_down": sent["numbers_down"] * sizes.bytes_a_number,
        "bytes_up": sent["numbers_up"] * sizes.bytes_a_number + beside * BYTES_BESIDE,
    }


@dataclass(frozen=True)
class Part:
    """The windows of one client."""

    name: str
    windows: Windows


def client_names(clips: pd.DataFrame, column: str) -> np.ndarray:
    """Return the client that each clip belongs to, `(clips,)` str."""
    names = subject_names(clips) if column == SUBJECT else clips[column]
    return names.to_numpy(dtype=str)


def split(windows: Windows, names: np.ndarray) -> list[Part]:
    """Share windows out to clients, in the order of their names; one none of whose clips shows a face has no part.

    Args:
        names: of the clips that `windows.sample` counts.
    """
    owner = names[windows.sample]
    parts = []
    for name in np.unique(owner).tolist():
        places = (getattr(windows, key)[owner == name] for key in ("sample", "file", "start", "stop", "y"))
        parts.append(Part(name, Windows(windows.features, *places)))
    return parts


def table_of(parts: Sequence[Part], batches: Sequence, taken: np.ndarray, num_classes: int) -> pd.DataFrame:
    """Return one row per client: clips with a face, rows, classes, and rounds in which it took part."""
    return pd.DataFrame(
        {
            "client": [part.name for part in parts],
            "clips": [len(np.unique(part.windows.sample)) for part in parts],
            "rows": [own.rows for own in batches],
            "classes": [len(np.unique(part.windows.y)) for part in parts],
            "rounds": taken,
        }
    )


def tell_of_one_class(experiment: str, labels: Sequence[np.ndarray]) -> None:
    """Say how many clients know one class alone: they learn from it, and pull the mean towards it."""
    alone = sum(len(np.unique(own)) == 1 for own in labels)
    if alone:
        _say(
            f"NOTE: {alone} of {len(labels)} clients of {experiment} have clips of one class alone. Each of them "
            "learns from what it has, and counts by its rows."
        )


@cache
def _say(message: str) -> None:
    """Say once what folds and seeds have in common."""
    note(message)
