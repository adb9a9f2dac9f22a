"""The members of an ensemble: which finished runs are meant, and whether they answer for the same clips."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from transferpain.core.contracts import Part
from transferpain.core.errors import UserError
from transferpain.core.store import fingerprint
from transferpain.core.synthetic_faces import faces_of, merge_faces
from transferpain.data.places import Places
from transferpain.data.protocols.fold import Fold
from transferpain.data.tasks.task import Task
from transferpain.evaluation.predictions import WHOLE_CLIP
from transferpain.experiments.chosen_source import own_preprocessing
from transferpain.experiments.run_folder import RunFolder
from transferpain.experiments.runs.find import find_run, name_of
from transferpain.experiments.schema import Experiment
from transferpain.experiments.upgrade import read_experiment
from transferpain.models.sources.origin import Origin, built_origin
from transferpain.strategies.common.finished import predictions_hash

RULE = "An ensemble is made of finished runs on the same task, data, folds and seeds."
NOTHING = "none"  # is seen of the target's data
PARTS: tuple[Part, ...] = ("selection", "test")


def of_batch(experiment: Experiment, runs: Sequence[RunFolder]) -> Experiment:
    """Return an experiment whose members are, where runs that were made with it have their names, these runs.

    Another run of that name may stand beside them, of other settings.
    """
    known = {name_of(run.path): run.path.name for run in runs}
    if not set(experiment.members) & known.keys():
        return experiment
    return experiment.model_copy(update={"members": tuple(known.get(name, name) for name in experiment.members)})


def with_members(experiment: Experiment, places: Places) -> Experiment:
    """Return an experiment that names its members by their folders in `runs/`; of another strategy, as it is.

    Raises:
        UserError: if one is not there, is meant by no name of its own, or is named twice.
    """
    if not experiment.members:
        return experiment
    names = [_folder_name(experiment, name, places) for name in experiment.members]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise refused(experiment, "the same run twice", ", ".join(twice), "Name each run once.")
    return experiment.model_copy(update={"members": tuple(names)})


def check_members_are_known(experiment: Experiment, earlier: Sequence[str], places: Places) -> None:
    """Refuse, before anything is computed, members that are neither finished nor computed before the ensemble is.

    Args:
        earlier: names of the experiments that are computed before it.
    """
    for name in experiment.members:
        if name not in earlier:
            check_finished(experiment, RunFolder(places.runs / _folder_name(experiment, name, places)))


def check_members(
    experiment: Experiment, places: Places, task: Task, data: tuple[str, str], split: tuple[pd.DataFrame, list[Fold]]
) -> None:
    """Refuse members that do not fit an ensemble, or each other.

    Args:
        experiment: as `with_members` returns it; of another strategy nothing is checked.
        task: the ensemble's.
        data: hash of its index, and of the contents of its media.
        split: its samples, and the folds with positions into them.

    Raises:
        UserError: with the member, and what is not as it is here.
    """
    for name in experiment.members:
        run = RunFolder(places.runs / name)
        check_finished(experiment, run)
        check_facts(experiment, run, task, data)
        check_answers(experiment, run, *split)


def check_finished(experiment: Experiment, run: RunFolder) -> None:
    """Refuse a run that is not finished, or damaged."""
    fault = run.fault()
    if fault is None:
        todo = "Finish it first: give the command again that began it."
        raise refused(experiment, "unfinished", run.path.name, todo)
    if fault:
        raise refused(experiment, "damaged", f"{run.path.name}: {fault}", "Compute that run again, or leave it out.")


def check_facts(experiment: Experiment, run: RunFolder, task: Task, data: tuple[str, str]) -> None:
    """Refuse a run on another task or other data."""
    facts, name = run.facts(), run.path.name
    if facts["classes"] != list(task.classes):
        classes = f"{name}: {', '.join(facts['classes'])}; here {', '.join(task.classes)}"
        raise refused(experiment, "of other classes", classes, "Leave that run out, or name its task here.")
    if facts["task_hash"] != task.hash:
        tasks = f"{name}: {facts['task']} ({facts['task_hash']}); here {task.name} ({task.hash})"
        raise refused(experiment, "of another task", tasks, "Leave that run out, or name its task here.")
    if (facts["index"], facts.get("contents")) != data:
        datasets = f"{name}: {facts['dataset']}, {facts['index']}; here {data[0]}"
        raise refused(experiment, "of other data", datasets, "Leave that run out, or compute it again on these data.")


def check_answers(experiment: Experiment, run: RunFolder, samples: pd.DataFrame, folds: Sequence[Fold]) -> None:
    """Refuse a run of other seeds or folds, or one that was tested or selected on other clips or other labels."""
    name = run.path.name
    tables = {part: clip_rows_of(run, part) for part in PARTS}
    seeds = sorted(map(int, tables["test"]["seed"].unique()))
    if seeds != sorted(experiment.seeds):
        both = f"{name}: seeds {seeds}; here {sorted(experiment.seeds)}"
        raise refused(experiment, "of other seeds", both, f"Use --set seeds='{seeds}', or leave that run out.")
    names, own = sorted(tables["test"]["fold"].unique()), sorted(fold.name for fold in folds)
    if names != own:
        both = f"{name}: {_some(names)}; here {_some(own)}"
        raise refused(experiment, "of other folds", both, "Leave that run out, or use its protocol here.")
    for fold in folds:
        for part, positions in zip(PARTS, (fold.selection, fold.test), strict=True):
            for seed in experiment.seeds:
                rows = tables[part]
                rows = rows[(rows["fold"] == fold.name) & (rows["seed"] == seed)]
                where = f"{name}, {fold.name}, {part} part"
                wanted = samples.iloc[positions]
                if rows["clip"].tolist() != wanted["clip"].tolist():
                    clips = f"{where}: {_apart(rows['clip'], wanted['clip'])}"
                    todo = "Leave that run out, or use its protocol and data here."
                    if read_experiment(run.path).get("reference") and experiment.reference is None:
                        todo = "Its references are taken out: use --set reference.form=withheld here."
                    raise refused(experiment, "of other clips", clips, todo)
                if not rows["y_true"].astype("Int64").reset_index(drop=True).equals(_labels(wanted)):
                    todo = "Leave that run out, or compute it again with the labels of this experiment."
                    raise refused(experiment, "of other labels", where, todo)


def members_origin(experiment: Experiment, places: Places) -> Origin:
    """Describe the members as a source: it is named by their answers, and synthetic if one of them is.

    Args:
        experiment: as `with_members` returns it.
    """
    runs = [RunFolder(places.runs / name) for name in experiment.members]
    built = built_origin(experiment.source, experiment.backbone, own_preprocessing(experiment))
    digest = fingerprint([[run.path.name, predictions_hash(run.path)] for run in runs])
    synthetic = any(run.facts()["synthetic"] for run in runs)
    faces = merge_faces(*(faces_of(run.facts()) for run in runs))
    return replace(built, hash=digest, weights_hash=digest, synthetic=synthetic, synthetic_faces=faces)


def facts_of_members(own: dict[str, Any], runs: Sequence[RunFolder]) -> dict[str, Any]:
    """Return what an ensemble's facts state of the target's data, and warn of: its own, and whatever its members do.

    Args:
        own: `target_data` and `warnings` of the ensemble's settings.
    """
    stated = [own, *(run.facts() for run in runs)]
    seen = dict.fromkeys(part for one in stated for part in one.get("target_data", NOTHING).split("; "))
    warned = dict.fromkeys(warning for one in stated for warning in one.get("warnings", ()))
    return {"target_data": "; ".join(part for part in seen if part != NOTHING) or NOTHING, "warnings": list(warned)}


def clip_rows_of(run: RunFolder, part: Part) -> pd.DataFrame:
    """Return what a run said of whole clips."""
    rows = run.predictions(part)
    return rows[rows["frame"] == WHOLE_CLIP]


def refused(experiment: Experiment, how: str, received: str, todo: str) -> UserError:
    """Return the error of a member that does not fit."""
    return UserError(
        f"A member of {experiment.name} is {how}.",
        rule=RULE,
        received=received,
        todo=todo,
    )


def _folder_name(experiment: Experiment, name: str, places: Places) -> str:
    if not (places.runs / name).is_relative_to(places.runs) or Path(name).name != name:
        todo = "Name the run by its experiment, or by its folder there."
        raise refused(experiment, f"not named as it stands in {places.runs}", name, todo)
    return find_run(name, places.workspace).name


def _labels(samples: pd.DataFrame) -> pd.Series:
    return samples["y"].astype("Int64").reset_index(drop=True).rename("y_true")


def _some(names: Sequence[str]) -> str:
    return f"{len(names)} ({', '.join(map(str, names[:3]))}{', ...' if len(names) > 3 else ''})"


def _apart(found: pd.Series, wanted: pd.Series) -> str:
    others = [*sorted(set(wanted) ^ set(found))][:3]
    which = f", of one alone {', '.join(others)}" if others else ", in another order"
    return f"{len(found)} clips; here {len(wanted)}{which}"
