"""What an experiment says of the person's own neutral face that features are read beside."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from transferpain.data.datasets.dataset import Neutral

WITHHELD = "withheld"


class ReferenceSettings(BaseModel):
    """A neutral clip of each person is taken out of training, selection and test, and its face is a reference.

    Attributes:
        form: `difference` takes the reference off the features, `pair` puts it beside them, `withheld` takes the same
            clips out and uses none of them: what the others are compared with, on the same clips.
        frames: how many frames of the clip, spread evenly over those with a face, the reference is the mean of; not
            with `withheld`.
        of: whose reference it is: the person's own, or as a control that of `another` person of the same part.
        missing: what becomes of people without a neutral clip: `refuse` the experiment, or `leave_out` all they have.
        neutral: column of raw labels -> those of a face without pain, in the place of what the dataset says.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    form: Literal["difference", "pair", "withheld"]
    frames: int | None = Field(None, ge=1, le=1000)
    of: Literal["own", "another"] = "own"
    missing: Literal["refuse", "leave_out"] = "refuse"
    neutral: dict[str, Annotated[tuple[str | int, ...], Field(min_length=1)]] | None = None

    @model_validator(mode="after")
    def _check(self) -> "ReferenceSettings":
        if self.form == WITHHELD and (self.frames is not None or self.of != "own"):
            raise ValueError("frames and of: with form `withheld` no reference is read, so leave them out")
        if self.form != WITHHELD and self.frames is None:
            raise ValueError(f"frames: with form `{self.form}` say how many frames the reference is the mean of")
        if self.neutral is not None and len(self.neutral) != 1:
            raise ValueError("neutral: one column of raw labels, and a list of those that mean no pain")
        return self

    @property
    def widens(self) -> int:
        """How many times as many features a head reads as without."""
        return 2 if self.form == "pair" else 1

    @property
    def stated_neutral(self) -> Neutral | None:
        """What `neutral` says, if anything."""
        return None if self.neutral is None else Neutral(*next(iter(self.neutral.items())))

    def describe(self) -> str:
        """Say what a head reads, for a reader of its bundle or of a report."""
        whose = "the same person" if self.of == "own" else "another person (a control)"
        mean = f"the mean of those of {self.frames} neutral frames of {whose}"
        if self.frames == 1:
            mean = f"those of one neutral frame of {whose}"
        how = "and beside them" if self.form == "pair" else "minus"
        return f"the features of a face {how} {mean}"


def reads_references(settings: ReferenceSettings | None) -> bool:
    """Tell whether a head reads neutral faces: not without a reference, nor where they are only taken out."""
    return settings is not None and settings.form != WITHHELD
