"""What version 0.1 wrote is read by this one: runs, experiments, tasks in `old/`; `test_weights.py` reads bundles."""

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest
import yaml

from tests.command_line import EXPERIMENTS
from tests.evaluation.test_kept_scores import rounded
from tests.forked_program import LIGHT, forked
from transferpain.core.cost import read_cost
from transferpain.core.errors import UserError
from transferpain.core.schema import SCHEMA
from transferpain.data.places import Places
from transferpain.data.tasks.task import load_task
from transferpain.evaluation.metrics.registry import metrics_of
from transferpain.experiments.leakage.checks import read_checks
from transferpain.experiments.matrix.run import load
from transferpain.experiments.run_folder import RunFolder
from transferpain.experiments.schema import load_experiment
from transferpain.experiments.study import load_batch
from transferpain.reports.facts import read_run

OLD = Path(__file__).with_name("old")
RUNS = sorted((OLD / "runs").iterdir())
TODAY = {"ann": "frozen", "full": "full_fine_tuning", "progressive": "gradual_unfreezing", "hybrid": "hybrid"}
# An interval is computed as today's are; what stands in the file is of another kind.
OF_INTERVALS = ("low", "high", "draws", "kept", "reason", "recall_low", "recall_high", "recall_reason")
SECTION = {"hybrid": "Three models"}  # what a strategy adds to the page
MEMBERS = ("ai4pain-ann", "biovid-vgg16", "multimodal-fusion", "unbc-7level", "unbc-hybrid", "matrix-progressive")


def name_of(run: Path) -> str:
    return run.name.rsplit("-", 1)[0]


def written_scores(run: Path) -> dict:
    return json.loads((run / "metrics.json").read_text())["all"]


def without_intervals(scores):
    """Return scores as they stand in a file, without what is said of their intervals."""
    if isinstance(scores, dict):
        return {key: without_intervals(value) for key, value in scores.items() if key not in OF_INTERVALS}
    return scores


def without(scores, names):
    """Return scores without some of the metrics, wherever they stand."""
    if isinstance(scores, dict):
        return {key: without(value, names) for key, value in scores.items() if key not in names}
    return scores


@pytest.fixture(scope="module")
def report(tmp_path_factory) -> Path:
    """The folder of the report that the command writes of the four runs."""
    workspace = tmp_path_factory.mktemp("workspace")
    result = forked("report", *RUNS, "--name", "old", "--workspace", workspace, preload=LIGHT)
    assert result.returncode == 0, result.stderr
    return workspace / "reports" / "old"


@pytest.mark.slow
def test_the_report_of_finished_runs_shows_the_scores_that_they_had(report):
    results = pd.read_csv(report / "results.csv").query("counted == 'all'").set_index("run")
    assert sorted(results.index) == sorted(TODAY)
    for run in RUNS:
        row = results.loc[name_of(run)]
        for name in ("accuracy", "balanced_accuracy", "macro_f1"):
            assert row[name] == pytest.approx(written_scores(run)[name]["value"], abs=1e-6)
            assert pd.notna(row[f"{name}_low"]) or "subject" in row[f"{name}_reason"]


@pytest.mark.slow
def test_the_page_shows_settings_checks_and_what_the_strategy_adds(report):
    page = (report / "index.html").read_text(encoding="utf-8")
    assert "SYNTHETIC" in page
    assert "Identity instead of pain" in page
    assert "AMX" in page.upper()
    assert all(section in page for section in SECTION.values())


@pytest.mark.parametrize("run", RUNS, ids=name_of)
def test_a_finished_run_is_read_as_todays(run):
    facts = read_run(run)
    assert facts.experiment["strategy"] == TODAY[name_of(run)]
    assert "feature_layer" in facts.experiment
    assert not {"cut", "schema"} & facts.experiment.keys()
    assert facts.synthetic
    shown, written = (without_intervals(scores) for scores in (facts.scores["all"], written_scores(run)))
    assert {"value"} == set(shown["accuracy"])
    since = {name for name in metrics_of("levels") if name.startswith(("mae_balanced", "mse", "ccc"))}
    assert rounded(without(shown, since)) == rounded(written)
    assert not since & (written["ordinal"] or {}).keys()
    assert [line.number for line in read_checks(run)] == list(range(1, 13))
    assert read_cost(run).sessions == 1
    assert set(RunFolder(run).predictions()["part"]) == {"test"}


