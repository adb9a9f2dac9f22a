"""The matrix file: sources, targets and heads, and what every cell has in common."""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from transferpain.core.errors import UserError
from transferpain.core.overrides import merge
from transferpain.core.schema import SCHEMA
from transferpain.data.protocols.subject_lists import FIXED_HOLDOUTS
from transferpain.data.synthetic.settings import TwinSettings
from transferpain.evaluation.metrics.registry import OF_SUBJECTS
from transferpain.experiments.executors.registry import EXECUTORS
from transferpain.experiments.schema import NAME_PATTERN, Settings, read_values, validate
from transferpain.experiments.study_schema import Member

Name = Annotated[str, Field(pattern=NAME_PATTERN)]
Changes = dict[str, Any]


class TransferGrid(Settings):
    """Source -> head trained on the target's training subjects -> the target's test subjects.

    Attributes:
        sources: name -> what it changes in an experiment: `source`, `backbone`, `source_set`.
        targets: dataset -> what it changes: `task`, and `protocol` where it is not the matrix' own.
        heads: name -> the experiment file that trains it, and what is changed in it.
    """

    sources: dict[Name, Changes] = Field(min_length=1)
    targets: dict[Name, Changes] = Field(min_length=1)
    heads: dict[Name, Member] = Field(min_length=1)


class CrossDatasetGrid(Settings):
    """Source and head trained on one dataset, tested on the test subjects of each, under one harmonised task.

    Attributes:
        task: of all cells; a dataset that it does not label is refused.
        trained_on: dataset -> the source that is trained on it, as changes in an experiment.
        tested_on: the datasets that are tested on.
        heads: as in a transfer grid.
    """

    task: str
    trained_on: dict[Name, Changes] = Field(min_length=1)
    tested_on: tuple[Name, ...] = Field(min_length=1)
    heads: dict[Name, Member] = Field(min_length=1)


class Matrix(Settings):
    """Grids of experiments that answer one question, in one report.

    Attributes:
        schema_version: `schema` in the file: the spelling of its keys.
        matrix: the report's name.
        title: of the report.
        question: what it asks.
        data_root, twins: as in a study.
        set: changed in every cell.
        executor: where the cells are computed.
        datasets: dataset -> what is changed in the cells that train or test on it.
        transfer, cross_dataset: the grids of either kind.
        protocol: who is tested on. `grouped`: all subjects of a dataset without an official split (UNBC-McMaster,
            MIntPAIN), each in one of `folds` groups, by a source that did not see its group. `fast`: the fixed
            hold-outs, and each source trained once; of these datasets five subjects are tested, too few for any test.
            Files that do not say it mean `fast`, as they did before it was known.
        folds: number of groups, under `grouped` alone; as a protocol has them unless given.
        metric: what the heat maps show and the statistics compare; declared here, before anything is run.
    """

    schema_version: Literal[SCHEMA] = Field(SCHEMA, alias="schema")
    matrix: Name
    title: str
    question: str
    data_root: str | None = Field(default=None, min_length=1)
    twins: dict[str, TwinSettings] = Field(default={})
    set: Changes = Field(default={})
    executor: EXECUTORS.name_type = "local"
    datasets: dict[Name, Changes] = Field(default={})
    protocol: Literal["grouped", "fast"] = "fast"
    folds: int | None = Field(default=None, ge=2)
    metric: OF_SUBJECTS.name_type = "balanced_accuracy"
    transfer: tuple[TransferGrid, ...] = ()
    cross_dataset: tuple[CrossDatasetGrid, ...] = ()

    @model_validator(mode="after")
    def check_has_cells(self) -> "Matrix":
        if not self.transfer and not self.cross_dataset:
            raise ValueError("transfer, cross_dataset: give at least one grid")
        return self

    @model_validator(mode="after")
    def check_folds_are_used(self) -> "Matrix":
        if self.protocol == "fast" and self.folds is not None:
            raise ValueError("folds: goes with protocol: grouped, received protocol: fast")
        return self


def load_matrix(path: Path, changes: Changes | None = None) -> Matrix:
    """Load a matrix file, with changes laid over its own keys. Raises `UserError` as `load_experiment` does."""
    values = read_values(path)
    if "matrix" not in values:
        raise UserError(
            f"{path} is no matrix.",
            rule="A matrix file names itself by the key `matrix`, and has grids of sources, targets and heads.",
            received=f"the keys {', '.join(values)}",
            todo=f"Use `transferpain run {path}` for an experiment or a study.",
        )
    return validate(Matrix, merge(values, changes or {}), path)


def fixed_protocol(dataset: str) -> Changes:
    """Return the protocol of a dataset's fixed hold-out: a list of subjects, or the dataset's own folders."""
    if dataset in FIXED_HOLDOUTS:
        return {"kind": "holdout", "holdout": FIXED_HOLDOUTS[dataset]}
    return {"kind": "folders"}
