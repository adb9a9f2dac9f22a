"""Puts a run's model into weights/, with the log of all recipes that were finished for the same task and data."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from transferpain.core.errors import UserError
from transferpain.core.foreign import parse_json
from transferpain.core.store import json_text
from transferpain.evaluation.predictions import CLIP, clip_rows
from transferpain.experiments.kept_model import read_training, run_metrics
from transferpain.experiments.run_folder import RunFolder
from transferpain.experiments.upgrade import read_experiment
from transferpain.models.bundles.bundle import extend_bundle, write_bundle_folder
from transferpain.models.bundles.card import render_card
from transferpain.models.bundles.manifest import FORMAT, read_complete, read_complete_contents
from transferpain.models.bundles.places import copy_files, is_there
from transferpain.models.bundles.terms import check_may_be_shared
from transferpain.models.bundles.training_log import RECIPES, TRAINING, Log, Recipe, Recipes, Score, Tested
from transferpain.models.bundles.verify import check_contents

# The limit for a model that is committed (our choice): hosts of repositories refuse files above 100 MB.
LARGEST_SHIPPED_BYTES = 65_000_000
# What a run is called, and what it says about a paper: no part of its recipe.
NO_SETTINGS = ("name", "question", "paper")


@dataclass(frozen=True)
class Shipped:
    """What was shipped.

    Attributes:
        folder: where the model stands.
        digest: of the bundle there.
        original: the digest of the run's own bundle.
        size: bytes of all its files.
        parents: digests of the models that it descends from, the nearest first.
        recipes: the log that travels with it.
    """

    folder: Path
    digest: str
    original: str
    size: int
    parents: tuple[str, ...]
    recipes: Recipes


def ship_model(run: Path, others: Sequence[Path], folder: Path, permission: str) -> Shipped:
    """Copy a run's model to `folder` with its training, its scores and the log of recipes; the run stays as it is.

    The recipes are the finished runs beside `run` with the same task, data and tested rows, and `others`.

    Args:
        run: folder of a finished run.
        others: folders of finished runs from elsewhere.
        permission: who permitted it, where the terms of the data ask for that.

    Raises:
        UserError: if a run is not finished or not comparable, the model is damaged, too large or must not be passed on,
            or another one stands in its place.
    """
    own = RunFolder(run)
    check_finished(own)
    for other in others:
        check_comparable(own, RunFolder(other))
    source = own.model
    contents = read_complete_contents(source)
    manifest = contents.manifest
    check_contents(contents)
    check_may_be_shared(manifest, permission)
    check_size(source, manifest)
    log = Log(read_training(own.fold(manifest["fold"], manifest["seed"])), read_recipes(own, others))
    facts = {"original": contents.digest} | ({"permission": permission} if permission else {})
    metrics = run_metrics(own, own.metrics())
    labels, preprocessing = (parse_json(contents.files[name]) for name in ("labels.json", "preprocess.json"))
    files = {
        "metrics.json": json_text(metrics).encode(),
        TRAINING: json_text(log.training.model_dump()).encode(),
        RECIPES: json_text(log.recipes.model_dump()).encode(),
        "README.md": render_card(manifest | facts | {"format": FORMAT}, metrics, labels, preprocessing, log).encode(),
    }
    with tempfile.TemporaryDirectory(prefix="transferpain-") as scratch:
        ready = Path(scratch) / "model"
        digest = extend_bundle(source, ready, files, facts)
        if not is_there(folder, digest):
            write_bundle_folder(folder, lambda temporary: copy_files(ready, temporary))
    shipped = read_complete(folder)
    size = sum(facts["size"] for facts in shipped["files"].values())
    return Shipped(folder, digest, facts["original"], size, tuple(shipped["parents"]), log.recipes)


def read_recipes(own: RunFolder, others: Sequence[Path]) -> Recipes:
    """Return the log of recipes: `own` first, then the comparable finished runs beside it and `others`, by name.

    A copy of a run beside it, under another name, is no recipe of its own.
    """
    found = [RunFolder(path) for path in own.path.resolve().parent.iterdir()]
    beside = [run.path for run in found if is_comparable(own, run) and run.stated_name == run.path.name]
    paths = sorted({path.resolve() for path in (*beside, *others)} - {own.path.resolve()}, key=lambda path: path.name)
    runs = [own, *map(RunFolder, paths)]
    settings = differing([flat(read_experiment(run.path)) for run in runs])
    return Recipes(recipes=tuple(map(read_recipe, runs, settings)))


def read_recipe(run: RunFolder, settings: dict[str, str]) -> Recipe:
    """Return what a finished run scored.

    Raises:
        UserError: if its metrics were derived by an older version.
    """
    metrics, experiment = run.metrics(), read_experiment(run.path)
    if "copies" not in metrics:
        raise UserError(
            f"The metrics of {run.path} lack the scores without copies of training pictures.",
            rule="They are derived from the predictions; an older version derived fewer.",
            todo="Run its experiment again with this version, and move this folder out of runs/.",
        )
    histories = list(run.histories().values())
    selection = [kept_epoch(history, experiment).get("val_accuracy") for history in histories]
    return Recipe(
        name=experiment["name"],
        run=run.path.resolve().name,
        backbone=experiment["backbone"],
        settings=settings,
        epochs=len(histories[0]),
        trainings=len(histories),
        selection_accuracy=None if None in selection else sum(selection) / len(selection),
        test=tested(metrics["all"]),
        copies=metrics["copies"],
        without_copies=metrics["without_copies"] and tested(metrics["without_copies"]),
    )


def tested(scores: dict) -> Tested:
    """Return a part of a run's metrics as the log holds it."""

    def score(entry: dict) -> Score:
        return Score(value=entry["value"], low=entry["low"], high=entry["high"])

    return Tested(
        clips=scores["clips"],
        **{name: score(scores[name]) for name in ("accuracy", "balanced_accuracy", "macro_f1")},
        recall={
            name: Score(value=row["recall"], low=row["recall_low"], high=row["recall_high"])
            for name, row in scores["per_class"].items()
        },
    )


