"""From a folder of own clips to a task and experiments that run as they stand: `transferpain init`."""

import os
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Any

from transferpain.core.errors import UserError
from transferpain.core.privacy import hide_name
from transferpain.core.store import write_text
from transferpain.data.datasets.csv_index import INDEX_NAME, NAME
from transferpain.data.datasets.found_clips import find_clips
from transferpain.data.datasets.guessed_index import write_guessed
from transferpain.data.datasets.guessed_names import guess_labels, guess_subjects
from transferpain.data.datasets.index import Index, read_index
from transferpain.data.datasets.registry import DATASETS, as_name
from transferpain.data.media.walk import describe_endings, find_folder, list_folder
from transferpain.data.tasks.label_counts import LabelCounts
from transferpain.data.tasks.task import count_labels, load_task
from transferpain.experiments.starters.classes import Classes, propose_classes
from transferpain.experiments.starters.other import find_other
from transferpain.experiments.starters.unreadable import describe_unreadable
from transferpain.experiments.starters.values import (
    as_yaml,
    common_values,
    own_features_values,
    reading_values,
    refuse_signals,
    root_option,
    source_values,
)
from transferpain.inputs.features.own_kinds.registry import OWN_KINDS

TEMPLATES = Path(__file__).parent
LONGEST_NAME = 100  # names of experiments begin with it
LEAST_SUBJECTS = 3  # one to test on, one to stop by, one to learn from


@dataclass(frozen=True)
class Started:
    """What was found and written.

    Attributes:
        found: what stands in the folder, a sentence each.
        counts: clips and subjects of each class.
        files: path -> whether it was written now; what was there is left as it is.
        remarks: what to look at, a sentence each.
        command: the next one.
    """

    found: tuple[str, ...]
    counts: LabelCounts
    files: Mapping[Path, bool]
    remarks: tuple[str, ...]
    command: str


def start(folder: Path, out: Path | None, source: str | None, test_on: str | None) -> Started:
    """Write what a folder of clips lacks: its index, a task, and experiments. Nothing is overwritten.

    Args:
        folder: of the clips; its name is the dataset's, and the folder that it stands in is the data root.
        out: where the task and the experiments go; `None`: `experiments/<name>`.
        source: as in an experiment file; `None`: the shared model that comes with the toolkit.
        test_on: another dataset of the data root that a model is tested on; `None`: the first that fits, if any does.

    Raises:
        UserError: if the folder cannot be a dataset, names tell neither subjects nor labels (the index is then there to
            be filled in), or there is too little of them.
    """
    folder = _dataset_folder(folder)
    name, data_root = folder.name, folder.parent
    out = out or Path("experiments") / name
    made_of = folder / INDEX_NAME
    found = () if made_of.exists() else _write_index(folder)
    made = {made_of: bool(found)}
    index = read_index(name, data_root)
    _check_subjects(index, found)
    task = out / f"{name}-task.yaml"
    classes = _classes_of(task, name) if task.exists() else propose_classes(index.clips["label"], str(made_of))
    refuse_signals(index)
    if index.clips["kind"].isin(OWN_KINDS).all() and index.clips["kind"].nunique() == 1:
        templates, further = {"loso": "own-features"}, own_features_values(index, source, test_on)
    else:
        templates = {template: template for template in ("loso", "two-sources", "gradual")}
        further = source_values(source) | reading_values(index)
    values = common_values(name, data_root, out, classes) | further
    made |= _write(task, "task", values)
    counts = count_labels(load_task(str(task)), index)
    for file, template in templates.items():
        made |= _write(out / f"{file}.yaml", template, values)
    other = find_other(name, test_on, data_root, classes) if "two-sources" in templates else None
    remarks = [*classes.notes, *index.problems, *describe_unreadable(index)]
    if other is None:
        remarks.append(
            "No other dataset of the same classes stands beside it; --test-on NAME writes other-dataset.yaml."
        )
    else:
        other_task = out / f"{name}-and-{other.name}-task.yaml"
        window = values["own_window"] | other.window
        values |= {
            "other": other.name,
            "other_rule": as_yaml(other.rule),
            "other_task": as_yaml(other_task.as_posix()),
            "other_window": as_yaml(window),
        }
        made |= _write(other_task, "other-task", values)
        made |= _write(out / "other-dataset.yaml", "other-dataset", values)
    command = f"transferpain run {shlex.quote(str(out / 'loso.yaml'))}{root_option(data_root)}"
    return Started(found, counts, made, tuple(remarks), command)


