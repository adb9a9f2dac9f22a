"""What a report knows of its runs: read from their folders, scored from their predictions."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Literal

import pandas as pd
from pydantic import Field

from transferpain.core.csv_file import as_written
from transferpain.core.errors import DamagedFile, UserError
from transferpain.core.foreign import border, reason_of
from transferpain.core.synthetic_faces import shown_faces
from transferpain.evaluation.error_gaps import error_gaps
from transferpain.evaluation.groups import read_subjects, score_groups
from transferpain.evaluation.metrics.registry import check_has_levels
from transferpain.evaluation.paired_permutation import SwapTest, swap_test
from transferpain.evaluation.predictions import LINEAR_PROBE, PROBE_TITLES, PROBES, fault_of_answers, named_alone
from transferpain.evaluation.resampling import Interval
from transferpain.evaluation.scores import score
from transferpain.evaluation.statistics import paired_difference
from transferpain.experiments.leakage.checks import read_checks
from transferpain.experiments.leakage.evidence import CheckLine
from transferpain.experiments.probe_scores import probe_scores
from transferpain.experiments.registration import Registered
from transferpain.experiments.run_folder import RunFolder, damaged
from transferpain.experiments.study_schema import Comparison
from transferpain.experiments.upgrade import read_experiment
from transferpain.strategies.common.stated import (
    AS_FINISHED,
    GET_WHOLE,
    FinishedFacts,
    Metrics,
    OddFile,
    ReportedExperiment,
    StatedScore,
    StatedScores,
    check_kinds,
    unusable,
)

# More runs than a matrix has cells.
REMEMBERED = 1024
UNUSABLE = "clip,problem"


@dataclass(frozen=True)
class RunFacts:
    """One finished run.

    Attributes:
        name: the experiment's name.
        path: the run's folder.
        experiment: the resolved experiment.
        experiment_text: the same as it stands in `experiment.yaml`.
        facts: `facts.json`: index, source, detector, compute dtype.
        environment: `environment.json`: versions, machine, commit.
        classes: names of the classes.
        synthetic: whether any of the faces are synthetic.
        predictions: rows of all folds and seeds.
        scores: `score` of the predictions, and under `linear_probe` those of its linear probes.
        histories: fold folder -> one row per epoch.
        unusable: clips that could not be used, and why; text.
        groups: `score_groups` by sex and age; `None` where the data state neither.
        checks: the leakage checks, in their order; empty if the run has none.
        probes: the predictions of its linear probes, by their names; none without frozen features.
        error_gaps: `error_gaps` by sex and age; `None` where the data state neither, or the classes have no order.
        made_here: false where only the predictions are known, and all else is what their maker declares.
    """

    name: str
    path: Path
    experiment: dict[str, Any]
    experiment_text: str
    facts: dict[str, Any]
    environment: dict[str, Any]
    classes: tuple[str, ...]
    synthetic: bool
    predictions: pd.DataFrame
    scores: dict[str, Any]
    histories: dict[str, pd.DataFrame]
    unusable: pd.DataFrame
    groups: pd.DataFrame | None
    checks: tuple[CheckLine, ...]
    made_here: bool = True
    probes: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    error_gaps: pd.DataFrame | None = None

    @property
    def answers(self) -> pd.DataFrame:
        """The predictions as they are paired with those of other runs: clips are named as in their own dataset."""
        return named_alone(self.predictions, self.experiment["protocol"].get("test_dataset"))

    @property
    def synthetic_faces(self) -> str:
        """What its synthetic faces are called, in one phrase; "" where it has none."""
        return shown_faces([self.facts])

    @property
    def folder(self) -> str:
        """The name of the run's folder, with its hash."""
        return self.path.name

    @property
    def warnings(self) -> tuple[str, ...]:
        """What must be said wherever a score of the run is shown."""
        return tuple(self.facts.get("warnings", ()))

    @property
    def chance(self) -> float:
        """Balanced accuracy of an answer that does not look: 1 / the number of classes that occur."""
        return 1 / (len(self.classes) - len(self.scores["absent"]))


class ShownScore(StatedScore):
    """A metric that is shown: with its interval, or the reason why it has none."""

    low: float | None
    high: float | None
    reason: str | None


class ShownScores(StatedScores):
    """The scores of some clips that are shown."""

    accuracy: ShownScore
    balanced_accuracy: ShownScore
    macro_f1: ShownScore
    majority_class_accuracy: ShownScore


