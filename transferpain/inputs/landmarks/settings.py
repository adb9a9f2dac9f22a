"""What an experiment may choose about landmarks."""

from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field


class LandmarkSettings(BaseModel):
    """How sure the face mesh must be: from 0 to 1, both .7 in El-Ghaish.

    Attributes:
        detection_confidence: of a face that it finds anew.
        tracking_confidence: of a face that it follows from the frame before; below, it looks for one anew.
        still: whether it looks at each picture for itself and follows nothing, as it does with a single photograph.
        blendshapes: whether it also says how strongly it sees each of `BLENDSHAPES`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    detection_confidence: float = Field(default=0.7, ge=0, le=1)
    tracking_confidence: float = Field(default=0.7, ge=0, le=1)
    still: bool = False
    blendshapes: ClassVar[bool] = False


class WithBlendshapes(LandmarkSettings):
    """The same, and the blendshapes of each face are kept; no experiment chooses that, its action units do."""

    blendshapes: ClassVar[bool] = True
