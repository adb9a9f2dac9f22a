"""One person under several spellings would stand on both sides of a split: such names are found and refused."""

from collections.abc import Iterable

from transferpain.core.errors import UserError
from transferpain.core.spelling import quoted, same_names

SHOWN = 5


def check_subject_names(names: Iterable[str], where: str, confirmed: list[list[str]] | None = None) -> None:
    """Refuse names that are spellings of one, unless somebody has said that they are different people.

    Args:
        names: of all clips.
        where: what they stand in, in words.
        confirmed: groups of names that are different people, though they look alike; `None` where nobody can say so.

    Raises:
        UserError: with the groups; and if a confirmed name does not occur.
    """
    names = list(dict.fromkeys(names))
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
    ways = "If they are one person, write one name."
    if confirmed is not None:
        example = ", ".join(quoted(name) for name in groups[0])
        ways += f" If they are not, say so in dataset.yaml: distinct_subjects: [[{example}]]"
    raise UserError(
        f"Subjects in {where} have names that may be spellings of one.",
        rule="A person under two names would stand on both sides of a split. Upper and lower case, forms of Unicode, "
        "blanks, dashes, leading zeros and a final .0 do not tell people apart.",
        received=named + rest,
        todo=ways,
    )
