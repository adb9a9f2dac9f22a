"""Protocols: who is trained on, selected on and tested on.

Subjects never straddle a split, but in the one kind that exists to show what that costs.
"""

import warnings
from dataclasses import dataclass, field, fields, replace
from typing import Literal

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, model_validator

from transferpain.core.errors import UserError
from transferpain.core.seeds import derive_seed
from transferpain.data.datasets import biovid, mintpain, unbc_facts


@dataclass(frozen=True)
class SubjectList:
    """A named list of subjects: whose dataset they are of, where the list comes from, and the names."""

    dataset: str
    whose: str
    subjects: tuple[str, ...]


HOLDOUTS = {
    "biovid-61-26": SubjectList("biovid", "the dataset's creators; official", biovid.HOLDOUT_SUBJECTS),
    "mintpain-15-5": SubjectList("mintpain", "our choice; not official", mintpain.HOLDOUT_SUBJECTS),
    **{
        name: SubjectList("unbc", f"{whose}; not official", subjects)
        for name, (whose, subjects) in unbc_facts.HOLDOUTS.items()
    },
}
# The fixed hold-outs of the cross-dataset protocol (our choice); AI4Pain's are its own folders.
FIXED_HOLDOUTS = {"biovid": "biovid-61-26", "unbc": "unbc-20-5", "mintpain": "mintpain-15-5"}
FOLD_LISTS = {name: ("unbc", chosen) for name, chosen in unbc_facts.FOLD_LISTS.items()}
# Leaving subjects out makes a task easier, and must be said beside the score.
LEAVE_OUT = {
    "biovid-low-reactive": SubjectList(
        "biovid", "Werner et al., ACIIW 2017: 20 subjects without a visible reaction", biovid.LOW_REACTIVE_SUBJECTS
    ),
}

LEAK_WARNING = (
    "LEAKS ON PURPOSE: rows were split at random, so that the same people, and neighbouring frames of one "
    "video, stand in training and test. The score shows the size of the leak, not the quality of the model."
)
PAPER_WARNING = "`selection: paper` stops on the subjects that it reports on, so its scores are optimistic."


