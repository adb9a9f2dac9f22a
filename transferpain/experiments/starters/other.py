"""Another dataset of the data root that a first model may be tested on: one whose labels have the same classes."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from transferpain.core.errors import UserError
from transferpain.core.spelling import plain
from transferpain.core.yaml_file import read_yaml
from transferpain.data.datasets.csv_index import INDEX_NAME
from transferpain.data.datasets.index import read_index
from transferpain.data.datasets.registry import DATASETS
from transferpain.data.media.walk import list_folder
from transferpain.data.tasks.task import TASK_FOLDER
from transferpain.experiments.starters.classes import Classes, propose_classes
from transferpain.experiments.starters.reading import propose_reading

# Number of ordered classes -> the task that says which labels of the known datasets are which.
HARMONISED = {2: "cross-binary", 3: "cross-three", 5: "cross-five"}
# The stretch of clips that are pictures of uneven number, as the experiments of these datasets read it.
PICTURES = {"unbc": {"clip_frames": 90}, "mintpain": {"frames": 8}}


@dataclass(frozen=True)
class Other:
    """A dataset that is tested on: its name, its rule in the task, and the stretch of its clips."""

    name: str
    rule: dict[str, Any]
    window: dict[str, Any]


def find_other(own: str, wanted: str | None, data_root: Path, classes: Classes) -> Other | None:
    """Return the dataset `wanted`, else the first that fits; `None` if none does.

    Args:
        own: the dataset that is trained on.

    Raises:
        UserError: if the wanted one does not fit, or is not there.
    """
    if wanted is not None:
        other = _known(wanted, classes) if wanted in DATASETS else _own(wanted, data_root, classes)
        if other is None:
            raise UserError(
                f"A model of {own} cannot be tested on {wanted}.",
                rule="Both have labels of the same classes: own data the same labels; of the datasets that come with "
                f"the toolkit, a task has {', '.join(map(str, HARMONISED))} classes, from no pain on.",
                received=", ".join(classes.names),
                todo="Name another dataset, or write a task for both; docs/datasets.md shows one.",
            )
        return other
    return next(_fitting(own, data_root, classes), None)


def _fitting(own: str, data_root: Path, classes: Classes) -> Iterator[Other]:
    folders = [entry for entry in list_folder(data_root) if entry.is_dir() and entry.name != own]
    for dataset in DATASETS.values():
        if any(entry.name == dataset.folder for entry in folders) and (other := _known(dataset.name, classes)):
            yield other
    for entry in folders:
        if entry.name not in DATASETS and (entry / INDEX_NAME).is_file():
            try:
                other = _own(entry.name, data_root, classes)
            except UserError:
                continue  # nobody asked for this one
            if other is not None:
                yield other


def _known(name: str, classes: Classes) -> Other | None:
    if not classes.ordinal or len(classes.names) not in HARMONISED:
        return None
    rules = read_yaml(TASK_FOLDER / f"{HARMONISED[len(classes.names)]}.yaml")["labels"]
    return Other(name, rules[name], PICTURES.get(name, {})) if name in rules else None


def _own(name: str, data_root: Path, classes: Classes) -> Other | None:
    index = read_index(name, data_root)
    theirs = propose_classes(index.clips["label"], f"{name}/{INDEX_NAME}")
    place = {plain(label): number for number, label in enumerate(classes.names)}
    if "mapping" not in theirs.rule or {plain(label) for label in theirs.names} != set(place):
        return None
    mapping = {label: place[plain(label)] for label in theirs.rule["mapping"]}
    rule = {"column": "label", "mapping": mapping, "definition": "as noted there"}
    return Other(name, rule, propose_reading(index.clips, data_root).window)
