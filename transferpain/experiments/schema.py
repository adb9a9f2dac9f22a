"""The experiment file: its schema, how it is loaded, overridden, resolved and hashed.

An experiment is one short YAML file. `base: other.yaml` (one level, beside it) supplies what the file
leaves out; `--set key=value` overrides both. Every default stands in the settings classes, nowhere else.
"""

import difflib
from pathlib import Path
from typing import Annotated, Any, Literal, Union

from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator, model_validator

from transferpain.core.errors import UserError
from transferpain.core.overrides import merge
from transferpain.core.store import fingerprint
from transferpain.core.yaml_file import read_mapping
from transferpain.data.protocols.settings import ProtocolSettings
from transferpain.data.synthetic.settings import TwinSettings
from transferpain.inputs.adaptation.chosen import check_adaptation
from transferpain.inputs.adaptation.registry import ADAPTATIONS
from transferpain.inputs.features.settings import FeatureSettings
from transferpain.inputs.landmarks.settings import LandmarkSettings
from transferpain.models.sources.face_settings import FaceSettings
from transferpain.models.sources.origin import first_there
from transferpain.networks.backbones.registry import BACKBONES
from transferpain.networks.backbones.registry import DEFAULT as DEFAULT_BACKBONE
from transferpain.networks.heads.registry import HEADS
from transferpain.networks.training.settings import TrainingSettings
from transferpain.strategies.common.phases import phase_names
from transferpain.strategies.common.settings import ImageSettings, PhaseSettings, RowSettings
from transferpain.strategies.fused.settings import AdaBoostHead, FusionSettings
from transferpain.strategies.hybrid.settings import HybridHead

NAME_PATTERN = r"^[a-z0-9][a-z0-9-]*$"
# Which heads a strategy takes; those that train an image network take its own dense layer alone.
TAKEN_HEADS = {"frozen": tuple(HEADS), "fused": ("dense", "adaboost"), "hybrid": ("hybrid",)}


class Settings(BaseModel):
    """Base of every part of an experiment: immutable; an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Paper(Settings):
    """What a paper states, and what we decided where it is silent; shown apart from our measurements."""

    name: str
    title: str = ""
    figures: dict[str, float | str] = {}
    decisions: tuple[str, ...] = ()


class WindowSettings(Settings):
    """Which stretches of a clip a head sees (Prajod: 10 s, No-Pain cut up in training, the first in tests).

    Attributes:
        clip_frames: cuts sequences of pictures whose frames are labelled (UNBC-McMaster) into clips of so many frames,
            all of which are trained and tested on; a clip's label is the highest of its frames.
        seconds: length of a window.
        train: `cut` takes every whole window of a training clip, `first` only the first.
        missing: how a sequence head sees a frame without a face.
    """

    clip_frames: int | None = Field(None, ge=1)
    seconds: float = Field(10.0, gt=0)
    train: Literal["cut", "first"] = "cut"
    missing: Literal["hold_last", "mask"] = "hold_last"


class DenseHead(Settings):
    """The image model's own last dense layer."""

    kind: Literal["dense"]


# The settings of every head, told apart by their `kind`.
HeadChoice = Union[*(head.Settings for head in HEADS.values()), DenseHead, HybridHead, AdaBoostHead]


