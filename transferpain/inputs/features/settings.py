"""What an experiment may choose about features."""

from functools import reduce
from operator import or_
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from transferpain.inputs.features.extractors.extractor import Extractor
from transferpain.inputs.features.extractors.registry import EXTRACTORS
from transferpain.inputs.features.own_kinds.registry import OWN_KINDS
from transferpain.inputs.signals.settings import SignalSettings

Extraction = Annotated[
    reduce(or_, [kind.Settings for kind in EXTRACTORS.values() if kind.Settings]), Field(discriminator="kind")
]

SIGNALS = ("signal_measures", "signal_series")
MOST_FRAMES = 1000


class FeatureSettings(BaseModel):
    """How features are computed.

    Attributes:
        extractor: what turns a face into features: `source`, the embedding of the experiment's source; or a texture,
            which an experiment says as `source: {extractor: NAME}`.
        extraction: the settings of an extractor that has some, which stand beside its name in `source`.
        fps: features per second; each tick takes the frame nearest in time. `None` keeps the video's rate.
        frames: features per clip, spread evenly over the stretch that is read of every clip (`window.seconds`, or
            `window.frames` pictures): for clips without a rate. Not together with `fps`.
        dtype: what the extractor computes in; `auto` takes bfloat16 where the machine is fast at it.
        batch: pictures a step; it changes the speed, not the meaning. A little more are taken where a picture's place
            in a batch would tell on the last bits of its features.
        folder: of own features, below the data root, a file for each clip: what the experiment says as
            `source: {features: FOLDER, rate: ROWS A SECOND}`. No face is looked for then.
        files: what stands in the folder: `features`, one `<clip>.npy` each, `(frames, D)` or `(D,)`; `action_units`, a
            table of py-feat, OpenFace 2 or LibreFace each, of which mean, standard deviation, minimum, median and
            maximum of each unit are taken, over the stretch that is read; `signal_measures` and `signal_series`, a
            table of signals each, measured over the stretch, or read in time (`docs/signals.md`).
        signals: of tables of signals, which channels are read; it is filled in.
        rate: frames a second of own features, samples a second of signals; without it frames are counted, as pictures
            are.
        least_confidence: of tables; frames of which the tool was less sure are frames without a face.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    extractor: EXTRACTORS.name_type = "source"
    extraction: Extraction | None = Field(default=None, exclude_if=lambda value: value is None)
    fps: float | None = Field(default=None, gt=0, le=1000)
    frames: int | None = Field(default=None, ge=1, le=10_000)
    dtype: Literal["auto", "float32", "bfloat16"] = "auto"
    batch: int = Field(default=32, ge=1, le=1024)
    # Named only where they are set: runs of versions that did not know them stay as they are.
    folder: str | None = Field(default=None, min_length=1, exclude_if=lambda value: value is None)
    files: OWN_KINDS.name_type = Field(default="features", exclude_if=lambda value: value == "features")
    rate: float | None = Field(default=None, gt=0, le=10_000, exclude_if=lambda value: value is None)
    least_confidence: float | None = Field(default=None, gt=0, le=1, exclude_if=lambda value: value is None)
    signals: SignalSettings | None = Field(default=None, exclude_if=lambda value: value is None)

    @model_validator(mode="before")
    @classmethod
    def _fill_in_extraction(cls, values: Any) -> Any:
        """Write the extractor's settings down even where all are the defaults: these may change."""
        if not isinstance(values, dict):
            return values
        name, chosen = values.get("extractor"), values.get("extraction")
        known = isinstance(name, str) and name in EXTRACTORS
        if not known or EXTRACTORS[name].Settings is None or not isinstance(chosen, dict | None):
            return values
        return values | {"extraction": {"kind": name} | (chosen or {})}

    @model_validator(mode="after")
    def _check_extraction(self) -> "FeatureSettings":
        kind = None if self.extraction is None else self.extraction.kind
        if kind != (self.extractor if EXTRACTORS[self.extractor].Settings else None):
            raise ValueError(f"extraction: settings of `{kind}` do not go with the extractor `{self.extractor}`")
        return self

    @model_validator(mode="before")
    @classmethod
    def _fill_in_signals(cls, values: Any) -> Any:
        """Write the channels down even where all are the defaults: these may change."""
        if isinstance(values, dict) and values.get("files") in SIGNALS and values.get("signals") is None:
            return values | {"signals": {}}
        return values

    @model_validator(mode="after")
    def _check_signals(self) -> "FeatureSettings":
        if (self.signals is not None) != (self.files in SIGNALS):
            raise ValueError(f"signals: goes with files {' or '.join(f'`{name}`' for name in SIGNALS)}")
        if self.signals is None:
            if self.rate is not None and self.rate > MOST_FRAMES:
                raise ValueError(f"rate: of frames it is up to {MOST_FRAMES} a second, received {self.rate:g}")
            return self
        if self.rate is None:
            raise ValueError("rate: of signals it is stated, as source: {signal_measures: FOLDER, rate: 512}")
        if self.rate < self.signals.least_rate:
            raise ValueError(
                f"rate: {', '.join(self.signals.columns)} need {self.signals.least_rate:g} samples a second, received "
                f"{self.rate:g}; source: {{..., channels: {{COLUMN: other}}}} measures any signal"
            )
        if self.files == "signal_series" and (self.fps is None or self.fps > self.rate):
            raise ValueError("features.fps: rows of signals are so many a second, at most as many as samples")
        return self

    @model_validator(mode="after")
    def _check_sampling(self) -> "FeatureSettings":
        if self.fps is not None and self.frames is not None:
            raise ValueError("frames: goes without fps: features are so many a second, or so many a clip")
        if self.rate is not None and self.folder is None:
            raise ValueError("rate: is that of own features, and goes with folder")
        if self.folder is None and (self.files != "features" or self.least_confidence is not None):
            raise ValueError("files: is that of own features, and goes with folder, as does least_confidence")
        if self.least_confidence is not None and self.files != "action_units":
            raise ValueError("least_confidence: goes with tables of action units")
        if self.whole_clip and (self.fps is not None or self.frames is not None):
            what = "measures of signals" if self.signals is not None else "tables of action units"
            raise ValueError(f"fps, frames: of {what} a clip has one row, over the stretch that is read")
        if self.folder is not None and self.extractor != "source":
            raise ValueError(f"extractor: own features are there already, received `{self.extractor}`")
        if self.folder is not None and self.fps is not None and self.rate is None:
            raise ValueError("fps: own features are resampled by their rate: source: {features: FOLDER, rate: 25}")
        return self

    @property
    def reads_source(self) -> bool:
        """Whether the features are those of the experiment's source."""
        return self.folder is None and EXTRACTORS[self.extractor].reads_source

    @property
    def smallest_face(self) -> int:
        """The least side of a face that the extractor takes, in pixels, where it is no network."""
        return 1 if self.extraction is None else self.extraction.smallest_face

    def make_extractor(self, source: Any) -> Extractor:
        """Return the extractor; nothing is loaded.

        Args:
            source: of the experiment; `None` where the features are not the source's.
        """
        return EXTRACTORS[self.extractor].make(source, self.extraction)

    @property
    def whole_clip(self) -> bool:
        """Whether a clip has one row, made of its frames."""
        return self.folder is not None and OWN_KINDS[self.files].whole_clip

    @property
    def of_frames(self) -> bool:
        """Whether a row is a frame: not of whole clips, nor of signals, which are sampled at a rate of their own."""
        return not self.whole_clip and self.signals is None

    @property
    def made_elsewhere(self) -> bool:
        """Whether nobody here knows what made the features: signals are measured here, clip by clip."""
        return self.folder is not None and self.signals is None

    @property
    def made_by(self) -> str:
        """What made them, in a word, where that is not the source."""
        return self.extractor if self.folder is None else OWN_KINDS[self.files].made_by
