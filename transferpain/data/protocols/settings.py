"""What an experiment may choose about its protocol."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from transferpain.data.protocols.kinds.kind import ProtocolKind
from transferpain.data.protocols.kinds.registry import KINDS
from transferpain.data.protocols.subject_lists import LEAVE_OUT

PAPER_WARNING = "`selection: paper` stops on the subjects that it reports on, so its scores are optimistic."


class ProtocolSettings(BaseModel):
    """How a dataset is split.

    Attributes:
        kind: "folders" (the dataset's own split), "holdout" (a named list of test subjects), "loso" (each
            subject in turn), "group_kfold" (random groups of subjects), "stratified_group_kfold" (groups of
            subjects with similar shares of the classes), "published_folds" (a named list of folds), "own_folds"
            (the user's), "cross_dataset" (trained on the training subjects of one dataset, tested on the test
            subjects of another), "grouped" (groups of a dataset's subjects that are the same for every task),
            "grouped_cross_dataset" (tested on all subjects of another dataset) or "random_frames" (rows at
            random, whoever they show: it leaks, and only shows how much).
        folds: number of groups of the kinds that have any.
        fold: of "grouped" and "grouped_cross_dataset" the one group that is tested on, from 0 on; all of them if None.
        selection_share: share of the training subjects that "inner" selection sets aside.
        test_split: which folder "folders" tests on, and "cross_dataset" where the dataset has folders.
        test_dataset: the dataset that "cross_dataset" and "grouped_cross_dataset" test on.
        selection: "inner" stops and selects on subjects set aside from training; "paper" on the test
            subjects, or with `test_split: test` on the validation folder; "nested" stops as "inner" does, and also
            chooses among the experiment's `candidates` on subjects of the training part.
        inner_folds: groups of training subjects on which "nested" compares candidates.
        selection_rule: how "nested" chooses: by the mean over inner folds, or the first candidate within one standard
            error of the lowest loss.
        holdout: name of the list of "holdout".
        fold_list: name of the list of "published_folds".
        folds_from: of "own_folds" the column of the index that holds each subject's fold, or the path of a file with
            the columns subject and fold, which ends in `.csv`.
        leave_out: name of a list of subjects that are neither trained nor tested on.
        train_subjects: of the training subjects only so many are trained on, drawn at random after those of "inner"
            and "nested" selection were set aside; all if None.
        allow_leakage: must be set for "random_frames", and only for it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: KINDS.name_type = "folders"
    folds: int = Field(default=5, ge=2)
    # Named only where it is set: runs and registrations of versions that did not know it stay as they are.
    fold: int | None = Field(default=None, ge=0, exclude_if=lambda value: value is None)
    selection_share: float = Field(default=0.2, gt=0, lt=1)
    test_split: Literal["validation", "test"] = "validation"
    selection: Literal["inner", "paper", "nested"] = "inner"
    inner_folds: int = Field(default=3, ge=2)
    selection_rule: Literal["lowest_loss", "best_balanced_accuracy", "one_standard_error"] | None = None
    test_dataset: str | None = None
    holdout: str | None = None
    fold_list: str | None = None
    folds_from: str | None = Field(default=None, min_length=1, exclude_if=lambda value: value is None)
    leave_out: str | None = None
    train_subjects: int | None = Field(default=None, ge=1)
    allow_leakage: bool = False

    @model_validator(mode="after")
    def _check(self) -> "ProtocolSettings":
        for kind in KINDS.values():
            for key, why in kind.needs.items():
                given = getattr(self, key) != type(self).model_fields[key].default
                if given != (key in self.split_kind.needs):
                    names = " or ".join(name for name, other in KINDS.items() if key in other.needs)
                    raise ValueError(f"{key}: goes with kind: {names}, and only with it" + (why and f"; {why}"))
        if self.fold is not None and not (self.split_kind.takes_fold and self.fold < self.folds):
            kinds = " or ".join(kind.name for kind in KINDS.values() if kind.takes_fold)
            raise ValueError(f"fold: goes with kind: {kinds}, and is below folds, received {self.fold}")
        self.split_kind.check(self)
        if self.leave_out is not None and self.leave_out not in LEAVE_OUT:
            raise ValueError(f"leave_out: known are {', '.join(LEAVE_OUT)}, received {self.leave_out}")
        if (self.selection == "nested") != (self.selection_rule is not None):
            raise ValueError("selection_rule: goes with selection: nested, and only with it")
        return self

    @property
    def split_kind(self) -> ProtocolKind:
        """The entry of the registry that `kind` names."""
        return KINDS[self.kind]

    @property
    def selects_on_test(self) -> bool:
        """Whether training stops on the very subjects that are tested."""
        return self.selection == "paper" and self.split_kind.paper_folder in (None, self.test_split)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What every output of this protocol must warn of, a sentence each."""
        leak = (self.split_kind.warning,) if self.split_kind.warning else ()
        return leak + ((PAPER_WARNING,) if self.selection == "paper" else ())

    @property
    def provenance(self) -> tuple[str, ...]:
        """Where the lists of subjects come from that this protocol names, `<name>: <whose>` each."""
        named = self.split_kind.provenance(self)
        if self.leave_out is None:
            return named
        return (*named, f"without {self.leave_out}: {LEAVE_OUT[self.leave_out].whose}")