class ProtocolSettings(BaseModel):
    """How a dataset is split.

    Attributes:
        kind: "folders" (the dataset's own split), "holdout" (a named list of test subjects), "loso" (each subject in
            turn), "group_kfold" (random groups of subjects), "stratified_group_kfold" (groups of subjects with similar
            shares of the classes), "published_folds" (a named list of folds), "cross_dataset" (trained on the training
            subjects of one dataset, tested on the test subjects of another) or "random_frames" (rows at random,
            whoever they show: it leaks, and only shows how much).
        folds: number of groups of "group_kfold", "stratified_group_kfold" and "random_frames".
        selection_share: share of the training subjects that "inner" selection sets aside.
        test_split: which folder "folders" tests on, and "cross_dataset" where the dataset has folders.
        test_dataset: the dataset that "cross_dataset" tests on.
        selection: "inner" stops and selects on subjects set aside from training; "paper" on the test
            subjects, or with `test_split: test` on the validation folder; "nested" stops as "inner" does, and also
            chooses among the experiment's `candidates` on subjects of the training part.
        inner_folds: groups of training subjects on which "nested" compares candidates.
        selection_rule: how "nested" chooses: by the mean over inner folds, or the first candidate within one standard
            error of the lowest loss.
        holdout: name of the list of "holdout".
        fold_list: name of the list of "published_folds".
        leave_out: name of a list of subjects that are neither trained nor tested on.
        train_subjects: of the training subjects only so many are trained on, drawn at random after those of "inner"
            and "nested" selection were set aside; all if None.
        allow_leakage: must be set for "random_frames", and only for it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal[
        "folders",
        "holdout",
        "loso",
        "group_kfold",
        "stratified_group_kfold",
        "published_folds",
        "cross_dataset",
        "random_frames",
    ] = "folders"
    folds: int = Field(default=5, ge=2)
    selection_share: float = Field(default=0.2, gt=0, lt=1)
    test_split: Literal["validation", "test"] = "validation"
    selection: Literal["inner", "paper", "nested"] = "inner"
    inner_folds: int = Field(default=3, ge=2)
    selection_rule: Literal["lowest_loss", "best_balanced_accuracy", "one_standard_error"] | None = None
    test_dataset: str | None = None
    holdout: str | None = None
    fold_list: str | None = None
    leave_out: str | None = None
    train_subjects: int | None = Field(default=None, ge=1)
    allow_leakage: bool = False

    @model_validator(mode="after")
    def _check_names(self) -> "ProtocolSettings":
        for key, kind, known in (
            ("holdout", "holdout", HOLDOUTS),
            ("fold_list", "published_folds", FOLD_LISTS),
        ):
            name = getattr(self, key)
            if (self.kind == kind) != (name is not None):
                raise ValueError(f"{key}: goes with kind: {kind}, and only with it")
            if name is not None and name not in known:
                raise ValueError(f"{key}: known are {', '.join(known)}, received {name}")
        if (self.kind == "cross_dataset") != (self.test_dataset is not None):
            raise ValueError("test_dataset: goes with kind: cross_dataset, and only with it")
        if self.leave_out is not None and self.leave_out not in LEAVE_OUT:
            raise ValueError(f"leave_out: known are {', '.join(LEAVE_OUT)}, received {self.leave_out}")
        if (self.selection == "nested") != (self.selection_rule is not None):
            raise ValueError("selection_rule: goes with selection: nested, and only with it")
        if self.selection == "nested" and self.kind == "random_frames":
            raise ValueError("selection: nested chooses by subject, and kind: random_frames splits without subjects")
        if self.train_subjects is not None and self.kind == "random_frames":
            raise ValueError("train_subjects: subjects are drawn, and kind: random_frames splits without subjects")
        if (self.kind == "random_frames") != self.allow_leakage:
            raise ValueError(
                "allow_leakage: goes with kind: random_frames, and only with it; such a split tests on people that "
                "were trained on, so its scores are worth nothing but to show that"
            )
        return self

    @property
    def selects_on_test(self) -> bool:
        """Whether training stops on the very subjects that are tested."""
        return self.selection == "paper" and (self.kind, self.test_split) != ("folders", "test")

    @property
    def warnings(self) -> tuple[str, ...]:
        """What every output of this protocol must warn of, a sentence each."""
        leak = (LEAK_WARNING,) if self.allow_leakage else ()
        return leak + ((PAPER_WARNING,) if self.selection == "paper" else ())

    @property
    def provenance(self) -> tuple[str, ...]:
        """Where the lists of subjects come from that this protocol names, `<name>: <whose>` each."""
        named = []
        if self.holdout:
            named.append(f"{self.holdout}: {HOLDOUTS[self.holdout].whose}")
        if self.fold_list:
            named.append(f"{self.fold_list}: {FOLD_LISTS[self.fold_list][1].whose}")
        if self.kind == "cross_dataset":
            named += [f"{name}: {HOLDOUTS[name].whose}" for name in FIXED_HOLDOUTS.values()]
        if self.leave_out:
            named.append(f"without {self.leave_out}: {LEAVE_OUT[self.leave_out].whose}")
        return tuple(named)


@dataclass(frozen=True)
class Fold:
    """Positions (int64) into the table of clips that the fold was made from, ascending.

    Attributes:
        name: "fold0", ... or the subject left out; "test" where there is one fold.
        train: clips to fit on; all have a label.
        selection: clips to stop and select on; all have a label.
        test: clips to predict; their label may be missing.
        reference: clips that nothing is trained or tested on, but that an adaptation of the features sees.
    """

    name: str
    train: np.ndarray
    selection: np.ndarray
    test: np.ndarray
    reference: np.ndarray = field(default_factory=lambda: np.empty(0, np.int64))

    @property
    def parts(self) -> dict[str, np.ndarray]:
        """Each part's positions by its name."""
        return {part.name: getattr(self, part.name) for part in fields(self) if part.name != "name"}


