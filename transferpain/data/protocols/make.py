"""Makes folds: who is trained on, selected on and tested on.

Subjects never straddle a split, but in the one kind that exists to show what that costs.
"""

import numpy as np
import pandas as pd

from transferpain.core.errors import UserError
from transferpain.core.seeds import derive_seed
from transferpain.data.protocols.fold import Fold
from transferpain.data.protocols.settings import ProtocolSettings
from transferpain.data.protocols.subject_lists import LEAVE_OUT, check_dataset


def make_folds(clips: pd.DataFrame, settings: ProtocolSettings, seed: int) -> list[Fold]:
    """Split clips, or frames, by subject; only "random_frames" splits them without regard to subjects.

    Of several datasets, subjects of one name are different people.

    Args:
        clips: columns dataset, subject, split, and `y` (missing where unlabelled): `label_clips` or `label_frames`.
        settings: the protocol.
        seed: of the random draws; the same subjects and seed give the same folds, in any order of clips (of
            "random_frames", in the same order).

    Raises:
        UserError: if a part is empty, there are too few subjects, or a subject stands in two parts.
    """
    subjects = clips["subject"].to_numpy(dtype=str)
    if clips["dataset"].nunique() > 1 and settings.test_dataset is None:
        # Cross-dataset protocols look names up in lists, and learn from one dataset.
        subjects = _names(clips)
    used = np.ones(len(clips), dtype=bool)
    if settings.leave_out is not None:
        left_out = LEAVE_OUT[settings.leave_out]
        check_dataset(clips, left_out.dataset, settings.leave_out)
        used = ~np.isin(subjects, left_out.subjects)
    labelled = used & clips["y"].notna().to_numpy()
    folds = []
    for name, train, test in settings.split_kind.split(clips, subjects, labelled, settings, seed):
        train, test = train & labelled, test & used
        if not train.any() or not test.any():
            part = "test" if train.any() else "training"
            raise UserError(
                f"The protocol {settings.kind} leaves the {part} part empty.",
                rule="Training clips need a label, and both parts at least one clip.",
                received=f"{len(clips)} clips in the splits {sorted(set(clips['split']))}",
                todo="Check the data, or choose another protocol.",
            )
        if settings.selection != "paper":
            samples = subjects if settings.split_kind.keeps_apart else np.arange(len(clips))
            selection = train & np.isin(samples, _draw_selection(samples[train], settings, (seed, name)))
            train = train & ~selection
        else:
            folder = settings.split_kind.paper_folder
            selection = (test if folder is None else clips["split"].to_numpy(dtype=str) == folder) & labelled
        if settings.train_subjects is not None:
            train = train & np.isin(subjects, _draw_training(subjects[train], settings.train_subjects, (seed, name)))
        fold = Fold(name, *(np.flatnonzero(part) for part in (train, selection, test)))
        if settings.split_kind.keeps_apart:
            _check_apart(clips, fold, settings)
        folds.append(fold)
    return folds


def _names(clips: pd.DataFrame) -> np.ndarray:
    """Return a name of each row's subject that is unique over datasets."""
    return (clips["dataset"] + "/" + clips["subject"]).to_numpy(dtype=str)


def _draw_selection(subjects: np.ndarray, settings: ProtocolSettings, seed: tuple) -> np.ndarray:
    people = np.unique(subjects)
    size = max(1, round(settings.selection_share * len(people)))
    if size >= len(people):
        raise UserError(
            "There are too few training subjects to set some aside for selection.",
            rule=f"selection_share {settings.selection_share} sets aside {size} and must leave one at least.",
            received=f"{len(people)} training subjects",
            todo="Use more subjects, or a smaller selection_share.",
        )
    return np.random.default_rng(derive_seed(*seed, "selection")).choice(people, size, replace=False)


def _draw_training(subjects: np.ndarray, number: int, seed: tuple) -> np.ndarray:
    people = np.unique(subjects)
    if number > len(people):
        raise UserError(
            "There are too few training subjects.",
            rule=f"train_subjects {number} draws so many, after those for selection were set aside.",
            received=f"{len(people)} training subjects",
            todo="Lower train_subjects, or leave it out.",
        )
    return np.random.default_rng(derive_seed(*seed, "training subjects")).choice(people, number, replace=False)


def _check_apart(clips: pd.DataFrame, fold: Fold, settings: ProtocolSettings) -> None:
    """Refuse subjects in two parts.

    The validation and test images of FER+ that also stand in Training are part of its official split: the
    index marks them, and they do not count here.
    """
    subjects = _names(clips)
    known_copies = clips.get("in_training", pd.Series(False, index=clips.index)).to_numpy()

    def people(part: np.ndarray) -> set[str]:
        return set(subjects[part[~known_copies[part]]])

    shared = people(fold.train) & (people(fold.selection) | people(fold.test))
    if settings.selection != "paper":
        shared |= people(fold.selection) & people(fold.test)
    if shared:
        raise UserError(
            f"Subjects stand in two parts of the fold {fold.name}.",
            rule="Training, selection and test hold different subjects.",
            received=", ".join(sorted(shared)[:10]),
            todo="Correct the dataset's folders, or the column split of your own table.",
        )
