"""Trained on the training subjects of one dataset, tested on the test subjects of another."""

import numpy as np
import pandas as pd

from transferpain.data.protocols.kinds.kind import ProtocolKind, Split, SplitSettings
from transferpain.data.protocols.subject_lists import FIXED_HOLDOUTS, HOLDOUTS


def split(
    clips: pd.DataFrame, subjects: np.ndarray, labelled: np.ndarray, settings: SplitSettings, seed: int
) -> list[Split]:
    """Test on the hold-out of `test_dataset`, train on what is not held out of the other dataset."""
    tested = clips["dataset"].to_numpy(dtype=str) == settings.test_dataset
    held_out = _held_out(clips, subjects, settings)
    return [("test", ~tested & ~held_out, tested & held_out)]


def target_training(clips: pd.DataFrame, settings: SplitSettings, seed: int) -> np.ndarray:
    """Return the positions of the training subjects of the dataset that is tested on, labelled or not."""
    dataset = clips["dataset"].to_numpy(dtype=str)
    training = clips["split"].to_numpy(dtype=str) == "train"
    if settings.test_dataset in FIXED_HOLDOUTS:
        training = ~_held_out(clips, clips["subject"].to_numpy(dtype=str), settings)
    return np.flatnonzero((dataset == settings.test_dataset) & training)


def provenance(settings: SplitSettings) -> tuple[str, ...]:
    """Say whose the lists of the fixed hold-outs are."""
    return tuple(f"{name}: {HOLDOUTS[name].whose}" for name in FIXED_HOLDOUTS.values())


def _held_out(clips: pd.DataFrame, subjects: np.ndarray, settings: SplitSettings) -> np.ndarray:
    """Tell which rows are of their dataset's fixed hold-out: a list of subjects, or else all folders but `train`.

    Of a dataset with folders that is tested on, only the folder `test_split` is.
    """
    dataset, folder = clips["dataset"].to_numpy(dtype=str), clips["split"].to_numpy(dtype=str)
    held_out = np.where(dataset == settings.test_dataset, folder == settings.test_split, folder != "train")
    for name, holdout in FIXED_HOLDOUTS.items():
        held_out = np.where(dataset == name, np.isin(subjects, HOLDOUTS[holdout].subjects), held_out)
    return held_out


CROSS_DATASET = ProtocolKind(
    name="cross_dataset",
    split=split,
    needs={"test_dataset": ""},
    columns=("dataset", "split"),
    provenance=provenance,
    target_training=target_training,
)