class Experiment(Settings):
    """One experiment, complete: every default filled in.

    Attributes:
        name: lower-case letters, digits and hyphens; names the run folder.
        task: a file in `transferpain/data/tasks/`.
        dataset: which dataset is read, where the task fits several.
        backbone: the network that the source is, or is built as.
        source: `untrained`, `imagenet`, another experiment's name, or the folder of a shared model; behind either,
            `#sha256=<digest>` pins the one model that may be used. Of several, the first that is on this machine.
        source_set: what is changed in the source's experiment.
        cut: the layer of the source that a dense head stands on: `gap` leaves its embedding out (Hosseini).
        strategy: `frozen` (features of the source, then a head); or the network itself is trained: `head` (its last
            layer), `progressive` (from the output down, in phases) or `full` (every weight at once); `hybrid` does the
            last, and fits gradient boosting on action units and on them and the embedding (Verma); `fused` joins its
            convolutions, which read pictures, with a branch that reads landmarks (El-Ghaish).
        adaptation: how cached features are adapted to who, or what dataset, is tested (`docs/adaptation.md`).
        images, rows: for the strategies that train the network.
        landmarks, fusion: for `fused`: how landmarks are found, and how the network is built.
        probe_source: whether the source's own task is scored again with the tuned layers (forgetting).
        phases, phases_up_to: for `progressive` (and `phases` for `fused`): what a phase does its own way; the last one.
        candidates: name -> what it changes in `head` and `training`, for `protocol.selection: nested`; simplest first.
        seeds: one training per seed.
    """

    name: str = Field(pattern=NAME_PATTERN)
    question: str = ""
    paper: Paper | None = None
    task: str
    dataset: str | None = None
    protocol: ProtocolSettings
    faces: FaceSettings = FaceSettings()
    backbone: BACKBONES.name_type = DEFAULT_BACKBONE
    source: str
    source_set: dict[str, Any] = {}
    cut: Literal["embedding", "gap"] = "embedding"
    strategy: Literal["frozen", "head", "progressive", "full", "hybrid", "fused"]
    features: FeatureSettings = FeatureSettings()
    adaptation: ADAPTATIONS.name_type | None = None
    window: WindowSettings = WindowSettings()
    images: ImageSettings = ImageSettings()
    rows: RowSettings = RowSettings()
    landmarks: LandmarkSettings = LandmarkSettings()
    fusion: FusionSettings = FusionSettings()
    phases: dict[str, PhaseSettings] = {}
    phases_up_to: str | None = None
    probe_source: bool = False
    head: Annotated[HeadChoice, Field(discriminator="kind")]
    training: TrainingSettings = TrainingSettings()
    candidates: dict[Annotated[str, Field(pattern=NAME_PATTERN)], dict[str, Any]] = {}
    seeds: tuple[int, ...] = Field((0,), min_length=1)

    @field_validator("source", mode="before")
    @classmethod
    def choose_source(cls, source: Any, known: ValidationInfo) -> Any:
        if not isinstance(source, list):
            return source
        return first_there(source, known.data.get("backbone", DEFAULT_BACKBONE))

    @model_validator(mode="after")
    def check_pairs(self) -> "Experiment":
        heads = TAKEN_HEADS.get(self.strategy, ("dense",))
        if self.head.kind not in heads:
            raise ValueError(
                f"head.kind: `{self.head.kind}` does not go with strategy `{self.strategy}`, which takes "
                + " or ".join(f"`{kind}`" for kind in heads)
            )
        if self.strategy == "hybrid" and (
            self.rows != RowSettings() or self.probe_source or self.protocol.selection != "inner"
        ):
            raise ValueError(
                "rows, probe_source, protocol.selection: strategy `hybrid` keeps the defaults; it fits its classifiers "
                "on the subjects that `inner` sets aside"
            )
        if self.strategy == "frozen" and (
            self.cut != "embedding" or self.rows != RowSettings() or self.training.kernel_l2 or self.probe_source
        ):
            raise ValueError(
                "cut, rows, probe_source and training.kernel_l2: for strategies that train a network, not `frozen`"
            )
        if self.rows.augment == "oversampled" and self.rows.oversample_from is None:
            raise ValueError("rows.augment: `oversampled` needs rows.oversample_from")
        if self.strategy == "frozen" and HEADS[self.head.kind].reads == "window" and self.window_frames is None:
            raise ValueError(
                f"features.fps: `{self.head.kind}` needs windows of one length, so give features.fps or features.frames"
            )
        named = [*self.phases, *([self.phases_up_to] if self.phases_up_to else [])]
        if named and self.strategy not in ("progressive", "fused"):
            raise ValueError(f"phases: for strategy `progressive` or `fused`, received strategy `{self.strategy}`")
        for name in named:
            if self.strategy == "progressive" and name not in phase_names(self.backbone):
                raise ValueError(f"phases: {self.backbone} has {', '.join(phase_names(self.backbone))}; not `{name}`")
        if self.source_set and self.source in ("untrained", "imagenet"):
            raise ValueError(f"source_set: `{self.source}` is no experiment that it could change")
        if len(set(self.seeds)) != len(self.seeds):
            raise ValueError(f"seeds: each seed once, received {list(self.seeds)}")
        return self

    @model_validator(mode="after")
    def check_parts(self) -> "Experiment":
        from transferpain.strategies.frozen.candidates import check_candidates
        from transferpain.strategies.fused.check import check_fusion

        check_candidates(self)
        if self.adaptation is not None and self.strategy != "frozen":
            raise ValueError(
                f"adaptation: cached features are adapted, so it goes with strategy `frozen` only, received "
                f"`{self.strategy}`"
            )
        check_adaptation(self.adaptation, self.protocol)
        check_fusion(self)
        return self

    @property
    def window_frames(self) -> int | None:
        """Frames in a full window, or `None` at the native frame rate, which differs between clips."""
        if self.features.frames is not None:
            return self.features.frames
        return None if self.features.fps is None else round(self.window.seconds * self.features.fps)


class Member(Settings):
    """One experiment of a study: a file, and what the study changes in it."""

    experiment: str
    set: dict[str, Any] = {}


class Comparison(Settings):
    """A paired difference, `better` minus `worse`, over the same subjects."""

    better: str
    worse: str
    metric: Literal["balanced_accuracy", "macro_f1", "accuracy"] = "balanced_accuracy"