def _dataset_folder(folder: Path) -> Path:
    """Return the folder with a name; refuse what cannot be a dataset of the user's own."""
    folder = Path(os.path.normpath(folder))
    if folder.name in ("", ".."):
        folder = Path(os.path.abspath(folder))
    if not folder.is_dir():
        raise UserError(
            f"{folder} is {'a file' if folder.exists() else 'not there'}.",
            rule="`transferpain init` takes the folder that your clips stand in.",
            todo="Name the folder.",
        )
    if folder.name in DATASETS:
        raise UserError(
            f"{folder} is called as {DATASETS[folder.name].title}, which is read in its own layout.",
            rule="That dataset needs no index, and has tasks and experiments of its own.",
            received=folder.name,
            todo=f"Use `transferpain data check {folder.name}`; or, if these are your own clips, rename the folder.",
        )
    if not NAME.fullmatch(folder.name) or len(folder.name) > LONGEST_NAME:
        renamed = shlex.quote(str(folder.with_name(as_name(folder.name)[:LONGEST_NAME])))
        raise UserError(
            "The folder's name cannot be that of a dataset.",
            rule=f"It has lower-case letters, digits and hyphens, {LONGEST_NAME} at most: it stands in files.",
            received=folder.name,
            todo=f"Rename it: mv {shlex.quote(str(folder))} {renamed}",
        )
    return folder


def _write_index(folder: Path) -> tuple[str, ...]:
    """Write `index.csv`, and return what was found; the index is left to be filled in where names tell too little."""
    _check_is_one(folder)
    clips = find_clips(folder)
    subjects = guess_subjects(clips.media)
    labels = guess_labels(clips.media, subjects)
    path = folder / INDEX_NAME
    write_guessed(path, clips.media, subjects, labels)
    kinds = ", ".join(f"{count} {kind}" for kind, count in clips.counts.items() if count)
    found = [f"found: {kinds}"]
    if clips.passed_over:
        found.append(f"passed over: {describe_endings(map(Path, clips.passed_over))}")
    passed_over, missing = found[1:], []
    for column, guess in (("subject", subjects), ("label", labels)):
        left = guess.values.count("")
        if left:
            missing.append(f"the {column}s of {left} clips")
        else:
            number = len(set(guess.values))
            found.append(f"{number} {column}s, guessed from {guess.where}: {_shown(guess.values)}")
    if missing:
        raise UserError(
            f"The names of the clips do not tell {' and '.join(missing)}.",
            rule="Without subjects no split is honest, and without labels there is nothing to learn.",
            received="; ".join([f"{kinds}, such as {clips.media[0]}", *passed_over]),
            todo=f"{path} was written: fill in its empty cells, and give the same command again.",
        )
    return tuple(found)


def _check_is_one(folder: Path) -> None:
    """Refuse a folder of datasets: as one, people of all of them would be mixed, and labels mean several things."""
    inside = [entry for entry in list_folder(folder) if entry.is_dir() and _is_dataset(entry)]
    if inside:
        raise UserError(
            f"{folder} holds {'a dataset' if len(inside) == 1 else 'datasets'}, and is none itself.",
            rule=f"A folder with an {INDEX_NAME}, or in the layout of a known dataset, is a dataset of its own.",
            received=_shown(tuple(hide_name(entry.name) for entry in inside)),
            todo=f"Name one of them: transferpain init {shlex.quote(str(inside[0]))}; or, if all are parts of one "
            f"dataset, rename each {INDEX_NAME} in them.",
        )


def _is_dataset(folder: Path) -> bool:
    named = (dataset for dataset in DATASETS.values() if folder.name.strip().lower() == dataset.folder)
    known = any(find_folder(folder, dataset.is_marked) is not None for dataset in named)
    return known or (folder / INDEX_NAME).is_file()


def _shown(values: tuple[str, ...]) -> str:
    names = list(dict.fromkeys(values))
    return ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")


def _check_subjects(index: Index, found: tuple[str, ...]) -> None:
    subjects = index.clips["subject"][index.clips["label"].notna()].nunique()
    if index.clips["label"].notna().any() and subjects < LEAST_SUBJECTS:
        raise UserError(
            f"There are too few subjects in {index.dataset.name}.",
            rule=f"{LEAST_SUBJECTS} at least: one to test on, one to stop training by, one to learn from.",
            received="; ".join([f"{subjects} with labels", *found]),
            todo="Add clips of more people, or correct the column `subject` of the index.",
        )


def _classes_of(path: Path, dataset: str) -> Classes:
    """Return the classes of a task that is there already."""
    task = load_task(str(path))
    rule = task.rule_for(dataset)
    return Classes(task.classes, {rule.name: rule.model_dump(mode="json")[rule.name]}, task.ordinal)


def _write(path: Path, template: str, values: dict[str, Any]) -> dict[Path, bool]:
    """Fill in a template and write it, unless the file is there; return the path and whether it was written."""
    if path.exists():
        return {path: False}
    text = (TEMPLATES / f"{template}.yaml").read_text(encoding="utf-8")
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, Template(text).substitute(values))
    return {path: True}
