"""Named lists of subjects: of hold-outs, of published folds, and of those who are left out."""

from dataclasses import dataclass

import pandas as pd

from transferpain.core.errors import UserError
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
# The fixed hold-outs of the cross-dataset protocol, but for the official one our choice; AI4Pain's are its own folders.
OFFICIAL_HOLDOUTS = {"biovid": "biovid-61-26"}
FIXED_HOLDOUTS = OFFICIAL_HOLDOUTS | {"unbc": "unbc-20-5", "mintpain": "mintpain-15-5"}
FOLD_LISTS = {name: ("unbc", chosen) for name, chosen in unbc_facts.FOLD_LISTS.items()}
# Leaving subjects out makes a task easier, and must be said beside the score.
LEAVE_OUT = {
    "biovid-low-reactive": SubjectList(
        "biovid", "Werner et al., ACIIW 2017: 20 subjects without a visible reaction", biovid.LOW_REACTIVE_SUBJECTS
    ),
}


def check_dataset(clips: pd.DataFrame, dataset: str, name: str) -> None:
    """Refuse clips of any dataset but the one whose subjects a list names.

    Raises:
        UserError: if `clips` holds another dataset.
    """
    if set(clips["dataset"]) != {dataset}:
        raise UserError(
            f"The list {name} does not fit the dataset.",
            rule=f"It lists subjects of {dataset}.",
            received=", ".join(sorted(set(clips["dataset"]))),
            todo="Choose another protocol.",
        )
