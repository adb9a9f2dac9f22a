"""What the files of a run state, checked where they are read: no reader of a run meets a value of another kind.

The schemas hold what is read again, by its kind alone: files of former versions lack keys, and there may be more.
Whether a value is possible was checked when the run was computed.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from transferpain.core.errors import DamagedFile
from transferpain.core.schema import as_today, read_stamped
from transferpain.core.validation import describe_fault
from transferpain.core.yaml_file import read_yaml
from transferpain.evaluation.few_shot_settings import FewShotSettings

AS_FINISHED = "Its files are those that it was finished with: one of them was written wrongly, or by another program."
GET_WHOLE = (
    "Leave its files as they are: what is mended by hand is no file of the run any more. Remove the run "
    "(`transferpain runs remove RUN`), and run its experiment again."
)
Unit = Annotated[str, Field(pattern=r"^[0-9]{1,3}$")]


class OddFile(DamagedFile):
    """A file of a run that holds what no run writes; `received` names it, and the key."""


class Stated(BaseModel):
    """Base of every schema here: kinds are not converted, numbers are finite, further keys are let through."""

    model_config = ConfigDict(frozen=True, extra="allow", strict=True, allow_inf_nan=False)


class StatedSource(Stated):
    """The source in `facts.json`."""

    name: str | None = None
    hash: str | None = None
    synthetic: bool = False
    synthetic_faces: list[str] = []
    datasets: list[str] | None = None


class StatedClass(Stated):
    """What a class has in one dataset, or what is left out, in `facts.json`."""

    name: str
    use: str
    clips: int
    samples: int
    subjects: int


class StatedLabels(Stated):
    """How the labels of one dataset met the task, in `facts.json`."""

    dataset: str
    sample: str
    rows: list[StatedClass]


class Facts(Stated):
    """`facts.json`, of a run that may be unfinished."""

    adaptation: dict[str, Any] | None = None
    classes: list[str] = []
    compute_dtype: str | None = None
    compute_dtype_reason: str | None = None
    contents: str | None = None
    dataset: str | None = None
    detector: str | None = None
    empty_classes: list[str] = []
    folds: list[str] | None = None
    in_series: bool = False
    index: str | None = None
    label_definition: str | None = None
    labels: list[StatedLabels] | None = None
    mesh: str | None = None
    ordinal: bool = False
    preprocessing: str | None = None
    problems: list[str] | None = None
    reader: str | None = None
    source: StatedSource = StatedSource()
    split_provenance: list[str] = []
    split_seed: int | None = None
    synthetic: bool = False
    synthetic_faces: list[str] = []
    target_data: str | None = None
    task: str | None = None
    task_hash: str | None = None
    training_shares: dict[str, list[float]] | None = None
    warnings: list[str] = []


class FinishedFacts(Facts):
    """`facts.json` of a run that is reported on."""

    classes: list[str]
    dataset: str | None
    synthetic: bool


class Environment(Stated):
    """`environment.json`."""

    commit: str | None = None
    machine: dict[str, str | int | None] = {}
    numerics: dict[str, str] | None = None
    python: str | None = None
    versions: dict[str, str] | None = None
    written: str | None = None


class StatedScore(Stated):
    """A metric in `metrics.json`."""

    value: float | None
    low: float | None = None
    high: float | None = None
    reason: str | None = None


class StatedScores(Stated):
    """The scores of some clips in `metrics.json`."""

    accuracy: StatedScore
    balanced_accuracy: StatedScore
    macro_f1: StatedScore


class Metrics(Stated):
    """`metrics.json`, what is read of it: a report derives its scores from the predictions."""

    all: StatedScores | None = None
    absent: list[str] = []
    clips: int | None = None
    coverage: float | None = None
    has_subjects: bool = False
    linear_probe: dict[str, StatedScores | None] = {}
    seeds: list[int] = []
    subjects: int | None = None


class StatedPaper(Stated):
    """The paper in `experiment.yaml`."""

    name: str
    title: str = ""
    figures: dict[str, float | str] = {}
    decisions: list[str] = []


class StatedProtocol(Stated):
    """The protocol in `experiment.yaml`."""

    kind: str
    selection: str | None = None
    selection_rule: str | None = None


class StatedHead(Stated):
    """The head in `experiment.yaml`."""

    kind: str | None = None
    verdict: Literal["units", "cnn", "hybrid"] | None = None
    cross_fitting: int | None = None


class StatedFeatures(Stated):
    """The features in `experiment.yaml`."""

    extractor: str = "source"
    folder: str | None = None


class StatedFaces(Stated):
    """The faces in `experiment.yaml`."""

    detector: str | None = None


class StatedTraining(Stated):
    """The training in `experiment.yaml`."""

    class_weights: bool | None = None
    epoch_steps: int | None = None
    label_mode: str | None = None


class StatedJoined(Stated):
    """One of several sources in `experiment.yaml`."""

    source: str
    backbone: str


class StatedExperiment(Stated):
    """`experiment.yaml` of a run, with every default filled in."""

    name: str | None = None
    strategy: str
    question: str = ""
    paper: StatedPaper | None = None
    task: str | None = None
    dataset: str | None = None
    protocol: StatedProtocol | None = None
    faces: StatedFaces | None = None
    backbone: str | None = None
    source: str | list[str] | None = None
    source_set: dict[str, Any] = {}
    joined: list[StatedJoined] | None = None
    features: StatedFeatures | None = None
    window: dict[str, Any] | None = None
    images: dict[str, Any] | None = None
    head: StatedHead | None = None
    network: dict[str, Any] | None = None
    training: StatedTraining | None = None
    seeds: list[int] = []
    few_shot: FewShotSettings | None = None
    adaptation: str | None = None


class ReportedExperiment(StatedExperiment):
    """`experiment.yaml` of a run that is reported on."""

    name: str
    task: str
    protocol: StatedProtocol


class StatedEstimate(Stated):
    """An estimate in `transferability.json`."""

    value: float | None
    reason: str


class Transferability(Stated):
    """`transferability.json`."""

    scores: dict[str, StatedEstimate] = {}


class StatedProbe(Stated):
    """A linear probe in `linear_probe.json` of a fold."""

    c: float | None
    reason: str


class LinearProbes(Stated):
    """`linear_probe.json` of a fold."""

    mean: StatedProbe | None = None
    mean_and_maximum: StatedProbe | None = None


class StatedThreshold(Stated):
    """A threshold in `three-models.json` of a fold."""

    value: float
    objective: str
    score: float | None
    reached: bool


class StatedFall(Stated):
    """The importance of an action unit in `three-models.json` of a fold."""

    mean: float


class StatedMeasure(Stated):
    """How an action unit was measured, in `three-models.json` of a fold."""

    measure: str = ""
    standing: str = ""


class Thresholds(Stated):
    """The threshold of each model in `three-models.json` of a fold."""

    units: StatedThreshold
    cnn: StatedThreshold
    hybrid: StatedThreshold


class Coverages(Stated):
    """The share of frames that each model could look at, in `three-models.json` of a fold."""

    units: float
    cnn: float
    hybrid: float


class ThreeModels(Stated):
    """`three-models.json` of a fold."""

    thresholds: Thresholds
    chosen: dict[str, dict[str, int | float | str | None]]
    coverage: Coverages
    importance: dict[str, dict[Unit, StatedFall]]
    estimator: str = ""
    measures: dict[Unit, StatedMeasure] = {}


def read_stated(path: Path, schema: type[Stated]) -> dict[str, Any]:
    """Read a JSON file of a run in the form of today, without its number.

    Raises:
        OddFile: if it is no JSON, or a value is of another kind than the schema's; the file and the key are named.
        UserError: if a later version wrote it.
        OSError: if it cannot be opened.
    """
    with as_written(path):
        content = read_stamped(path)
    check_kinds(content, schema, path)
    return content


def read_stated_experiment(path: Path, upgrades: Mapping[int, Callable[[Any], Any]] | None = None) -> dict[str, Any]:
    """Read `experiment.yaml` of a run or of its model in the form of today, without its number.

    Raises:
        OddFile: if it is missing or no YAML, or a value is of another kind; the file and the key are named.
        UserError: if a later version wrote it.
    """
    try:
        with as_written(path):
            content = as_today(read_yaml(path), path, upgrades)
    except (FileNotFoundError, IsADirectoryError) as error:
        raise unusable(path, error.strerror) from error
    if not isinstance(content, dict):
        raise unusable(path, f"a mapping of keys is meant. Received: {type(content).__name__}")
    check_kinds(content, StatedExperiment, path)
    return content


def check_kinds(content: dict[str, Any], schema: type[Stated], path: Path) -> None:
    """Refuse what a file holds if a value is of another kind than the schema's.

    Raises:
        OddFile: that names the file and the key.
    """
    try:
        schema.model_validate(content)
    except ValidationError as error:
        raise unusable(path, describe_fault(error, content, schema)) from error
    if key := next(_not_finite(content), ""):
        raise unusable(path, f"`{key}`: a finite number is meant.")


def _not_finite(value: Any, key: str = "") -> Iterator[str]:
    """Yield the dotted keys of numbers that are not finite."""
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, part in parts:
        yield from _not_finite(part, f"{key}.{name}" if key else str(name))
    if isinstance(value, float) and not math.isfinite(value):
        yield key


@contextmanager
def as_written(path: Path) -> Iterator[None]:
    """Say of a damaged file of a run what helps: whoever mends it by hand breaks what the run's `done` states of it."""
    try:
        yield
    except DamagedFile as error:
        raise unusable(path, error.received or error.rule or error.what) from error


def unusable(path: Path, how: str) -> OddFile:
    """Return the error of a file of a run that cannot be used."""
    said = f"{path.name}: {how}"
    return OddFile(f"The results in {path.parent} cannot be read.", rule=AS_FINISHED, received=said, todo=GET_WHOLE)


def first_line(error: Exception) -> str:
    """Return what was wrong, without rule and advice."""
    return str(error.received if isinstance(error, OddFile) else error).splitlines()[0]