def kept_epoch(history: pd.DataFrame, experiment: dict) -> dict[str, Any]:
    """Return the row of the epoch whose weights were kept: with early stopping the lowest loss, else the last one."""
    phase = "" if "phase" not in history else history["phase"].iloc[-1]
    last = history[history["phase"] == phase] if phase else history
    patience = ((experiment.get("phases") or {}).get(phase) or {}).get("patience") or experiment["training"]["patience"]
    return (last.iloc[-1] if patience is None else last.loc[last["val_loss"].idxmin()]).to_dict()


def flat(settings: dict, prefix: str = "") -> dict[str, str]:
    """Return nested settings by their dotted names, as text: `{"images": {"size": 96}}` gives `images.size: 96`."""
    found = {}
    for key, value in settings.items():
        if prefix or key not in NO_SETTINGS:
            found |= flat(value, f"{prefix}{key}.") if isinstance(value, dict) else {f"{prefix}{key}": str(value)}
    return found


def differing(recipes: list[dict[str, str]]) -> list[dict[str, str]]:
    """Leave out of each recipe what all of them have in common."""
    names = sorted({name for recipe in recipes for name in recipe})
    told = [name for name in names if len({recipe.get(name) for recipe in recipes}) > 1]
    return [{name: recipe[name] for name in told if name in recipe} for recipe in recipes]


def what_was_tested(run: RunFolder) -> list:
    """Return task, data and tested rows of a finished run."""
    facts, protocol = run.facts(), read_experiment(run.path)["protocol"]
    own = ("kind", "test_split", "test_dataset")
    data = [facts.get(key) for key in ("index", "contents", "task_hash")]
    return [*data, run.metrics()["clips"], *(protocol.get(name) for name in own)]


def is_comparable(own: RunFolder, other: RunFolder) -> bool:
    """Tell whether another run is finished and was tested on the same rows for the same task."""
    if not other.is_done or what_was_tested(own) != what_was_tested(other):
        return False
    return tested_rows(own).equals(tested_rows(other))


def tested_rows(run: RunFolder) -> pd.DataFrame:
    """Return the tested rows of a finished run, with their labels, in a fixed order: equal counts may be of others."""
    rows = clip_rows(run.predictions())[[*CLIP, "y_true"]].drop_duplicates()
    return rows.astype(dict.fromkeys(CLIP, str)).sort_values(CLIP, ignore_index=True)


def check_finished(run: RunFolder) -> None:
    """Raise `UserError` if a run is not finished, or has no score."""
    if not run.is_done or run.metrics()["all"] is None:
        raise UserError(
            f"{run.path} is not a finished run with a score.",
            rule="A run is the folder runs/<name>-<hash>, with metrics.json and model/.",
            todo="Give the command of its experiment again: it goes on where it stopped.",
        )


def check_comparable(own: RunFolder, other: RunFolder) -> None:
    """Raise `UserError` if another run cannot stand in one log with this one."""
    check_finished(other)
    if not is_comparable(own, other):
        raise UserError(
            f"{other.path} is not a recipe for what {own.path} was trained for.",
            rule="The recipes in one log have one task, the same data, and the same tested rows.",
            received=what_was_tested(other),
            todo="Leave it out.",
        )


def check_size(folder: Path, manifest: dict) -> None:
    """Raise `UserError` if a bundle is too large to be committed."""
    size = sum(facts["size"] for facts in manifest["files"].values())
    if size > LARGEST_SHIPPED_BYTES:
        raise UserError(
            f"The model {folder} is too large to be shipped.",
            rule=f"At most {LARGEST_SHIPPED_BYTES / 1e6:g} MB.",
            received=f"{size / 1e6:.1f} MB",
            todo="Choose a smaller network, or pass it on as a .zip file with `transferpain models push`.",
        )