class ShownMetrics(Metrics):
    """`metrics.json` whose scores are shown."""

    all: ShownScores | None
    clips: int
    coverage: float
    has_subjects: bool
    linear_probe: dict[Literal[tuple(PROBE_TITLES)], ShownScores | None] = Field(default={})
    seeds: list[int]
    subjects: int | None


@dataclass(frozen=True)
class ReportFacts:
    """What a report is about.

    Attributes:
        runs: in the order of the tables.
        comparisons: those that were declared.
        registered: whether they were registered before; `None` where nothing was.
    """

    runs: tuple[RunFacts, ...]
    comparisons: tuple[Comparison, ...] = ()
    registered: Registered | None = None

    @property
    def scored(self) -> list[RunFacts]:
        """The runs with a labelled clip."""
        return [run for run in self.runs if run.scores["all"]]

    @property
    def synthetic(self) -> list[str]:
        """The names of the runs with synthetic faces."""
        return [run.name for run in self.runs if run.synthetic]

    @property
    def synthetic_faces(self) -> str:
        """What the synthetic faces of all runs are called, in one phrase; "" where there are none."""
        return shown_faces(run.facts for run in self.runs)

    @property
    def warnings(self) -> list[tuple[str, str]]:
        """Name and warning of each run that must not be shown without one."""
        return [(run.name, warning) for run in self.runs for warning in run.warnings]

    @property
    def marks(self) -> dict[str, Any]:
        """The columns that stand beside what was computed of several runs: drawn data, and all warnings."""
        warnings = " ".join(f"{run}: {warning}" for run, warning in self.warnings)
        return {"synthetic": bool(self.synthetic), "warnings": warnings}

    @property
    def predictions(self) -> dict[str, pd.DataFrame]:
        """The predictions of each run as they are paired, by its name."""
        return {run.name: run.answers for run in self.runs}

    @cached_property
    def gaps(self) -> list[tuple[Comparison, Interval, SwapTest | None]]:
        """Each comparison with its paired difference and its test; no test without a labelled clip."""
        found = []
        for pair in self.comparisons:
            sides = self.predictions[pair.better], self.predictions[pair.worse], pair.metric
            found.append((pair, paired_difference(*sides), swap_test(*sides)))
        return found


def read_report(folders: Sequence[Path], comparisons: Sequence[Comparison]) -> ReportFacts:
    """Read the run folders of a report; variants of one experiment are called after their folders.

    Raises:
        UserError: if there is no run, a folder is no finished run or stands twice, or a comparison names another run.
    """
    runs = [read_run(folder) for folder in folders]
    names = [run.name for run in runs]
    return join_runs([replace(run, name=run.folder) if names.count(run.name) > 1 else run for run in runs], comparisons)


def join_runs(runs: Sequence[RunFacts], comparisons: Sequence[Comparison]) -> ReportFacts:
    """Return the facts of a report of these runs.

    Raises:
        UserError: if there is no run, two have one name, or a comparison names another run.
    """
    names = [run.name for run in runs]
    if not runs:
        raise UserError(
            "There is nothing to report.",
            rule="A report takes at least one run, or predictions made elsewhere.",
            received="no run",
            todo="Name run folders; `transferpain runs list` shows them.",
        )
    if len(set(names)) != len(names):
        raise UserError(
            "The runs of a report must be told apart.",
            rule="Each run has a name of its own, and stands there once.",
            received=", ".join(run.folder for run in runs),
            todo="Name each run once; of two with one name give one folder another, or set `name` in its experiment.",
        )
    for pair in comparisons:
        if not {pair.better, pair.worse} <= set(names):
            raise UserError(
                "A comparison names a run that is not in the report.",
                rule=f"It compares two of {', '.join(names)}.",
                received=f"{pair.better} and {pair.worse}",
            )
        for run in runs:
            if run.name in (pair.better, pair.worse) and not run.facts.get("ordinal"):
                check_has_levels(pair.metric, run.name)
    return ReportFacts(tuple(runs), tuple(comparisons))


def read_run(folder: Path) -> RunFacts:
    """Read a run folder and score its predictions.

    Raises:
        UserError: if the folder is no finished run, or is damaged.
    """
    run = finished_run(folder)
    with reading(run):
        return _read(run)


