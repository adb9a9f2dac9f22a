"""A run's model goes into weights/ with the log of all recipes; the runs stay as they are."""

import shutil

import pandas as pd
import pytest
import yaml

from tests.evaluation.drawn import draw_predictions
from tests.models.bundles.bundles import LABELS
from tests.models.bundles.complete import save_complete
from transferpain.core.errors import UserError
from transferpain.core.store import read_json, write_json, write_text
from transferpain.evaluation.scores import mark_copies, score
from transferpain.experiments.run_folder import RunFolder
from transferpain.experiments.ship import check_size, flat, is_comparable, kept_epoch, read_recipes, ship_model
from transferpain.models.bundles.manifest import manifest_hash, read_complete, read_contents
from transferpain.models.bundles.training_log import read_log
from transferpain.strategies.common.finished import predictions_hash

EXPERIMENT = {
    "name": "ferplus-small",
    "question": "?",
    "protocol": {"kind": "folders", "test_split": "validation", "selection": "inner"},
    "backbone": "resnet18",
    "strategy": "full_fine_tuning",
    "images": {"size": 64},
    "training": {"patience": None, "ema": 0.995},
    "phases": {},
}
ACCURACIES = [0.5, 0.9, 0.75]


def write_run(runs, name: str, size: int, seed: int, index: str = "0" * 16, dataset: str = "ferplus"):
    """Write a finished run of `EXPERIMENT` at another size, with drawn predictions; return its folder."""
    run = RunFolder(runs / f"{name}-0123456789abcdef")
    experiment = EXPERIMENT | {"name": name, "images": {"size": size}}
    write_text(run.path / "experiment.yaml", yaml.safe_dump(experiment))
    write_json(run.path / "facts.json", {"index": index, "task_hash": "a" * 16})
    history = pd.DataFrame({"epoch": [1, 2, 3], "phase": "full", "loss": [3.0, 2.0, 1.0], "val_loss": [2.0, 0.5, 1.0]})
    history = history.assign(val_accuracy=ACCURACIES, learning_rate=0.1, seconds=[9.1, 9.2, 9.3])
    predictions = draw_predictions((2, 2), subjects=6, seed=seed).assign(fold="test", seed=0)
    run.finish_fold("test", 0, predictions, history)
    clips = predictions[["clip"]].assign(in_training=[True, *[False] * (len(predictions) - 1)])
    write_json(run.path / "metrics.json", score(mark_copies(run.predictions(), clips), LABELS))
    save_complete(run.model, dataset, parents=["c" * 64], experiment=name)
    run.finish(["experiment.yaml", "facts.json", "metrics.json"], [run.fold("test", 0)])
    return run.path


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """Two finished recipes, one for other data, and one that is not finished."""
    runs = tmp_path_factory.mktemp("workspace") / "runs"
    paths = [write_run(runs, "large", 96, 0), write_run(runs, "small", 64, 1)]
    write_run(runs, "twin", 64, 2, index="1" * 16)
    (runs / "unfinished-0123456789abcdef").mkdir()
    return paths


def test_a_model_is_shipped_with_its_training_and_every_recipe(finished, tmp_path):
    large, small = finished
    before = manifest_hash(large / "model")
    shipped = ship_model(large, [], tmp_path / "weights" / "large", "")
    manifest = read_complete(shipped.folder)
    assert manifest_hash(shipped.folder) == shipped.digest != before
    assert manifest_hash(large / "model") == before == shipped.original == manifest["original"]
    assert shipped.parents == ("c" * 64,)
    assert shipped.size == sum(file.stat().st_size for file in shipped.folder.iterdir() if file.name != "manifest.json")
    log = read_log(read_contents(shipped.folder))
    assert log.recipes == shipped.recipes
    assert [epoch.val_accuracy for epoch in log.training.epochs] == ACCURACIES
    assert [recipe.run for recipe in log.recipes.recipes] == [large.name, small.name]
    assert [recipe.settings for recipe in log.recipes.recipes] == [{"images.size": "96"}, {"images.size": "64"}]
    card = (shipped.folder / "README.md").read_text(encoding="utf-8")
    assert f"| `{small.name}` | images.size 64 | 3 | 0.7500 | 24 |" in card
    assert "The tested rows were scored\n2 times" in card


def test_a_recipe_has_the_scores_of_its_run(finished, tmp_path):
    large, _ = finished
    metrics = RunFolder(large).metrics()
    recipe = ship_model(large, [], tmp_path / "large", "").recipes.recipes[0]
    assert recipe.test.clips == 24
    assert recipe.test.accuracy.model_dump().items() <= metrics["all"]["accuracy"].items()
    assert (recipe.copies, recipe.without_copies.clips) == (1, 23)
    assert recipe.without_copies.accuracy.value == metrics["without_copies"]["accuracy"]["value"]
    row = metrics["all"]["per_class"]["pain"]
    assert recipe.test.recall["pain"].model_dump() == {
        "value": row["recall"],
        "low": row["recall_low"],
        "high": row["recall_high"],
    }
    shared = read_json(tmp_path / "large" / "metrics.json")
    assert shared["all"] == metrics["all"]
    assert shared["predictions_sha256"] == predictions_hash(large)


