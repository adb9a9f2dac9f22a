"""The study file: several experiments that answer one question, what is compared, and on which further sets."""

from pathlib import Path
from typing import Any, Literal

from pydantic import Field, NonNegativeInt, field_validator, model_validator

from transferpain.core.schema import SCHEMA
from transferpain.core.validation import validate
from transferpain.data.synthetic.settings import TwinSettings
from transferpain.evaluation.interval_limits import FEWEST_SETS
from transferpain.evaluation.metrics.registry import COMPARED
from transferpain.experiments.schema import Settings, read_values
from transferpain.strategies.base import NAME_PATTERN


class Member(Settings):
    """One experiment of a study: a file, and what the study changes in it.

    Attributes:
        experiment: the file beside this one, without `.yaml`.
        set: what is changed in it.
    """

    experiment: str
    set: dict[str, Any] = Field(default={})


class Comparison(Settings):
    """A paired difference, `better` minus `worse`, over the same subjects.

    Attributes:
        better, worse: names of two of the experiments; that the first is better is what is asked.
        metric: what is compared.
    """

    better: str
    worse: str
    metric: COMPARED.name_type = "balanced_accuracy"


class Study(Settings):
    """Several experiments that answer one question, in one report.

    Attributes:
        schema_version: `schema` in the file: the spelling of its keys.
        study: the report's name.
        title: of the report.
        question: what it asks.
        data_root: where the twins are drawn, below the workspace; replaces that of the command line.
        twins: synthetic twins to draw into the data root before anything runs; none for licensed data.
        set: changed in every experiment.
        experiments: name -> member; the name becomes the experiment's.
        comparisons: the paired differences that the report shows.
        confirmation_seeds: of further sets of twins, on which `run --confirm` asks for the comparisons again.
    """

    schema_version: Literal[SCHEMA] = Field(SCHEMA, alias="schema")
    study: str = Field(pattern=NAME_PATTERN)
    title: str
    question: str
    data_root: str | None = Field(default=None, min_length=1)
    twins: dict[str, TwinSettings] = Field(default={})
    set: dict[str, Any] = Field(default={})
    experiments: dict[str, Member] = Field(min_length=1)
    comparisons: tuple[Comparison, ...] = ()
    confirmation_seeds: tuple[NonNegativeInt, ...] = ()

    @field_validator("confirmation_seeds")
    @classmethod
    def _are_several_sets(cls, seeds: tuple[int, ...]) -> tuple[int, ...]:
        if seeds and len(set(seeds)) < max(len(seeds), FEWEST_SETS):
            raise ValueError(f"confirmation_seeds: {FEWEST_SETS} or more, each once, received {list(seeds)}")
        return seeds

    @model_validator(mode="after")
    def check_comparisons(self) -> "Study":
        for comparison in self.comparisons:
            for name in (comparison.better, comparison.worse):
                if name not in self.experiments:
                    raise ValueError(f"comparisons: `{name}` is not among experiments {list(self.experiments)}")
        return self


def load_study(path: Path) -> Study:
    """Load a study file. Raises `UserError` as `load_experiment` does."""
    return validate(Study, read_values(path), path)


def is_study(path: Path) -> bool:
    """Tell whether a file describes a study rather than one experiment."""
    return "study" in read_values(path)
