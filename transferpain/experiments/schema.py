"""The experiment file: its schema, how it is loaded, overridden, resolved and hashed.

An experiment is one short YAML file. `base: other.yaml` (one level, beside it) supplies what the file leaves out;
`--set key=value` overrides both. Every default stands in the settings classes, nowhere else. What a strategy reads
beyond the common keys, its own settings declare (`strategies.registry`).
"""

from collections.abc import Callable
from functools import reduce
from operator import or_
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationInfo,
    create_model,
    field_validator,
    model_validator,
)

from transferpain.core.errors import UserError
from transferpain.core.overrides import merge
from transferpain.core.schema import SCHEMA, as_today
from transferpain.core.store import fingerprint
from transferpain.core.validation import validate
from transferpain.core.yaml_file import read_mapping
from transferpain.data.protocols.settings import ProtocolSettings
from transferpain.evaluation.few_shot_settings import FewShotSettings
from transferpain.experiments.source_forms import EXTRACTOR_FORM, JOINED_FORM, OWN_FORM, RUNS_FORM, spread_source
from transferpain.experiments.upgrade import upgrade_experiment
from transferpain.inputs.features.settings import FeatureSettings
from transferpain.inputs.features.windows import window_length
from transferpain.models.sources.face_settings import FaceSettings
from transferpain.models.sources.origin import (
    BUILT,
    FEATURES_ALONE,
    FINISHED_RUNS,
    JOINED,
    NO_NETWORK,
    OWN_FEATURES,
    first_there,
)
from transferpain.networks.backbones.registry import BACKBONES
from transferpain.networks.backbones.registry import DEFAULT as DEFAULT_BACKBONE
from transferpain.networks.training.settings import TrainingSettings
from transferpain.strategies.base import NAME_PATTERN, Strategy
from transferpain.strategies.common.settings import ImageSettings, WindowSettings
from transferpain.strategies.registry import STRATEGIES