@contextmanager
def reading(run: RunFolder) -> Iterator[None]:
    """Turn whatever is said of the values in a run's files into a `UserError`.

    Raises:
        DamagedFile: that names the run, and what to do: of one that states its own bytes, computing it again helps not.
    """
    try:
        yield
    except OddFile as error:
        if run.is_sealed:
            raise
        raise damaged(run.path, error.received) from error
    except (UserError, MemoryError):
        raise
    except Exception as error:  # as `foreign.border` says of readers
        said = f"{type(error).__name__}: {reason_of(error)}"
        if not run.is_sealed:
            # Nothing vouches for the files of a former version: they are damaged.
            raise damaged(run.path, said) from error
        raise DamagedFile(
            f"The results in {run.path} cannot be read.", rule=AS_FINISHED, received=said, todo=GET_WHOLE
        ) from error


def _read(run: RunFolder) -> RunFacts:
    experiment = read_experiment(run.path)
    check_kinds(experiment, ReportedExperiment, run.path / "experiment.yaml")
    facts = run.facts(FinishedFacts)
    classes = tuple(facts["classes"])
    predictions, probes = answers_of(run, len(classes))
    ordinal = facts.get("ordinal", False)
    scores = score(predictions, classes, ordinal=ordinal)
    subjects = read_subjects(run.path)
    in_order = ordinal or len(classes) == 2
    return RunFacts(
        name=experiment["name"],
        path=run.path,
        experiment=experiment,
        experiment_text=(run.path / "experiment.yaml").read_text(encoding="utf-8"),
        facts=facts,
        environment=run.environment(),
        classes=classes,
        synthetic=facts["synthetic"],
        predictions=predictions,
        scores=scores | {LINEAR_PROBE: probe_scores(probes, classes, ordinal)},
        histories=run.histories(),
        unusable=_read_unusable(run.path / "unusable.csv"),
        groups=None if subjects is None else score_groups(predictions, subjects),
        checks=read_checks(run.path),
        probes=probes,
        error_gaps=error_gaps(predictions, subjects) if subjects is not None and in_order else None,
    )


def _read_unusable(path: Path) -> pd.DataFrame:
    with border(f"{path} cannot be read.", rule=f"It is a table in UTF-8 with the columns {UNUSABLE}.", todo=GET_WHOLE):
        table = pd.read_csv(path, dtype=str, keep_default_na=False).map(as_written)
        if ",".join(table.columns) != UNUSABLE:
            raise ValueError(",".join(map(str, table.columns)))
        return table


def run_scores(run: RunFolder) -> dict[str, Any]:
    """Return the scores of a finished run as this version computes them: those of its predictions.

    `metrics.json` is believed where `done` of the run names its very bytes and those of the predictions. Else, and
    where a former version derived it, whose intervals were too narrow for few subjects, the scores are computed again,
    once for all who ask while the predictions stay what they are.

    Raises:
        UserError: if they cannot be read.
    """
    with reading(run):
        if run.is_sealed:
            scores = run.metrics()
            if not scores["all"] or "kept" in scores["all"]["accuracy"]:
                check_kinds(scores, ShownMetrics, run.path / "metrics.json")
                return scores
        return _score_again(run, run.digest())


@lru_cache(maxsize=REMEMBERED)
def _score_again(run: RunFolder, _digest: str) -> dict[str, Any]:
    facts = run.facts(FinishedFacts)
    classes, ordinal = tuple(facts["classes"]), facts.get("ordinal", False)
    predictions, probes = answers_of(run, len(classes))
    scores = score(predictions, classes, ordinal=ordinal)
    return scores | {LINEAR_PROBE: probe_scores(probes, classes, ordinal)}


def answers_of(run: RunFolder, classes: int) -> tuple[pd.DataFrame, dict[str, pd.DataFrame]]:
    """Return the predictions of a run, and those of its linear probes, each of which can be an answer.

    Raises:
        UserError: if they cannot be read, or a number is none that a run writes.
    """
    predictions, probes = run.predictions(), run.probe_predictions()
    for name, table in (("predictions.parquet", predictions), *((PROBES, table) for table in probes.values())):
        if fault := fault_of_answers(table, classes):
            raise unusable(run.path / name, fault)
    return predictions, probes


def finished_run(folder: Path) -> RunFolder:
    """Return the run in a folder. Raises `UserError` if it is no finished run, or damaged."""
    run = RunFolder(folder)
    if not (run.path / "metrics.json").is_file():
        raise UserError(
            "A report needs finished runs.",
            rule="A finished run's folder holds metrics.json.",
            received=folder,
            todo="Run the experiment first, or name a folder in runs/.",
        )
    run.check()
    return run
