"""What a kind of protocol is, and what several kinds share."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import pandas as pd

from transferpain.core.errors import UserError

# Name, training mask and test mask of a fold, bool `(clips,)`.
Split = tuple[str, np.ndarray, np.ndarray]


class SplitSettings(Protocol):
    """What a kind reads of `ProtocolSettings`."""

    folds: int
    fold: int | None
    test_split: str
    selection: str
    test_dataset: str | None
    holdout: str | None
    fold_list: str | None
    folds_from: str | None
    train_subjects: int | None


def _accept(settings: SplitSettings) -> None:
    """Know no rule beyond `needs`."""


def _name_nobody(settings: SplitSettings) -> tuple[str, ...]:
    return ()


@dataclass(frozen=True)
class ProtocolKind:
    """A way to split a dataset.

    Attributes:
        name: as `kind` in `ProtocolSettings`.
        split: `(clips, subjects, labelled, settings, seed) -> splits`: the table of `make_folds`, the subject of each
            row, text `(clips,)`, whether a row may be trained on, bool `(clips,)`, the settings, and the seed of
            random draws. What it returns may name unlabelled rows: `make_folds` leaves them out of training. The rows'
            order may change nothing where `keeps_apart`.
        needs: keys of the settings that go with this kind, and only with it -> why, or nothing.
        columns: columns of the clips that `split` reads, beside subject and y.
        check: refuses settings, by `ValueError`.
        inputs: what names in a run's hash the files that `split` reads, and that the settings name by their path only.
        provenance: where the lists of subjects come from that the settings name, `<name>: <whose>` each.
        keeps_apart: whether no subject stands on both sides of a split.
        paper_folder: the folder that `selection: paper` selects on; `None`: the test part.
        warning: what every output must warn of, a sentence or none.
        takes_fold: whether the settings may name one fold, `fold`, that is made alone.
        target_training: of kinds with two datasets: `(clips, settings, seed) -> positions` of the training subjects of
            the one that is tested on, labelled or not; int64, ascending.
    """

    name: str
    split: Callable[[pd.DataFrame, np.ndarray, np.ndarray, SplitSettings, int], list[Split]]
    needs: Mapping[str, str] = field(default_factory=dict)
    columns: tuple[str, ...] = ()
    check: Callable[[SplitSettings], None] = _accept
    inputs: Callable[[SplitSettings], tuple[str, ...]] = _name_nobody
    provenance: Callable[[SplitSettings], tuple[str, ...]] = _name_nobody
    keeps_apart: bool = True
    paper_folder: str | None = None
    warning: str = ""
    takes_fold: bool = False
    target_training: Callable[[pd.DataFrame, SplitSettings, int], np.ndarray] | None = None


def number_folds(tests: list[np.ndarray]) -> list[Split]:
    """Return a fold for each test mask, bool `(clips,)`; all other rows are trained on."""
    return [(f"fold{number}", ~test, test) for number, test in enumerate(tests)]


def labelled_people(subjects: np.ndarray, labelled: np.ndarray, needed: int, kind: str) -> list[str]:
    """Return the subjects that have a label, by name.

    Raises:
        UserError: if they are fewer than needed.
    """
    people = sorted(set(subjects[labelled]))
    if len(people) < needed:
        raise UserError(
            f"There are too few subjects for the protocol {kind}.",
            rule=f"It needs {needed} subjects with labels.",
            received=len(people),
            todo="Lower folds, or use more subjects.",
        )
    return people
