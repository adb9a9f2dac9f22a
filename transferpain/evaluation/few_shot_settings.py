"""What an experiment asks of few-shot calibration; read without anything that computes."""

from itertools import pairwise
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, field_validator

MOST_CLIPS = 100


class FewShotSettings(BaseModel):
    """The numbers of labelled clips of each tested subject that the answers are calibrated with.

    Attributes:
        clips: ascending, from 0, the answers as they are. As many clips as the last are tested for none of them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    clips: tuple[Annotated[int, Field(ge=0, le=MOST_CLIPS, strict=True)], ...] = Field((0, 1, 2, 5, 10), min_length=2)

    @field_validator("clips")
    @classmethod
    def ascend_from_0(cls, clips: tuple[int, ...]) -> tuple[int, ...]:
        if clips[0] != 0 or any(later <= earlier for earlier, later in pairwise(clips)):
            raise ValueError(f"numbers of clips ascend from 0, each once, received {list(clips)}")
        return clips
