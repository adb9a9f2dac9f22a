"""How the network that fuses pictures and landmarks is built, as an experiment file states it."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

# Each answer reads all their pictures: beyond, a network of pictures of 224 pixels is over the bounds of a bundle.
MOST_JOINED = 32


class FusionSettings(BaseModel):
    """Where El-Ghaish leaves the network open, or ablates it; the defaults are our reading.

    Attributes:
        branches: `both`, or one of them alone, with an output of its own: what fusion is compared with.
        axis: what the landmark branch steps along: `time`, a window of frames, each with all its landmarks; or
            `points`, the landmarks of a single frame, as the paper's Table 5 read literally.
        fusion: `dense` joins one picture and the window's landmarks; `bilstm` joins a picture and the landmarks of each
            frame, and a further Bi-LSTM with attention reads them in order.
        frames: length of the window, T, spread evenly over a clip; the pictures are those of the same frames.
        points: 478, or 468 without the irises.
        coordinates: 3 for x, y and z; 2 for x and y.
        squeeze_excitation, attention: whether the network has them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    branches: Literal["both", "images", "landmarks"] = "both"
    axis: Literal["time", "points"] = "time"
    fusion: Literal["dense", "bilstm"] = "dense"
    # With more, the points of a window would be too many for OpenCV to look up in one call.
    frames: int = Field(default=16, ge=1, le=64)
    points: Literal[478, 468] = 478
    coordinates: Literal[3, 2] = 3
    squeeze_excitation: bool = True
    attention: bool = True

    @model_validator(mode="after")
    def _parts_fit_each_other(self):
        if (self.axis, self.fusion) == ("points", "bilstm"):
            raise ValueError("axis: `points` sees one frame, and fusion `bilstm` needs several; choose axis `time`")
        if self.fusion == "bilstm" and self.frames > MOST_JOINED:
            raise ValueError(f"frames: fusion `bilstm` takes at most {MOST_JOINED}; a larger network could not be kept")
        if self.branches != "both" and self.fusion != "dense":
            raise ValueError(f"fusion: `{self.fusion}` joins two branches, and there is one: {self.branches}")
        return self

    @property
    def landmark_shape(self) -> tuple[int, int]:
        """What the landmark branch reads: `(T, points x coordinates)`, or `(points, coordinates)`."""
        if self.axis == "points":
            return self.points, self.coordinates
        return self.frames, self.points * self.coordinates

    def reads_whole_clips(self, branches: str) -> bool:
        """Tell whether a network of these branches answers once for a clip, and not once for each frame.

        Args:
            branches: as the attribute; `images` and `landmarks` are also what is trained before both.
        """
        return (branches, self.axis) == ("landmarks", "time") or (branches, self.fusion) == ("both", "bilstm")


class AdaBoostHead(BaseModel):
    """Boosted trees on the embedding of the fused network, in place of its softmax (the settings are ours).

    Attributes:
        kind: names the head.
        depth: of each tree.
        estimators: how many trees at most.
        learning_rate: how much each tree counts.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["adaboost"]
    depth: int = Field(default=3, ge=1)
    estimators: int = Field(default=50, ge=1)
    learning_rate: float = Field(default=0.5, gt=0)
