"""One person under several spellings would stand on both sides of a split: such names are found and refused."""

from collections.abc import Iterable

import pandas as pd

from transferpain.core.errors import UserError
from transferpain.core.spelling import has_control, plain, quoted, same_names

SHOWN = 5


def check_subject_names(names: Iterable[str], where: str, confirmed: list[list[str]] | None = None) -> None:
    """Refuse names that are spellings of one, unless somebody has said that they are different people.

    Names with control characters are refused as well: tables give them back changed, or end a name at them.

    Args:
        names: of all clips.
        where: what they stand in, in words.
        confirmed: groups of names that are different people, though they look alike; `None` where nobody can say so.

    Raises:
        UserError: with the groups; and if a confirmed name does not occur.
    """
    names = list(dict.fromkeys(names))
    if hidden := [name for name in names if has_control(name)]:
        raise UserError(
            f"A subject's name in {where} holds a character that cannot be seen.",
            rule="Names have letters, digits, signs and blanks; no control characters and no ends of lines.",
            received=quoted(hidden[0]),
            todo="Correct the name.",
        )
    if unknown := [name for group in confirmed or [] for name in group if name not in names]:
        raise UserError(
            f"distinct_subjects names somebody who is not in {where}.",
            rule="It lists groups of subjects that are different people, as their names stand there.",
            received=quoted(unknown[0]),
            todo="Correct the name.",
        )
    apart = [set(group) for group in confirmed or []]
    groups = [group for group in same_names(names) if not any(set(group) <= one for one in apart)]
    if not groups:
        return
    named = "; ".join(" and ".join(map(quoted, group)) for group in groups[:SHOWN])
    rest = f"; and {len(groups) - SHOWN} more" if len(groups) > SHOWN else ""
    ways = "If they are one person, write one name. If they are not, "
    if confirmed is None:
        ways += "write names that differ by more."
    else:
        example = ", ".join(quoted(name) for name in groups[0])
        ways += f"say so in dataset.yaml: distinct_subjects: [[{example}]]"
    raise UserError(
        f"Subjects in {where} have names that may be spellings of one.",
        rule="A person under two names would stand on both sides of a split. Upper and lower case, forms of Unicode, "
        "blanks, dashes, leading zeros and a final .0 do not tell people apart.",
        received=named + rest,
        todo=ways,
    )


def check_subjects_of(table: pd.DataFrame, where: str) -> None:
    """Do as `check_subject_names` for each dataset of a table: in two datasets, names are of different people.

    Args:
        table: with subject, and dataset where there are several.
    """
    datasets = table["dataset"] if "dataset" in table else pd.Series("", index=table.index)
    for dataset, names in table["subject"].astype(str).groupby(datasets.astype(str), sort=False):
        check_subject_names(names.unique(), f"{where} of {dataset}" if dataset else where)


def called_alike(names: Iterable[str], others: Iterable[str]) -> list[str]:
    """Return those of the names that are spellings of one of the others, or the same, in their order."""
    known = set(map(plain, set(others)))
    return [name for name in dict.fromkeys(names) if plain(name) in known]
