"""Rows at random, whoever they show: it leaks, and only shows how much."""

import numpy as np
import pandas as pd

from transferpain.core.seeds import derive_seed
from transferpain.data.protocols.kinds.kind import ProtocolKind, Split, SplitSettings, labelled_people, number_folds

NAME = "random_frames"
LEAK_WARNING = (
    "LEAKS ON PURPOSE: rows were split at random, so that the same people, and neighbouring frames of one "
    "video, stand in training and test. The score shows the size of the leak, not the quality of the model."
)


def check(settings: SplitSettings) -> None:
    """Refuse what goes by subject."""
    if settings.selection == "nested":
        raise ValueError(f"selection: nested chooses by subject, and kind: {NAME} splits without subjects")
    if settings.train_subjects is not None:
        raise ValueError(f"train_subjects: subjects are drawn, and kind: {NAME} splits without subjects")


def split(
    clips: pd.DataFrame, subjects: np.ndarray, labelled: np.ndarray, settings: SplitSettings, seed: int
) -> list[Split]:
    """Deal the rows into `folds` parts; the rows' order enters the draw.

    Raises:
        UserError: if there are fewer subjects than parts.
    """
    labelled_people(subjects, labelled, settings.folds, NAME)
    dealt = np.random.default_rng(derive_seed(seed, NAME)).permutation(np.arange(len(clips)) % settings.folds)
    return number_folds([dealt == number for number in range(settings.folds)])


RANDOM_FRAMES = ProtocolKind(
    name=NAME,
    split=split,
    needs={
        "allow_leakage": "such a split tests on people that were trained on, so its scores are worth nothing but to "
        "show that"
    },
    check=check,
    keeps_apart=False,
    warning=LEAK_WARNING,
)