def make_folds(clips: pd.DataFrame, settings: ProtocolSettings, seed: int) -> list[Fold]:
    """Split clips, or frames, by subject; only "random_frames" splits them without regard to subjects.

    Args:
        clips: columns dataset, subject, split, and `y` (missing where unlabelled): `label_clips` or `label_frames`.
        settings: the protocol.
        seed: of the random draws; the same subjects and seed give the same folds, in any order of clips (of
            "random_frames", in the same order).

    Raises:
        UserError: if a part is empty, there are too few subjects, or a subject stands in two parts.
    """
    subjects = clips["subject"].to_numpy(dtype=str)
    used = np.ones(len(clips), dtype=bool)
    if settings.leave_out is not None:
        left_out = LEAVE_OUT[settings.leave_out]
        _check_dataset(clips, left_out.dataset, settings.leave_out)
        used = ~np.isin(subjects, left_out.subjects)
    labelled = used & clips["y"].notna().to_numpy()
    folds = []
    for name, train, test in _split(clips, subjects, labelled, settings, seed):
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
            samples = np.arange(len(clips)) if settings.kind == "random_frames" else subjects
            selection = train & np.isin(samples, _draw_selection(samples[train], settings, (seed, name)))
            train = train & ~selection
        else:
            selection = _paper_selection(clips, settings, test) & labelled
        if settings.train_subjects is not None:
            train = train & np.isin(subjects, _draw_training(subjects[train], settings.train_subjects, (seed, name)))
        fold = Fold(name, *(np.flatnonzero(part) for part in (train, selection, test)))
        if not settings.allow_leakage:
            _check_apart(clips, fold, settings)
        folds.append(fold)
    return folds


def keep_used(clips: pd.DataFrame, folds: list[Fold]) -> tuple[pd.DataFrame, list[Fold]]:
    """Leave out the clips that no fold uses, so that no stage works on them.

    Returns:
        The used clips in their order, numbered anew, and the folds with positions into them.
    """
    used = np.unique(np.concatenate([part for fold in folds for part in fold.parts.values()]))
    moved = [
        replace(fold, **{name: np.searchsorted(used, part) for name, part in fold.parts.items()}) for fold in folds
    ]
    return clips.iloc[used].reset_index(drop=True), moved


def target_training(clips: pd.DataFrame, settings: ProtocolSettings) -> np.ndarray:
    """Return the positions of the training subjects of the dataset that "cross_dataset" tests on, labelled or not."""
    dataset = clips["dataset"].to_numpy(dtype=str)
    training = clips["split"].to_numpy(dtype=str) == "train"
    if settings.test_dataset in FIXED_HOLDOUTS:
        training = ~_held_out(clips, clips["subject"].to_numpy(dtype=str), settings)
    return np.flatnonzero((dataset == settings.test_dataset) & training)


def _split(
    clips: pd.DataFrame, subjects: np.ndarray, labelled: np.ndarray, settings: ProtocolSettings, seed: int
) -> list[tuple[str, np.ndarray, np.ndarray]]:
    """Return name, training mask and test mask of each fold."""
    if settings.kind == "folders":
        split = clips["split"].to_numpy(dtype=str)
        return [("test", split == "train", split == settings.test_split)]
    if settings.kind == "holdout":
        chosen = HOLDOUTS[settings.holdout]
        _check_dataset(clips, chosen.dataset, settings.holdout)
        test = np.isin(subjects, chosen.subjects)
        return [("test", ~test, test)]
    if settings.kind == "cross_dataset":
        dataset = clips["dataset"].to_numpy(dtype=str)
        tested = dataset == settings.test_dataset
        held_out = _held_out(clips, subjects, settings)
        return [("test", ~tested & ~held_out, tested & held_out)]
    if settings.kind == "published_folds":
        dataset, chosen = FOLD_LISTS[settings.fold_list]
        _check_dataset(clips, dataset, settings.fold_list)
        return _as_folds([np.isin(subjects, names) for names in chosen.folds])
    people = sorted(set(subjects[labelled]))
    needed = 2 if settings.kind == "loso" else settings.folds
    if len(people) < needed:
        raise UserError(
            f"There are too few subjects for the protocol {settings.kind}.",
            rule=f"It needs {needed} subjects with labels.",
            received=len(people),
            todo="Lower folds, or use more subjects.",
        )
    if settings.kind == "loso":
        return [(person, subjects != person, subjects == person) for person in people]
    random = np.random.default_rng(derive_seed(seed, settings.kind))
    if settings.kind == "random_frames":
        part = random.permutation(np.arange(len(clips)) % settings.folds)
        return _as_folds([part == number for number in range(settings.folds)])
    if settings.kind == "stratified_group_kfold":
        groups = _stratified_groups(subjects[labelled], clips["y"][labelled].to_numpy(dtype=np.int64), settings, seed)
    else:
        groups = np.array_split(random.permutation(people), settings.folds)
    return _as_folds([np.isin(subjects, group) for group in groups])