def test_runs_from_elsewhere_are_recipes_too(finished, tmp_path):
    large, small = finished
    other = write_run(tmp_path / "runs", "other", 48, 3)
    shipped = ship_model(large, [other, small], tmp_path / "large", "")
    assert [recipe.name for recipe in shipped.recipes.recipes] == ["large", "other", "small"]
    twin = large.with_name("twin-0123456789abcdef")
    with pytest.raises(UserError, match="is not a recipe for what"):
        ship_model(large, [twin], tmp_path / "more", "")
    assert not (tmp_path / "more").exists()


def test_equal_counts_of_other_rows_and_copies_of_a_run_are_no_recipes(tmp_path):
    runs = [write_run(tmp_path / "runs", name, 64, 0) for name in ("large", "group")]
    own, other = map(RunFolder, runs)
    assert is_comparable(own, other)
    shutil.copytree(runs[0], runs[0].with_name("large-0123456789abcdef (conflicted copy)"))
    assert [one.name for one in read_recipes(own, []).recipes] == ["large", "group"]
    rows = other.predictions().drop(columns="part").assign(subject=lambda table: "other " + table["subject"])
    other.finish_fold("test", 0, rows, other.histories()["test-seed0"])
    other.finish(["experiment.yaml", "facts.json", "metrics.json"], [other.fold("test", 0)])
    assert not is_comparable(own, other)
    assert [one.name for one in read_recipes(own, []).recipes] == ["large"]


def test_shipping_again_changes_nothing_and_another_model_is_not_overwritten(finished, tmp_path):
    large, small = finished
    first = ship_model(large, [], tmp_path / "mine", "")
    assert ship_model(large, [], tmp_path / "mine", "") == first
    with pytest.raises(UserError, match="is there already, and is not this model"):
        ship_model(small, [], tmp_path / "mine", "")
    assert manifest_hash(tmp_path / "mine") == first.digest


def test_a_run_that_is_not_finished_is_not_shipped(finished, tmp_path):
    with pytest.raises(UserError, match="is not a finished run"):
        ship_model(finished[0].with_name("unfinished-0123456789abcdef"), [], tmp_path / "mine", "")
    assert not list(tmp_path.iterdir())


def test_a_model_that_is_too_large_is_not_shipped(tmp_path):
    files = {"model.keras": {"size": 64_000_000}, "README.md": {"size": 1_000_000}}
    check_size(tmp_path, {"files": files})
    with pytest.raises(UserError, match=r"too large to be shipped\.\nAt most 65 MB\.\nReceived: 65\.1 MB"):
        check_size(tmp_path, {"files": files | {"probe.npz": {"size": 100_000}}})


def test_a_restricted_model_is_shipped_with_a_permission_only(tmp_path):
    run = write_run(tmp_path / "runs", "lent", 64, 0, dataset="biovid")
    with pytest.raises(UserError, match="Ask the owners of BioVid"):
        ship_model(run, [], tmp_path / "mine", "")
    ship_model(run, [], tmp_path / "mine", "S. Walter, 1 May")
    assert read_complete(tmp_path / "mine")["permission"] == "S. Walter, 1 May"
    assert "as stated by whoever exported it: S. Walter, 1 May" in (tmp_path / "mine" / "README.md").read_text()


def test_older_metrics_say_what_to_do(finished, tmp_path):
    run = shutil.copytree(finished[0], tmp_path / "runs" / finished[0].name)
    metrics = read_json(run / "metrics.json")
    del metrics["copies"]
    write_json(run / "metrics.json", metrics)
    with pytest.raises(UserError, match="is not a finished run"):
        ship_model(run, [], tmp_path / "mine", "")
    RunFolder(run).finish(["metrics.json"], [RunFolder(run).fold("test", 0)])
    with pytest.raises(UserError, match="Run its experiment again with this version, and move this folder out"):
        ship_model(run, [], tmp_path / "mine", "")


HISTORY = pd.DataFrame(
    {"phase": ["head", "head", "stage4", "stage4"], "epoch": [1, 2, 3, 4], "val_loss": [0.1, 0.2, 0.3, 0.4]}
)


@pytest.mark.parametrize(
    ("patience", "phases", "epoch"),
    [(None, {}, 4), (3, {}, 3), (None, {"stage4": {"patience": 2}}, 3), (None, {"head": {"patience": 2}}, 4)],
)
def test_the_epoch_that_was_kept_is_told(patience, phases, epoch):
    experiment = {"training": {"patience": patience}, "phases": phases}
    assert kept_epoch(HISTORY, experiment)["epoch"] == epoch
    single = HISTORY.drop(columns="phase")
    assert kept_epoch(single, {"training": {"patience": patience}})["epoch"] == (4 if patience is None else 1)


def test_settings_are_named_by_their_place():
    assert flat(
        {"name": "a", "images": {"size": 96, "crop": {"name": "b"}}, "seeds": [0, 1], "paper": {"name": "c"}}
    ) == {
        "images.size": "96",
        "images.crop.name": "b",
        "seeds": "[0, 1]",
    }
