"""A task: what is predicted, as a file that maps the raw labels of one or several datasets to classes."""

from pathlib import Path
from typing import Annotated, Any, Literal

import pandas as pd
from pydantic import BaseModel, BeforeValidator, ConfigDict, SerializeAsAny, ValidationError, model_validator

from transferpain.core.contracts import LabelMode
from transferpain.core.errors import UserError
from transferpain.core.schema import SCHEMA
from transferpain.core.spelling import nearest, quoted, same_names
from transferpain.core.store import fingerprint
from transferpain.core.validation import describe_fault, misread
from transferpain.core.yaml_file import read_yaml
from transferpain.data.datasets.index import Index, read_index
from transferpain.data.tasks.label_counts import LabelCounts
from transferpain.data.tasks.meeting import Meeting, check_meeting, meet
from transferpain.data.tasks.rules.registry import make_rule
from transferpain.data.tasks.rules.rule import LabelRule

TASK_FOLDER = Path(__file__).parent


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
    classes: tuple[str, ...]
    labels: dict[str, SerializeAsAny[Annotated[LabelRule, BeforeValidator(make_rule)]]]
    ordinal: bool = False

    @model_validator(mode="after")
    def _check(self) -> "Task":
        if not self.labels:
            raise ValueError("labels: name a dataset, and how its labels become classes")
        if len(set(self.classes)) != len(self.classes):
            raise ValueError("classes: the names must differ")
        if not all(name.strip() for name in self.classes):
            raise ValueError("classes: a name is blank")
        if alike := same_names(self.classes):
            raise ValueError(f"classes: {' and '.join(map(quoted, alike[0]))} are spellings of one name")
        for dataset, rule in self.labels.items():
            try:
                rule.check(self.classes, self.ordinal)
            except ValueError as error:
                raise ValueError(f"labels.{dataset}: {error}") from error
        return self

    @property
    def hash(self) -> str:
        """16 hexadecimal digits over all but the words for reports."""
        # The keys of schema 1 stand in every hash: it names the results of everybody who used the task before.
        content = self.model_dump(mode="json", exclude={"description", "labels", "sample"}) | {"unit": self.sample}
        labels = {dataset: {"mapping": None, "bins": None} | rule.facts() for dataset, rule in self.labels.items()}
        return fingerprint(content | {"labels": labels})

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


def upgrade(content: dict[str, Any]) -> dict[str, Any]:
    """Return the content of a task file as schema 2 has it, without the key `schema`.

    A file without that key is of schema 1: `sample` was called `unit` there, and FER+'s votes were the column `votes`
    of a `mapping`.

    Raises:
        ValueError: if the file is of a schema that is not known.
    """
    content = dict(content)
    schema = content.pop("schema", 1)
    if schema not in (1, SCHEMA):
        raise ValueError(f"schema: known are 1 and {SCHEMA}, received {schema!r}")
    if schema == SCHEMA:
        return content
    content = {("sample" if key == "unit" else key): value for key, value in content.items()}
    if isinstance(content.get("labels"), dict):
        content["labels"] = {dataset: _upgrade_rule(rule) for dataset, rule in content["labels"].items()}
    return content


