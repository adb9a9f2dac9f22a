"""What an experiment may choose about training an image network: its pictures, its rows, its phases."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

# The layer that a dense output stands on.
FeatureLayer = Literal["embedding", "gap"]


class ImageSettings(BaseModel):
    """Which frames of a clip an image model is trained and tested on, and how they are scaled.

    Where single frames are labelled, every one of them is used, and the first three settings keep their defaults.

    Attributes:
        first_frame: frames before it are left out: the face reacts late (our choice: 50 at BioVid's 25 fps).
        every: step between training frames.
        test_every: step between tested frames.
        scaling: how pixels are scaled where the source does not say (`untrained`).
        size: side of the square picture in pixels; for image datasets, which have no faces stage.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    first_frame: int = Field(0, ge=0)
    every: int = Field(1, ge=1)
    test_every: int = Field(1, ge=1)
    scaling: Literal["unit", "caffe", "symmetric", "torch"] = "unit"
    size: int = Field(224, ge=32, le=512)

    @property
    def takes_all_frames(self) -> bool:
        return (self.first_frame, self.every, self.test_every) == (0, 1, 1)


class RowSettings(BaseModel):
    """Which training rows are kept and repeated, after the split and among training rows only (Hosseini).

    Where rows are dropped, tested rows are all predicted, and scored a second time after the same dropping.

    Attributes:
        drop_painless_sequences: leave out sequences of frames that all have class 0, the class without pain.
        keep_painless: share of the remaining rows of class 0 that is kept, drawn at random.
        oversample_from: classes from this one on are repeated up to the size of the class before it.
        augment: whether training pictures of all classes are changed at random, or those of repeated classes only.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    drop_painless_sequences: bool = False
    keep_painless: float = Field(default=1.0, gt=0, le=1)
    oversample_from: int | None = Field(default=None, ge=1)
    augment: Literal["all", "oversampled"] = "all"

    @property
    def drop(self) -> bool:
        """Whether any row is left out."""
        return self.drop_painless_sequences or self.keep_painless < 1


class PhaseSettings(BaseModel):
    """What one phase does otherwise than the strategy derives from `training`; `None` keeps that.

    Attributes:
        learning_rate, epochs, patience: as in `training`, for this phase.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    learning_rate: float | None = Field(default=None, gt=0)
    epochs: int | None = Field(default=None, ge=1)
    patience: int | None = Field(default=None, ge=1)


class WindowSettings(BaseModel):
    """Which stretches of a clip a head sees (Prajod: 10 s, No-Pain cut up in training, the first in tests).

    Attributes:
        clip_frames: cuts sequences of pictures whose frames are labelled (UNBC-McMaster) into clips of so many frames,
            all of which are trained and tested on; a clip's label is the highest of its frames. What is left of a
            sequence at its end is left out.
        seconds: length of a window, and of the stretch that is read of a tested clip.
        frames: the same in pictures, of clips without a frame rate (MIntPAIN); `None` where they are of one length.
        train: `cut` takes every whole window of a training clip, `first` only the first.
        missing: how a sequence head sees a frame without a face.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    clip_frames: int | None = Field(None, ge=1)
    seconds: float = Field(10.0, gt=0, le=1e6)
    frames: int | None = Field(None, ge=1)
    train: Literal["cut", "first"] = "cut"
    missing: Literal["hold_last", "mask"] = "hold_last"


class DenseHead(BaseModel):
    """The image model's own last dense layer.

    Attributes:
        kind: names the head.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["dense"]
