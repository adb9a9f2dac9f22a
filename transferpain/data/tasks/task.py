"""A task: what is predicted, as a file that maps the raw labels of one or several datasets to classes."""

from itertools import pairwise
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import pandas as pd
import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from transferpain.core.contracts import LabelMode
from transferpain.core.errors import UserError
from transferpain.core.store import fingerprint
from transferpain.data.datasets.ferplus import EMOTIONS, VOTES
from transferpain.data.datasets.index import Index
from transferpain.data.tasks.ferplus_votes import accepted_votes

TASK_FOLDER = Path(__file__).parent
VOTES_LABEL = "votes"


def _check_bin(span: tuple[float, float]) -> tuple[float, float]:
    if not span[0] <= span[1]:
        raise ValueError(f"bins: each is [lowest, highest], received {list(span)}")
    return span


Bin = Annotated[tuple[float, float], AfterValidator(_check_bin)]


class LabelRule(BaseModel):
    """How the raw labels of one dataset become classes: by name (`mapping`) or by value (`bins`).

    Attributes:
        column: the column of raw labels in the index, or "votes" for the winner of FER+'s votes.
        mapping: raw label -> class index.
        bins: lowest and highest value of each class, both included, in the order of the classes; `None` for a class
            that no label of this dataset reaches.
        definition: what the label means, for reports.

    Labels that no mapping and no bin names are not used.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    column: str
    mapping: dict[str, int] | None = None
    bins: tuple[Bin | None, ...] | None = None
    definition: str = ""

    @model_validator(mode="after")
    def _check(self) -> "LabelRule":
        if (self.mapping is None) == (self.bins is None):
            raise ValueError("either mapping or bins, and not both")
        spans = sorted(span for span in self.bins or () if span)
        if any(above[0] <= below[1] for below, above in pairwise(spans)):
            raise ValueError("bins: they must not overlap")
        return self

    @property
    def reached(self) -> set[int]:
        """The class indices that a label can have."""
        if self.mapping is not None:
            return set(self.mapping.values())
        return {number for number, span in enumerate(self.bins) if span}

    @property
    def size(self) -> int:
        """How many classes there are, as far as the rule tells."""
        return len(self.bins) if self.bins is not None else max(self.mapping.values(), default=-1) + 1

    def classify(self, labels: pd.Series) -> pd.Series:
        """Return the class of each raw label, Int64; missing where the label is missing or not named by the rule."""
        if self.mapping is not None:
            return labels.map(self.mapping).astype("Int64")
        values = pd.to_numeric(labels, errors="coerce").astype("Float64")
        classes = pd.Series(pd.NA, index=labels.index, dtype="Int64")
        for number, span in enumerate(self.bins):
            if span:
                classes[values.between(*span).fillna(False)] = number
        return classes

    def describe(self) -> str:
        """Return the labels that the rule names, in words."""
        named = self.mapping or [f"{low:g} to {high:g}" for low, high in filter(None, self.bins)]
        return f"{', '.join(named)} in the column {self.column}"


class Task(BaseModel):
    """What is predicted.

    Attributes:
        name: as in the file's name.
        description: a sentence for reports.
        sample: what one prediction is about.
        classes: names in the order of the class indices.
        labels: the datasets that the task fits, and how their labels become classes. A task of several datasets
            harmonises them: their labels mean different things, and `definition` says what.
        ordinal: whether the classes are ordered, so that distances between them mean something.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    description: str
    sample: Literal["clip", "frame"]
    classes: tuple[str, ...] = Field(min_length=2)
    labels: dict[str, LabelRule] = Field(min_length=1)
    ordinal: bool = False

    @model_validator(mode="after")
    def _check(self) -> "Task":
        if len(set(self.classes)) != len(self.classes):
            raise ValueError("classes: the names must differ")
        for dataset, rule in self.labels.items():
            if rule.size != len(self.classes) or min(rule.reached, default=-1) < 0:
                raise ValueError(f"labels.{dataset}: must lead to the {len(self.classes)} classes, and to no other")
            if rule.mapping is not None and len(rule.reached) < rule.size:
                raise ValueError(f"labels.{dataset}: mapping must reach each of the {len(self.classes)} classes")
            spans = [span for span in rule.bins or () if span]
            if self.ordinal and spans != sorted(spans):
                raise ValueError(f"labels.{dataset}: the bins of ordered classes must ascend")
            if len(rule.reached) < 2:
                raise ValueError(f"labels.{dataset}: must reach two classes at least")
        return self

    @property
    def hash(self) -> str:
        """16 hexadecimal digits over all but the words for reports."""
        content = self.model_dump(mode="json", exclude={"description"})
        for rule in content["labels"].values():
            del rule["definition"]
        return fingerprint(content)

    @property
    def dataset(self) -> str:
        """The dataset of a task that fits one only.

        Raises:
            UserError: if it fits several.
        """
        if len(self.labels) > 1:
            raise UserError(
                f"The task {self.name} fits several datasets.",
                rule="An experiment must say which of them it reads.",
                received=", ".join(self.labels),
                todo="Name one of them.",
            )
        return next(iter(self.labels))

    def rule_for(self, dataset: str) -> LabelRule:
        """Return how a dataset's labels become classes.

        Raises:
            UserError: if the task does not fit the dataset.
        """
        if dataset not in self.labels:
            raise UserError(
                f"The task {self.name} does not fit the dataset.",
                rule=f"It reads labels of {', '.join(self.labels)}.",
                received=dataset,
                todo="Choose a task of this dataset, or the task's dataset.",
            )
        return self.labels[dataset]

    def empty_classes(self, dataset: str) -> tuple[str, ...]:
        """Return the classes that no label of a dataset reaches: no score may count them."""
        reached = self.rule_for(dataset).reached
        return tuple(name for number, name in enumerate(self.classes) if number not in reached)