def _held_out(clips: pd.DataFrame, subjects: np.ndarray, settings: ProtocolSettings) -> np.ndarray:
    """Tell which rows are of their dataset's fixed hold-out: a list of subjects, or else all folders but `train`.

    Of a dataset with folders that is tested on, only the folder `test_split` is.
    """
    dataset, split = clips["dataset"].to_numpy(dtype=str), clips["split"].to_numpy(dtype=str)
    held_out = np.where(dataset == settings.test_dataset, split == settings.test_split, split != "train")
    for name, holdout in FIXED_HOLDOUTS.items():
        held_out = np.where(dataset == name, np.isin(subjects, HOLDOUTS[holdout].subjects), held_out)
    return held_out


def _as_folds(tests: list[np.ndarray]) -> list[tuple[str, np.ndarray, np.ndarray]]:
    return [(f"fold{number}", ~test, test) for number, test in enumerate(tests)]


def _check_dataset(clips: pd.DataFrame, dataset: str, name: str) -> None:
    if set(clips["dataset"]) != {dataset}:
        raise UserError(
            f"The list {name} does not fit the dataset.",
            rule=f"It lists subjects of {dataset}.",
            received=", ".join(sorted(set(clips["dataset"]))),
            todo="Choose another protocol.",
        )


def _stratified_groups(subjects: np.ndarray, y: np.ndarray, settings: ProtocolSettings, seed: int) -> list[np.ndarray]:
    """Return groups of subjects between which the classes are shared out as evenly as subjects allow."""
    from sklearn.model_selection import StratifiedGroupKFold

    # The result must not depend on the order of the rows.
    order = np.lexsort((y, subjects))
    subjects, y = subjects[order], y[order]
    if np.bincount(y).max() < settings.folds:
        raise UserError(
            "There are too few rows to share out the classes.",
            rule=f"At least one class needs {settings.folds} rows, one a fold.",
            received=f"{np.bincount(y).max()} rows of the largest class",
            todo="Lower folds, or use kind: group_kfold.",
        )
    state = derive_seed(seed, settings.kind)
    splitter = StratifiedGroupKFold(settings.folds, shuffle=True, random_state=state)
    with warnings.catch_warnings():
        # A class that lives in fewer subjects than there are folds is for the scores to tell.
        warnings.simplefilter("ignore", UserWarning)
        return [np.unique(subjects[test]) for _, test in splitter.split(y, y, subjects)]


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


def _paper_selection(clips: pd.DataFrame, settings: ProtocolSettings, test: np.ndarray) -> np.ndarray:
    if settings.kind == "folders":
        return clips["split"].to_numpy(dtype=str) == "validation"
    return test


def _check_apart(clips: pd.DataFrame, fold: Fold, settings: ProtocolSettings) -> None:
    """Refuse subjects in two parts.

    The validation and test images of FER+ that also stand in Training are part of its official split: the
    index marks them, and they do not count here.
    """
    subjects = (clips["dataset"] + "/" + clips["subject"]).to_numpy(dtype=str)
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
            todo="Correct the dataset's folders.",
        )