class Settings(BaseModel):
    """Base of every part of an experiment: immutable; an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Paper(Settings):
    """What a paper states, and what we decided where it is silent; shown apart from our measurements.

    Attributes:
        name: how reports call it.
        title: in full.
        figures: what it prints, by the name of each figure.
        decisions: what was decided where it is silent, a sentence each.
    """

    name: str
    title: str = ""
    figures: dict[str, float | str] = {}
    decisions: tuple[str, ...] = ()


HeadSettings = Annotated[
    reduce(or_, dict.fromkeys(head for strategy in STRATEGIES.values() for head in strategy.heads)),
    Field(discriminator="kind"),
]


class CommonKeys(Settings):
    """The keys that every experiment has, whatever its strategy.

    Attributes:
        schema_version: `schema` in the file: the spelling of its keys.
        name: lower-case letters, digits and hyphens; names the run folder.
        question: what it asks; the report begins with it.
        paper: what a paper says of the same experiment.
        task: a file in `transferpain/data/tasks/`, by its name, or the path of a task file, which ends in `.yaml`.
        dataset: which dataset is read, where the task fits several.
        protocol: who is trained on, selected on and tested on.
        faces: how faces are found and cropped.
        backbone: the network that the source is, or is built as.
        source: `untrained` (`untrained-1` and `untrained-2` are other networks of its kind), `imagenet`, another
            experiment's name, or the folder of a shared model; behind either, `#sha256=<digest>` pins the one model
            that may be used. Of several, the first that is on this machine.
            Or `{features: FOLDER, rate: ROWS A SECOND}`: no network, but features that were made elsewhere, in a folder
            below the data root (`features.folder`); `{action_units: FOLDER, rate: FRAMES A SECOND}`: tables of action
            units, and with them `least_confidence`; `{signal_measures: FOLDER, rate: SAMPLES A SECOND}` or
            `{signal_series: ...}`: tables of signals, with their `channels` (`docs/signals.md`). Or
            `{extractor: glcm, levels: 16}`: no network, but an extractor that makes features of faces, with settings of
            its own (`features.extraction`). Or `{joined: [{source: NAME, backbone: NAME}, ...]}`: several,
            whose embeddings strategy `frozen` reads side by side. Or `{runs: [NAME, ...]}`: no network, but the answers
            of finished runs, for strategy `ensemble` (`docs/ensembles.md`).
        source_set: what is changed in the source's experiment.
        strategy: `frozen` (features of the source, then a head); or the network itself is trained: `last_layer`,
            `gradual_unfreezing` (from the output down, in phases) or `full_fine_tuning` (every weight at once);
            `hybrid` does the last, and fits gradient boosting on action units and on them and the embedding (Verma);
            `fused` joins its convolutions, which read pictures, with a branch that reads landmarks (El-Ghaish);
            `ensemble` trains no network, but makes one answer of those of finished runs;
            `federated` has clients train a head on features, whose weights are averaged (`docs/federated.md`);
            `clip_network` takes no source: a network with random weights reads a window of faces at once.
        features: how features are computed, for strategies that read them.
        window: which stretches of a clip are read.
        images: the pictures of strategies that train a network.
        head: what is trained on features, or stands on the network; `kind` names it.
        training: optimiser, epochs and the like.
        seeds: one training per seed.
        threads: that it is computed with, and its source, wherever that is: as many as the machine has processors
            unless given. On another number, trainings end in other last bits (`docs/cluster.md`).
        null_draw: deals labels anew within subjects, by so many a draw: what `--null` does with licensed data. Scores
            then say nothing of pain.
        few_shot: how many labelled clips of each tested subject the report calibrates the answers with, for the curve
            that it shows; nothing that is trained depends on it.
    """

    schema_version: Literal[SCHEMA] = Field(SCHEMA, alias="schema")
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
    strategy: STRATEGIES.name_type
    features: FeatureSettings = FeatureSettings()
    window: WindowSettings = WindowSettings()
    images: ImageSettings = ImageSettings()
    head: HeadSettings
    training: TrainingSettings = TrainingSettings()
    seeds: tuple[int, ...] = Field((0,), min_length=1)
    threads: int | None = Field(None, ge=1, le=1024, exclude_if=lambda value: value is None)
    null_draw: int | None = Field(None, ge=1)
    few_shot: FewShotSettings | None = None

    @model_validator(mode="before")
    @classmethod
    def read_as_today(cls, values: Any) -> Any:
        return spread_source(upgrade_experiment(values)) if isinstance(values, dict) else values

    @field_validator("source", mode="before")
    @classmethod
    def choose_source(cls, source: Any, known: ValidationInfo) -> Any:
        if not isinstance(source, list):
            return source
        return first_there(source, BACKBONES[known.data.get("backbone", DEFAULT_BACKBONE)].imagenet)

    @model_validator(mode="after")
    def check_parts(self) -> "CommonKeys":
        strategy = STRATEGIES[self.strategy]
        if not isinstance(self.head, strategy.heads):
            kinds = [head.model_fields["kind"].annotation.__args__[0] for head in strategy.heads]
            raise ValueError(
                f"head.kind: `{self.head.kind}` does not go with strategy `{self.strategy}`, which takes "
                + " or ".join(f"`{kind}`" for kind in kinds)
            )
        self._check_keys(strategy)
        if self.protocol.selection == "nested" and "candidates" not in strategy.Settings.model_fields:
            raise ValueError(
                "protocol.selection: `nested` goes with strategies that compare candidates, received "
                f"`{self.strategy}`: a whole network would be trained anew for each candidate and inner fold; use "
                "`inner`"
            )
        if (self.source == OWN_FEATURES) != (self.features.folder is not None):
            raise ValueError(f"source: own features are named {OWN_FORM}")
        if self.source == NO_NETWORK and self.features.reads_source:
            raise ValueError(f"source: an extractor that reads no source is named {EXTRACTOR_FORM}")
        if self.source in FEATURES_ALONE and strategy.reads != "features":
            what = "own features go" if self.source == OWN_FEATURES else "an extractor goes"
            raise ValueError(f"source: {what} with strategy `frozen`, received `{self.strategy}`")
        if (self.source == FINISHED_RUNS) != (strategy.reads == "answers"):
            raise ValueError(f"source: finished runs are named {RUNS_FORM}, and go with strategy `ensemble`")
        if (self.source == JOINED) != bool(self.joined):
            raise ValueError(f"source: several sources are named {JOINED_FORM}")
        if self.source_set and self.source in BUILT:
            raise ValueError(f"source_set: `{self.source}` is no experiment that it could change")
        if len(set(self.seeds)) != len(self.seeds):
            raise ValueError(f"seeds: each seed once, received {list(self.seeds)}")
        strategy.check(self)
        return self

    def _check_keys(self, strategy: Strategy) -> None:
        """Refuse keys that only other strategies read."""
        for key, names in OWNERS.items():
            default = type(self).model_fields[key].get_default(call_default_factory=True)
            if self.strategy not in names and getattr(self, key) != default:
                known = " or ".join(f"`{name}`" for name in names)
                raise ValueError(f"{key}: for strategy {known}, received strategy `{self.strategy}`")

    @property
    def window_frames(self) -> int | None:
        """Frames in a full window, or `None` at the native frame rate, which differs between clips."""
        if self.features.frames is not None:
            return self.features.frames
        return None if self.features.fps is None else window_length(self.features.fps, self.window.seconds)

    @property
    def finds_faces(self) -> bool:
        """Whether faces are looked for in its videos; not where features or answers are there already."""
        return self.features.folder is None and self.source != FINISHED_RUNS

    def resolved(self) -> dict[str, Any]:
        """Return the experiment with every default filled in, as plain JSON types."""
        return self.model_dump(mode="json", by_alias=True)


def keys_of_strategies() -> dict[str, Any]:
    """Return the keys that strategies declare, for `create_model`.

    Raises:
        ValueError: if two strategies declare one key otherwise.
    """
    found: dict[str, Any] = {}
    for strategy in STRATEGIES.values():
        for key, field in strategy.Settings.model_fields.items():
            known = found.setdefault(key, (field.annotation, field))
            if (known[0], known[1].default) != (field.annotation, field.default) or key in CommonKeys.model_fields:
                raise ValueError(f"the key `{key}` of strategy {strategy.name} means something else elsewhere")
    return found


# Key -> the strategies that read it.
OWNERS = {
    key: tuple(name for name, one in STRATEGIES.items() if key in one.Settings.model_fields)
    for key in keys_of_strategies()
}
Experiment = create_model(
    "Experiment",
    __base__=CommonKeys,
    __doc__="One experiment, complete: every default filled in.",
    __module__=__name__,
    **keys_of_strategies(),
)


def load_experiment(
    path: Path, overrides: dict[str, Any] | None = None, read: Callable[[Path], dict[str, Any]] | None = None
) -> Experiment:
    """Load an experiment file over its base and apply overrides.

    Args:
        path: the YAML file.
        overrides: nested mapping laid over the file, or dotted keys as from `parse_overrides`.
        read: `read_values`, or what remembers what that has read, where many experiments are of one file.

    Raises:
        UserError: if the file is absent, is not YAML, or breaks the schema; the key is named.
    """
    values = (read or read_values)(path)
    for kind, command in (("study", "run"), ("matrix", "matrix")):
        if kind in values:
            raise UserError(
                f"{path} is a {kind} of several experiments, not one experiment.",
                rule="This command takes one experiment.",
                todo=f"Use `transferpain {command} {path}`, or name one of its experiments' files.",
            )
    if "base" in (overrides or {}):
        raise UserError(
            f"{path}: `base` cannot be set from outside the file.",
            rule="It stands in an experiment file, and names the one beside it that supplies what is left out.",
            received=f"base: {overrides['base']}",
            todo="Write `base` into a file of its own, and name that file.",
        )
    return validate(Experiment, merge(values, upgrade_experiment(overrides or {})), path)


def experiment_hash(experiment: Experiment, task_hash: str, data_hash: str, source_hash: str) -> str:
    """Return the 16 digits that name a run: the experiment, its task, the data it reads, the source it starts from.

    What only the report does with the answers does not enter: it can be chosen when the run is there.
    """
    content = {
        "experiment": {key: value for key, value in experiment.resolved().items() if key != "few_shot"},
        "task": task_hash,
        "index": data_hash,
        "source": source_hash,
    }
    return fingerprint(content)


def read_values(path: Path) -> dict[str, Any]:
    """Read a YAML mapping and lay it over its `base:`, if it names one.

    Raises:
        UserError: if a file is absent, not a YAML mapping or of a later schema, `base` names no file, or one that has a
            base of its own.
    """
    values = upgrade_experiment(as_today(read_mapping(path), path))
    if "base" not in values:
        return values
    name = values.pop("base")
    if not isinstance(name, str) or not name.strip():
        raise UserError(
            f"{path}: `base` names no file.",
            rule="It is the name of one experiment file beside this one, such as base.yaml.",
            received=repr(name),
            todo="Correct it, or leave `base` out.",
        )
    base_path = path.parent / name
    base = upgrade_experiment(as_today(read_mapping(base_path), base_path))
    if "base" in base:
        is_circle = (base_path.parent / str(base["base"])).resolve() in (path.resolve(), base_path.resolve())
        raise UserError(
            f"{path}: `base` names a file that has a base of its own.",
            rule="One level of `base:` is allowed, so that a reader opens two files at most.",
            received=f"{path.name} -> {name} -> {base['base']}",
            todo=f"Leave `base` out of {name}: it leads in a circle."
            if is_circle
            else f"Write base: {base['base']} into {path.name}, and repeat there what {name} changes.",
        )
    return merge(base, values)
