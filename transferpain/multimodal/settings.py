"""How the network that fuses pictures and landmarks is built, as an experiment file states it."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator


class FusionSettings(BaseModel):
    """Where El-Ghaish leaves the network open, or ablates it; the defaults are our reading.

    Attributes:
        axis: what the landmark branch steps along: `time`, a window of frames, each with all its landmarks; or
            `points`, the landmarks of a single frame, as the paper's Table 5 read literally.
        fusion: `dense` joins one picture and the window's landmarks; `bilstm` joins a picture and the landmarks of each
            frame, and a further Bi-LSTM with attention reads them in order.
        frames: length of the window, T.
        points: 478, or 468 without the irises.
        coordinates: 3 for x, y and z; 2 for x and y.
        squeeze_excitation, attention: whether the network has them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    axis: Literal["time", "points"] = "time"
    fusion: Literal["dense", "bilstm"] = "dense"
    frames: int = Field(default=16, ge=1)
    points: Literal[478, 468] = 478
    coordinates: Literal[3, 2] = 3
    squeeze_excitation: bool = True
    attention: bool = True

    @model_validator(mode="after")
    def _axis_fits_the_fusion(self):
        if (self.axis, self.fusion) == ("points", "bilstm"):
            raise ValueError("axis: `points` sees one frame, and fusion `bilstm` needs several; choose axis `time`")
        return self

    @property
    def landmark_shape(self) -> tuple[int, int]:
        """What the landmark branch reads: `(T, points x coordinates)`, or `(points, coordinates)`."""
        if self.axis == "points":
            return self.points, self.coordinates
        return self.frames, self.points * self.coordinates
