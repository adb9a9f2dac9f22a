"""What an ensemble may choose: its members, and how one answer is made of theirs."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from transferpain.inputs.reference.settings import WITHHELD, ReferenceSettings

FEWEST = 2


class EnsembleSettings(BaseModel):
    """The keys of the strategy `ensemble`.

    Attributes:
        members: the finished runs, by the names of their experiments or of their folders in `runs/`; `source: {runs:
            [...]}` fills it in.
        reference: of members with a `reference`, in the form `withheld`: the clips that are taken out of theirs.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    # Named only where it is set: runs and registrations of versions that did not know it stay as they are.
    members: tuple[Annotated[str, Field(min_length=1)], ...] = Field((), exclude_if=lambda value: not value)
    reference: ReferenceSettings | None = Field(None, exclude_if=lambda value: value is None)


class Combination(BaseModel):
    """Base of the settings of what makes one answer of several, which add `kind: Literal["<name>"]`.

    Attributes:
        kind: names how.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: str


class Averaging(Combination):
    """The mean of the members' probabilities; nothing is fitted."""

    kind: Literal["averaging"]


class Stacking(Combination):
    """A standardised logistic regression on the members' probabilities (Wolpert 1992), by subject.

    It is fitted, in each fold and for each seed, to the answers for the subjects that the fold set aside for selection.

    Attributes:
        class_weights: whether each class counts alike.
    """

    kind: Literal["stacking"]
    class_weights: bool = False


def check_withheld(reference: ReferenceSettings | None) -> None:
    """Refuse a reference that an ensemble would have to read. Raises `ValueError`."""
    if reference is not None and reference.form != WITHHELD:
        raise ValueError(
            f"reference.form: an ensemble reads no faces, so `{WITHHELD}`, which takes the clips out that its members' "
            f"references are, received `{reference.form}`"
        )


def check_members(members: tuple[str, ...]) -> None:
    """Refuse a list that is no ensemble. Raises `ValueError`."""
    if len(members) < FEWEST:
        raise ValueError(f"members: an ensemble has two members or more, received {list(members)}")
    if twice := sorted({name for name in members if members.count(name) > 1}):
        raise ValueError(f"members: each run once, received {', '.join(f'`{name}`' for name in twice)} more than once")