def _upgrade_rule(rule: Any) -> Any:
    if not isinstance(rule, dict) or rule.get("column") != "votes" or "mapping" not in rule:
        return rule
    return {("votes" if key == "mapping" else key): value for key, value in rule.items()}


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
        content = read_yaml(path)
        if not isinstance(content, dict):
            raise ValueError(f"it holds {'nothing' if content is None else 'no mapping of keys'}")
        content = upgrade(content) | {"name": path.stem}
        task = Task(**content)
        for fault in misread(content, task):
            raise ValueError(fault)
        return task
    except (OSError, ValueError, TypeError) as error:
        raise UserError(
            f"The task {path} cannot be used.",
            rule="A task has description, sample, classes and labels; those of the package are examples.",
            received=describe_fault(error, content, Task) if isinstance(error, ValidationError) else error,
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
        has no label). A clip whose label the task ignores is left out; one without a label stays.

    Raises:
        UserError: if the task is for another dataset or column, no clip has a label that it names, a label is neither
            named nor ignored, or a rule meets no label (but on a twin, which may be smaller than its dataset).
    """
    return _labelled(task, index, index.clips, label_mode)


def label_frames(task: Task, index: Index) -> pd.DataFrame:
    """Return the frames that a task uses, with their class.

    Returns:
        Rows of `index.frames` in their order, numbered anew, with dataset, subject and split of their clip, and `y` as
        in `label_clips`.

    Raises:
        UserError: as `label_clips`, and if the dataset has no labels of frames.
    """
    return _labelled(task, index, _frames_with_people(task, index))


def count_labels(task: Task, index: Index, label_mode: LabelMode = "majority") -> LabelCounts:
    """Count what each class of a task has in a dataset, and what is left out and why.

    Args:
        label_mode: as for `label_clips`.

    Raises:
        UserError: as `label_clips` and `label_frames`.
    """
    table = index.clips if task.sample == "clip" else _frames_with_people(task, index)
    return _meet(task, index, table, label_mode)[1]


def count_dataset(name: str, dataset: str, data_root: Path, cache: Path | None = None) -> LabelCounts:
    """Count what each class of a task, by its name or file, has in a dataset; arguments are those of `read_index`.

    Raises:
        UserError: as `load_task`, `read_index` and `count_labels`.
    """
    return count_labels(load_task(name), read_index(dataset, data_root, cache))


def _frames_with_people(task: Task, index: Index) -> pd.DataFrame:
    task.rule_for(index.dataset.name)
    if index.frames is None:
        raise UserError(
            f"{index.dataset.name} has no labels of single frames.",
            rule=f"The task {task.name} is about frames.",
            todo="Choose a task whose sample is the clip.",
        )
    return index.frames.merge(
        index.clips[["clip", "dataset", "subject", "split"]], on="clip", how="left", validate="many_to_one"
    )


def _labelled(task: Task, index: Index, table: pd.DataFrame, label_mode: LabelMode = "majority") -> pd.DataFrame:
    return _meet(task, index, table, label_mode)[0].used()


def _meet(task: Task, index: Index, table: pd.DataFrame, label_mode: LabelMode) -> tuple[Meeting, LabelCounts]:
    """Read the labels by the task's rule. Raises `UserError` as `label_clips`."""
    rule = task.rule_for(index.dataset.name)
    missing = [column for column in rule.columns if column not in table]
    if missing:
        raise UserError(
            f"The index of {index.dataset.name} has no column for the task {task.name}.",
            rule="A task names a column of raw labels.",
            received=", ".join(missing),
            todo=f"{_meant(missing[0], table)}Choose one of {', '.join(table.columns)}.",
        )
    meeting = meet(rule, table, label_mode)
    if not meeting.y.notna().any():
        there = [_with_hint(rule, str(label)) for label in meeting.labels[meeting.kept].dropna().unique()[:10]]
        raise UserError(
            f"No {task.sample} has a label that the task {task.name} names.",
            rule=f"It names {rule.describe()}.",
            received=", ".join(there) or "no labels at all",
            todo="Check the data with: transferpain data check " + index.dataset.name,
        )
    counts = meeting.counts(task.classes, index.dataset.name, task.sample)
    check_meeting(meeting, counts, task.name, may_lack=index.twin, problems=index.problems)
    return meeting, counts


def _meant(column: str, table: pd.DataFrame) -> str:
    near = nearest(column, table.columns)
    return f"Did you mean {near}? " if near else ""


def _with_hint(rule: LabelRule, label: str) -> str:
    hint = rule.hint(label)
    return f"{quoted(label)} ({hint})" if hint else quoted(label)
