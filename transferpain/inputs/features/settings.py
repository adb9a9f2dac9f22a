"""What an experiment may choose about features."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from transferpain.inputs.features.extractors.registry import EXTRACTORS


class FeatureSettings(BaseModel):
    """How features are computed.

    Attributes:
        extractor: what turns a face into features: `source`, the embedding of the experiment's source.
        fps: features per second; each tick takes the frame nearest in time. `None` keeps the video's rate.
        frames: features per clip, spread evenly over the stretch that is read of every clip (`window.seconds`, or
            `window.frames` pictures): for clips without a rate. Not together with `fps`.
        dtype: what the extractor computes in; `auto` takes bfloat16 where the machine is fast at it.
        batch: pictures a step; it changes the speed, not the meaning.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    extractor: EXTRACTORS.name_type = "source"
    fps: float | None = Field(default=None, gt=0, le=1000)
    frames: int | None = Field(default=None, ge=1, le=10_000)
    dtype: Literal["auto", "float32", "bfloat16"] = "auto"
    batch: int = Field(default=32, ge=1, le=1024)

    @model_validator(mode="after")
    def _check_sampling(self) -> "FeatureSettings":
        if self.fps is not None and self.frames is not None:
            raise ValueError("frames: goes without fps: features are so many a second, or so many a clip")
        return self
