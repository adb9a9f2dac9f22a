"""Ensembles by the command line: a study whose ensembles are made of its own runs, with XGBoost among them."""

import shutil
from pathlib import Path

import pandas as pd
import pytest
import yaml

from tests.command_line import EXPERIMENTS
from tests.end_to_end.small_runs import fail, link_tree, succeed
from tests.forked_program import forked
from transferpain.core.store import file_hash, read_json

pytestmark = pytest.mark.slow
SMALL = {
    "protocol": {"folds": 2, "selection_share": 0.5},
    "faces": {"size": 32},
    "features": {"fps": 10, "dtype": "float32"},
    "window": {"seconds": 0.4},
    "paper": None,
}
MEMBERS = {
    "trees": {"experiment": "biovid-texture", "set": {"head": {"kind": "xgboost", "trees": 5}}},
    "line": {"experiment": "biovid-texture", "set": {"head": {"kind": "logistic_regression"}}},
    "mean": {"experiment": "biovid-ensemble", "set": {"source": {"runs": ["trees", "line"]}}},
    "stack": {
        "experiment": "biovid-ensemble",
        "set": {"source": {"runs": ["trees", "line"]}, "head": {"kind": "stacking"}},
    },
}


def write_study(folder: Path, name: str, members: dict) -> Path:
    for file in ("biovid-texture", "biovid-ensemble"):
        shutil.copy(EXPERIMENTS / f"{file}.yaml", folder)
    study = {
        "study": name,
        "title": "Ensembles",
        "question": "Are two better than one?",
        "data_root": "data",
        "twins": {"biovid": {"subjects": 12, "clips": 1, "seconds": 0.4, "levels": ["BL1", "PA4"]}},
        "set": SMALL,
        "experiments": members,
    }
    path = folder / f"{name}.yaml"
    path.write_text(yaml.safe_dump(study, sort_keys=False), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def workspace(tmp_path_factory) -> Path:
    """A workspace with a study of two heads and two ensembles of them, which has run two at a time."""
    folder = tmp_path_factory.mktemp("ensembles")
    succeed(forked("run", write_study(folder, "both", MEMBERS), "--workspace", folder, "--jobs", "2"))
    return folder


def run_of(workspace: Path, name: str) -> Path:
    (path,) = (workspace / "runs").glob(f"{name}-*")
    return path


def test_the_report_compares_each_ensemble_with_its_members(workspace):
    results = pd.read_csv(workspace / "reports" / "both" / "results.csv").set_index("run")
    assert results.loc[["mean", "stack"], "backbone"].fillna("none").tolist() == ["none", "none"]
    assert results["synthetic"].all()
    text = (workspace / "reports" / "both" / "index.html").read_text(encoding="utf-8")
    assert text.count("The ensemble and its members") >= 2
    assert "nobody whom the fold tests takes part" in text


def test_trees_are_kept_as_json_and_verified(workspace):
    model = run_of(workspace, "trees") / "model"
    assert read_json(model / "manifest.json")["answers"] == "parts/head.json"
    assert "none: known layers and plain numbers only" in forked("models", "verify", model).stdout
    assert "library_name: xgboost" in (model / "README.md").read_text(encoding="utf-8")


def test_predictions_are_the_same_one_at_a_time(workspace, tmp_path):
    link_tree(workspace / "data", tmp_path / "data")
    succeed(forked("run", write_study(tmp_path, "both", MEMBERS), "--workspace", tmp_path))
    for name in MEMBERS:
        tables = [sorted(run_of(folder, name).glob("folds/*/predictions.parquet")) for folder in (workspace, tmp_path)]
        assert [file_hash(path) for path in tables[0]] == [file_hash(path) for path in tables[1]]
        assert run_of(workspace, name).name == run_of(tmp_path, name).name


def test_a_dry_run_says_what_an_ensemble_waits_for_and_that_it_is_finished(workspace, tmp_path):
    answer = forked("run", workspace / "both.yaml", "--workspace", workspace, "--dry-run")
    assert succeed(answer) is not None
    assert answer.stdout.count("nothing is left to do") == len(MEMBERS)
    link_tree(workspace / "data", tmp_path / "data")
    study = write_study(tmp_path, "both", MEMBERS)
    answer = forked("run", study, "--workspace", tmp_path, "--dry-run")
    assert "made when trees, line are finished" in answer.stdout
    assert not (tmp_path / "runs").exists()


def test_members_that_nobody_computes_are_refused_before_anything_is(workspace, tmp_path):
    early = {name: MEMBERS[name] for name in ("mean", "trees", "line")}
    message = fail(forked("run", write_study(tmp_path, "early", early), "--workspace", tmp_path))
    assert "There is no run trees" in message
    assert not (tmp_path / "runs").exists()


def test_pictures_are_refused_with_the_names_of_the_members(workspace):
    (video, *_) = sorted((workspace / "data").rglob("*.mp4"))
    message = fail(forked("predict", run_of(workspace, "mean") / "model", video))
    assert "It is an ensemble, which reads what its members say" in message
    assert run_of(workspace, "trees").name in message


def test_a_run_that_an_ensemble_is_made_of_is_not_removed_unnoticed(workspace):
    answer = forked("runs", "remove", run_of(workspace, "trees").name, "--workspace", workspace, "--dry-run")
    assert answer.returncode == 0, answer.stderr
    assert run_of(workspace, "mean").name in answer.stdout
    assert run_of(workspace, "stack").name in answer.stdout