@pytest.mark.parametrize("file", ["facts.json", "leakage.json", "environment.json", "experiment.yaml"])
def test_a_run_of_a_later_version_is_refused(tmp_path, file):
    run = Path(shutil.copytree(RUNS[0], tmp_path / RUNS[0].name))
    content = yaml.safe_load((run / file).read_text()) | {"schema": SCHEMA + 1}
    (run / file).write_text(json.dumps(content))  # which is YAML, too
    with pytest.raises(UserError, match=f"Received: schema {SCHEMA + 1}"):
        read_run(run)


@pytest.mark.parametrize("name", MEMBERS)
def test_an_experiment_file_means_what_it_meant(name):
    former, today = (load_experiment(folder / f"{name}.yaml") for folder in (OLD / "experiments", EXPERIMENTS))
    # Since then an experiment states the stretch that is read of every clip, and what is not stated is all of a clip.
    # The trees of `unbc-hybrid` no longer learn from the subjects that selection sets aside, so that these are fewer.
    changed = ("window", "features", *(["protocol"] if name == "unbc-hybrid" else []))
    since = {"paper": None} | {key: getattr(today, key) for key in changed}
    assert former.model_copy(update=since) == today.model_copy(update={"paper": None})


def test_a_study_file_means_what_it_meant(tmp_path):
    former, today = (
        load_batch(folder / "unbc-7level-demo.yaml", Places(tmp_path, tmp_path), [])
        for folder in (OLD / "experiments", EXPERIMENTS)
    )
    strategies = [experiment.strategy for experiment in former.experiments]
    assert strategies == ["last_layer", "gradual_unfreezing", "full_fine_tuning"]
    without_paper = [
        [experiment.model_copy(update={"paper": None, "name": "one"}) for experiment in batch.experiments]
        for batch in (former, today)
    ]
    assert without_paper[0] == without_paper[1]


def test_a_matrix_file_means_what_it_meant(tmp_path):
    for path in EXPERIMENTS.glob("*.yaml"):
        shutil.copy(path, tmp_path)
    today = load(tmp_path / "transfer-matrix-demo.yaml", Places(tmp_path, tmp_path), [], [])
    shutil.copy(OLD / "experiments" / "transfer-matrix-demo.yaml", tmp_path)
    shutil.copy(OLD / "experiments" / "matrix-progressive.yaml", tmp_path)
    former = load(tmp_path / "transfer-matrix-demo.yaml", Places(tmp_path, tmp_path), [], [])
    since = {
        cell.name: {
            key: getattr(cell.experiment, key)
            for key in ("window", "features", "faces", "source_set", "training", "question")
        }
        for cell in today.cells
    }
    updated = [
        cell.changed(lambda experiment, name=cell.name: experiment.model_copy(update=since[name]))
        for cell in former.cells
    ]
    names = {cell.name for cell in former.cells}
    assert updated == [cell for cell in today.cells if cell.name in names]
    added = {cell.source for cell in today.cells if cell.name not in names}
    assert added == {"ferplus-vgg16", *(f"untrained{kind}-{number}" for kind in ("", "-resnet18") for number in (1, 2))}
    assert "gradual_unfreezing" in {cell.experiment.strategy for cell in former.cells}


@pytest.mark.parametrize("name", ["ai4pain-three", "ferplus-emotions", "unbc-binary-1"])
def test_a_task_file_means_what_it_meant(name):
    former, today = load_task(str(OLD / "tasks" / f"{name}.yaml")), load_task(name)
    assert former == today
    assert former.hash == today.hash


def test_the_hash_of_a_task_is_the_one_that_stands_beside_old_results():
    runs = {name_of(run): read_run(run) for run in RUNS}
    for run in runs.values():
        assert load_task(run.experiment["task"]).hash == run.facts["task_hash"]