def upgrade(content: dict) -> dict:
    """Return the content of a task file as it is written today: in schema 1, `sample` was called `unit`."""
    return {("sample" if key == "unit" else key): value for key, value in content.items()}


def list_tasks() -> list[str]:
    """Return the names of the tasks that come with the package."""
    return sorted(path.stem for path in TASK_FOLDER.glob("*.yaml"))


def load_task(name: str) -> Task:
    """Load a task of the package by name, or a user's own by the path of its file, which ends in `.yaml`.

    Raises:
        UserError: if there is none; the message lists the names. If a user's file breaks the schema; the key is named.
    """
    path = Path(name) if name.endswith(".yaml") else TASK_FOLDER / f"{name}.yaml"
    if not (path.is_file() and (name.endswith(".yaml") or name in list_tasks())):
        raise UserError(
            "This task is unknown.",
            rule=f"Known: {', '.join(list_tasks())}; or the path of a file that ends in .yaml.",
            received=name,
            todo="Correct the name.",
        )
    try:
        content = upgrade(yaml.safe_load(path.read_text(encoding="utf-8")))
        return Task(**(content | {"name": path.stem}))
    except (OSError, ValueError, TypeError, yaml.YAMLError) as error:
        fault = error.errors()[0] if isinstance(error, ValidationError) else None
        raise UserError(
            f"The task {path} cannot be used.",
            rule="A task has description, sample, classes and labels; those of the package are examples.",
            received=f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" if fault else error,
            todo="Correct the file.",
        ) from error


def label_clips(task: Task, index: Index, label_mode: LabelMode = "majority") -> pd.DataFrame:
    """Return the clips that a task uses, with their class.

    A frame-wise task gives a clip the class of its column of the same name: for UNBC-McMaster, of the highest PSPI.

    Args:
        task: what is predicted.
        index: the dataset.
        label_mode: FER+ only: how the votes of Training rows become labels. Validation and test rows always
            go by majority, as in the authors' code.

    Returns:
        Rows of `index.clips` in their order, numbered anew, and the column `y` (Int64, missing where the clip
        has no label). A clip whose label the task does not name is left out; one without a label stays.

    Raises:
        UserError: if the task is for another dataset or column, or no clip has a label that it names.
    """
    rule = task.rule_for(index.dataset.name)
    if rule.column == VOTES_LABEL:
        labels, used = _vote_winners(index.clips, label_mode)
        return _labelled(task, index, index.clips[used], labels[used])
    return _labelled(task, index, index.clips, _column(task, index, index.clips))


def label_frames(task: Task, index: Index) -> pd.DataFrame:
    """Return the frames that a task uses, with their class.

    Returns:
        Rows of `index.frames` in their order, numbered anew, with dataset, subject and split of their clip, and `y` as
        in `label_clips`.

    Raises:
        UserError: as `label_clips`, and if the dataset has no labels of frames.
    """
    task.rule_for(index.dataset.name)
    if index.frames is None:
        raise UserError(
            f"{index.dataset.name} has no labels of single frames.",
            rule=f"The task {task.name} is about frames.",
            todo="Choose a task whose sample is the clip.",
        )
    frames = index.frames.merge(
        index.clips[["clip", "dataset", "subject", "split"]], on="clip", how="left", validate="many_to_one"
    )
    return _labelled(task, index, frames, _column(task, index, frames))


def _column(task: Task, index: Index, table: pd.DataFrame) -> pd.Series:
    column = task.rule_for(index.dataset.name).column
    if column not in table:
        raise UserError(
            f"The index of {index.dataset.name} has no column for the task {task.name}.",
            rule="A task names a column of raw labels.",
            received=column,
            todo=f"Choose one of {', '.join(table.columns)}.",
        )
    return table[column]


def _labelled(task: Task, index: Index, table: pd.DataFrame, labels: pd.Series) -> pd.DataFrame:
    rule = task.rule_for(index.dataset.name)
    y = rule.classify(labels)
    if not y.notna().any():
        raise UserError(
            f"No {task.sample} has a label that the task {task.name} names.",
            rule=f"It names {rule.describe()}.",
            received=", ".join(map(str, labels.dropna().unique()[:10])) or "no labels at all",
            todo="Check the data with: transferpain data check " + index.dataset.name,
        )
    return table.assign(y=y)[y.notna() | labels.isna()].reset_index(drop=True)


def _vote_winners(clips: pd.DataFrame, label_mode: LabelMode) -> tuple[pd.Series, pd.Series]:
    """Return each row's winning emotion, and whether the row is kept."""
    votes = clips[list(VOTES)].to_numpy()
    in_train = (clips["split"] == "train").to_numpy()
    kept, accepted = accepted_votes(votes, "majority")
    train_kept, train_accepted = accepted_votes(votes, label_mode)
    kept = np.where(in_train, train_kept, kept)
    winners = np.where(in_train, train_accepted.argmax(axis=1), accepted.argmax(axis=1))
    return pd.Series(np.array(EMOTIONS)[winners], index=clips.index), pd.Series(kept, index=clips.index)
