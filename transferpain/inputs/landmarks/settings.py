"""What an experiment may choose about landmarks."""

from pydantic import BaseModel, ConfigDict, Field


class LandmarkSettings(BaseModel):
    """How sure the face mesh must be: from 0 to 1, both .7 in El-Ghaish.

    Attributes:
        detection_confidence: of a face that it finds anew.
        tracking_confidence: of a face that it follows from the frame before; below, it looks for one anew.
        still: whether it looks at each picture for itself and follows nothing, as it does with a single photograph.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    detection_confidence: float = Field(default=0.7, ge=0, le=1)
    tracking_confidence: float = Field(default=0.7, ge=0, le=1)
    still: bool = False
