"""Trained on one dataset and tested on all subjects of another, or on its official test subjects."""

import numpy as np
import pandas as pd

from transferpain.core.errors import UserError
from transferpain.data.protocols.kinds.grouped import groups
from transferpain.data.protocols.kinds.kind import ProtocolKind, Split, SplitSettings
from transferpain.data.protocols.subject_lists import HOLDOUTS, OFFICIAL_HOLDOUTS

NAME = "grouped_cross_dataset"
# The group that is left out where none of the dataset's own is tested: whoever learns from it has as many subjects, and
# the same source, as in the first of its grouped folds.
LEFT_OUT = 0


def split(
    clips: pd.DataFrame, subjects: np.ndarray, labelled: np.ndarray, settings: SplitSettings, seed: int
) -> list[Split]:
    """Train on the official training subjects of one dataset, test on the official test subjects of the other.

    Where there are no official ones, all groups but the first are trained on, and all subjects are tested on; with
    `fold` that group of them alone.

    Raises:
        UserError: if `fold` is given, and the tested dataset has an official split.
    """
    tested = _tested(clips, settings)
    official, training, test = _official(clips, subjects, settings)
    group = groups(clips, settings.folds, seed)
    train = ~tested & np.where(official, training, group != LEFT_OUT)
    if settings.fold is None:
        return [("test", train, tested & (test | ~official))]
    if official[tested].any():
        raise UserError(
            f"{settings.test_dataset} has an official split, and is not tested on in groups.",
            rule="`protocol.fold` chooses a group of the subjects of a dataset without an official split.",
            received=f"fold: {settings.fold}",
            todo="Leave it out.",
        )
    return [(f"fold{settings.fold}", train, tested & (group == settings.fold))]


def target_training(clips: pd.DataFrame, settings: SplitSettings, seed: int) -> np.ndarray:
    """Return the positions of the subjects of the tested dataset who may be adapted to: none where all are tested."""
    official, training, _ = _official(clips, clips["subject"].to_numpy(dtype=str), settings)
    other = groups(clips, settings.folds, seed) != settings.fold if settings.fold is not None else np.False_
    return np.flatnonzero(_tested(clips, settings) & np.where(official, training, other))


def provenance(settings: SplitSettings) -> tuple[str, ...]:
    """Say whose the lists of the official hold-outs are."""
    return tuple(f"{name}: {HOLDOUTS[name].whose}" for name in OFFICIAL_HOLDOUTS.values())


def _tested(clips: pd.DataFrame, settings: SplitSettings) -> np.ndarray:
    return clips["dataset"].to_numpy(dtype=str) == settings.test_dataset


def _official(
    clips: pd.DataFrame, subjects: np.ndarray, settings: SplitSettings
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Tell which rows are of a dataset with an official split, which of those train, and which are tested on."""
    dataset, folder = clips["dataset"].to_numpy(dtype=str), clips["split"].to_numpy(dtype=str)
    training, test = folder == "train", folder == settings.test_split
    official = np.isin(dataset, dataset[training])
    for name, holdout in OFFICIAL_HOLDOUTS.items():
        own, listed = dataset == name, np.isin(subjects, HOLDOUTS[holdout].subjects)
        official = official | own
        training, test = np.where(own, ~listed, training), np.where(own, listed, test)
    return official, training, test


GROUPED_CROSS_DATASET = ProtocolKind(
    name=NAME,
    split=split,
    needs={"test_dataset": ""},
    columns=("dataset", "split"),
    provenance=provenance,
    takes_fold=True,
    target_training=target_training,
)