class Study(Settings):
    """Several experiments that answer one question, in one report.

    Attributes:
        study: the report's name.
        twins: synthetic twins to draw into the data root before anything runs; none for licensed data.
        set: changed in every experiment.
        experiments: name -> member; the name becomes the experiment's.
    """

    study: str = Field(pattern=NAME_PATTERN)
    title: str
    question: str
    data_root: str | None = None
    twins: dict[str, TwinSettings] = {}
    set: dict[str, Any] = {}
    experiments: dict[str, Member] = Field(min_length=1)
    comparisons: tuple[Comparison, ...] = ()

    @model_validator(mode="after")
    def check_comparisons(self) -> "Study":
        for comparison in self.comparisons:
            for name in (comparison.better, comparison.worse):
                if name not in self.experiments:
                    raise ValueError(f"comparisons: `{name}` is not among experiments {list(self.experiments)}")
        return self


def load_experiment(path: Path, overrides: dict[str, Any] | None = None) -> Experiment:
    """Load an experiment file over its base and apply overrides.

    Args:
        path: the YAML file.
        overrides: nested mapping laid over the file, or dotted keys as from `parse_overrides`.

    Raises:
        UserError: if the file is absent, is not YAML, or breaks the schema; the key is named.
    """
    values = read_values(path)
    for kind, command in (("study", "run"), ("matrix", "matrix")):
        if kind in values:
            raise UserError(
                f"{path} is a {kind} of several experiments, not one experiment.",
                rule="This command takes one experiment.",
                todo=f"Use `transferpain {command} {path}`, or name one of its experiments' files.",
            )
    return validate(Experiment, merge(values, overrides or {}), path)


def load_study(path: Path) -> Study:
    """Load a study file. Raises `UserError` as `load_experiment` does."""
    return validate(Study, read_values(path), path)


def is_study(path: Path) -> bool:
    """Tell whether a file describes a study rather than one experiment."""
    return "study" in read_values(path)


def experiment_hash(experiment: Experiment, task_hash: str, index_hash: str, source_hash: str) -> str:
    """Return the 16 digits that name a run: the experiment, its task, the data it reads, the source it starts from."""
    content = {
        "experiment": resolved(experiment),
        "task": task_hash,
        "index": index_hash,
        "source": source_hash,
    }
    return fingerprint(content)


def resolved(experiment: Experiment) -> dict[str, Any]:
    """Return the experiment with every default filled in, as plain JSON types."""
    return experiment.model_dump(mode="json")


def read_values(path: Path) -> dict[str, Any]:
    """Read a YAML mapping and lay it over its `base:`, if it names one.

    Raises:
        UserError: if a file is absent or not a YAML mapping, or the base has a base of its own.
    """
    values = read_mapping(path)
    base_name = values.pop("base", None)
    if base_name is None:
        return values
    base_path = path.parent / str(base_name)
    base = read_mapping(base_path)
    if "base" in base:
        raise UserError(
            f"{path}: `base` names a file that has a base of its own.",
            rule="One level of `base:` is allowed, so that a reader opens two files at most.",
            received=f"{base_name} -> {base['base']}",
            todo="Name the lowest file, and repeat what differs.",
        )
    return merge(base, values)


def validate(schema: type[BaseModel], values: dict[str, Any], path: Path):
    """Check `values` against `schema`; the first fault becomes one line that names the key."""
    try:
        return schema.model_validate(values)
    except ValidationError as error:
        raise UserError(f"{path}: {describe_fault(error, values, schema)}") from error


def describe_fault(error: ValidationError, values: dict[str, Any], schema: type[BaseModel]) -> str:
    """Return one line on the first fault: the dotted key, the rule, what was received."""
    fault = error.errors()[0]
    key = dotted_key(fault["loc"], values)
    if fault["type"] in ("extra_forbidden", "unexpected_keyword_argument"):
        near = difflib.get_close_matches(key.split(".")[-1], all_keys(schema), n=1)
        return f"`{key}` is not a known key." + (f" Did you mean `{near[0]}`?" if near else "")
    if fault["type"] == "missing":
        return f"`{key}` is missing."
    if fault["type"] == "value_error":
        prefix = f"`{key}`: " if key else ""
        return prefix + str(fault["ctx"]["error"])
    return f"`{key}`: {fault['msg'].removesuffix('.')}. Received: {fault['input']!r}"


def dotted_key(location: tuple[int | str, ...], values: Any) -> str:
    """Return the key as the file spells it: pydantic adds the chosen `kind` to the path, the file does not."""
    parts = []
    for position, part in enumerate(location):
        last = position == len(location) - 1
        inside = (isinstance(values, dict) and part in values) or (isinstance(values, list) and isinstance(part, int))
        if inside or last:
            parts.append(str(part))
        if inside:
            values = values[part]
    return ".".join(parts)


def all_keys(schema: type[BaseModel]) -> list[str]:
    """Return every key that a schema knows at any depth, to suggest the nearest one."""
    description = schema.model_json_schema()
    parts = [description, *description.get("$defs", {}).values()]
    return [key for part in parts for key in part.get("properties", {})]
