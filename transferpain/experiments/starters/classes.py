"""The classes of a first task, proposed from the labels of an index."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import pandas as pd

from transferpain.core.errors import UserError
from transferpain.core.spelling import plain, quoted
from transferpain.data.datasets.guessed_names import strength
from transferpain.data.media.walk import natural_key
from transferpain.data.tasks.rules.bins import as_numbers

MOST_CLASSES = 10
MOST_NUMBERS = 5  # of so many numbers each is a class; of more, the lowest and all above it


@dataclass(frozen=True)
class Classes:
    """Classes of one dataset.

    Attributes:
        names: in their order.
        rule: `mapping` or `bins`, as a task file has it.
        ordinal: whether the order is that of how much is felt.
        notes: what was taken together, a sentence each.
    """

    names: tuple[str, ...]
    rule: dict[str, Any]
    ordinal: bool
    notes: tuple[str, ...] = ()


def propose_classes(labels: pd.Series, where: str) -> Classes:
    """Return a class for each label, the least pain first as far as the labels tell; spellings of one are one class.

    Args:
        labels: text, missing where a clip has none.
        where: the file that they stand in.

    Raises:
        UserError: if there are fewer than two, or more than a task could have.
    """
    there = labels.dropna().astype(str)
    spellings = defaultdict(list)
    for label in there.value_counts().index:  # the commonest spelling first
        spellings[plain(label)].append(label)
    if len(spellings) < 2:
        said = f"{len(there)} clips, all with the label {quoted(there.iloc[0])}" if len(there) else "no label at all"
        raise UserError(
            f"The clips of {where} have no two labels.",
            rule="A task has two classes at least, and each clip the label of one.",
            received=said,
            todo=f"Fill in the column `label` of {where}, and give the same command again.",
        )
    numbers = as_numbers(there)
    if numbers.notna().all() and len(spellings) > MOST_NUMBERS:
        return _lowest_and_above(sorted(set(numbers)))
    if len(spellings) > MOST_CLASSES:
        raise UserError(
            f"The clips of {where} have {len(spellings)} labels.",
            rule=f"Classes are proposed for {MOST_CLASSES} labels at most.",
            received=", ".join(quoted(group[0]) for group in list(spellings.values())[:MOST_CLASSES]) + ", ...",
            todo="Use fewer labels in the column `label`; what stands there may be kept in a column of another name.",
        )
    names = sorted((group[0] for group in spellings.values()), key=natural_key)
    strengths = [strength(name) for name in names]
    known = None not in strengths
    if known:
        names = [name for _, name in sorted(zip(strengths, names, strict=True), key=lambda pair: pair[0])]
    mapping = {label: number for number, name in enumerate(names) for label in spellings[plain(name)]}
    together = [" and ".join(map(quoted, group)) for group in spellings.values() if len(group) > 1]
    notes = tuple(f"{group} are taken for spellings of one label." for group in together)
    return Classes(tuple(names), {"mapping": mapping}, known and len(set(strengths)) == len(names), notes)


def _lowest_and_above(values: list[float]) -> Classes:
    lowest, next_one, highest = values[0], values[1], values[-1]
    names = (f"{lowest:g}", f"{next_one:g} and more")
    note = f"The labels are {len(values)} numbers: the lowest is one class, all others are the second; see the task."
    return Classes(names, {"bins": [[lowest, lowest], [next_one, highest]]}, True, (note,))
