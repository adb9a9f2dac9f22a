"""The whole way through the real command line: twins, faces, source, features, heads, report."""

import shutil
from functools import partial

import pytest
import yaml

from tests.command_line import EXPERIMENTS, imported_modules, transferpain
from tests.data.datasets.trees import touch
from tests.data.datasets.unbc_trees import make_unbc
from tests.forked_program import LIGHT, forked
from tests.small_study import CROSS
from transferpain.core.cost import read_cost
from transferpain.core.errors import UserError
from transferpain.core.store import read_json, write_text
from transferpain.data.places import Places
from transferpain.data.tasks.task import load_task
from transferpain.experiments.ahead import run_ahead
from transferpain.experiments.executors.base import Computing
from transferpain.experiments.run_folder import RunFolder
from transferpain.experiments.runner import SHOWN_PROBLEMS, problem_lines
from transferpain.experiments.schema import load_experiment
from transferpain.experiments.study import (
    Batch,
    check_batch,
    datasets_read,
    dry_run_labels,
    dry_run_rows,
    load_batch,
    run_batch,
)
from transferpain.experiments.study_schema import is_study
from transferpain.reports.registered import register_file
from transferpain.strategies.frozen.strategy import TRANSFERABILITY

light = partial(forked, preload=LIGHT)  # the study itself, and the call after it, are of the installed program
FILE = "late.yaml"
WEIGHTS = EXPERIMENTS.parent / "weights"


def run_of(workspace, name: str) -> RunFolder:
    (path,) = (workspace / "runs").glob(f"{name}-*")
    return RunFolder(path)


@pytest.mark.parametrize(
    ("name", "changes", "read"),
    [
        ("ai4pain-ann", {"source": "untrained"}, {"ai4pain"}),
        ("ai4pain-ann", {"source": str(WEIGHTS / "ferplus-vgg16")}, {"ai4pain"}),
        ("ai4pain-ann", {"source": "biovid-vgg16"}, {"ai4pain", "biovid"}),
        ("ai4pain-ann", {"source": "biovid-vgg16", "source_set": {"source": "ferplus-vgg16"}},
         {"ai4pain", "biovid", "ferplus"}),
        ("ai4pain-ann", CROSS, {"ai4pain", "biovid"}),
    ],
)  # fmt: skip
def test_an_experiment_reads_its_own_datasets_and_those_of_its_sources(name, changes, read):
    assert datasets_read(load_experiment(EXPERIMENTS / f"{name}.yaml", changes), EXPERIMENTS) == read


def test_a_comparison_of_other_clips_is_refused_before_anything_is_read(tmp_path):
    for file in EXPERIMENTS.glob("*.yaml"):
        shutil.copy(file, tmp_path)
    study = yaml.safe_load((tmp_path / "reference-demo.yaml").read_text(encoding="utf-8"))
    study["experiments"]["plain"] = {"experiment": "ai4pain-ann"}
    study["comparisons"] = [{"better": "difference-1", "worse": "plain"}]
    write_text(tmp_path / "other.yaml", yaml.safe_dump(study))
    with pytest.raises(UserError, match=r"difference-1 and plain cannot be compared(.|\n)*form: withheld"):
        load_batch(tmp_path / "other.yaml", Places(tmp_path, tmp_path), [])
    study["comparisons"] = [{"better": "without", "worse": "difference-1"}]
    write_text(tmp_path / "same.yaml", yaml.safe_dump(study))
    assert load_batch(tmp_path / "same.yaml", Places(tmp_path, tmp_path), []).comparisons


def test_a_source_that_is_not_there_is_refused_before_a_twin_is_drawn():
    experiment = load_experiment(EXPERIMENTS / "ai4pain-ann.yaml", {"source": "biovid-vgg61"})
    with pytest.raises(UserError, match="was not found"):
        datasets_read(experiment, EXPERIMENTS)


def test_the_demonstration_begins_with_a_network_that_is_there_and_draws_what_is_looked_at(tmp_path, monkeypatch):
    monkeypatch.chdir(EXPERIMENTS.parent)
    batch = load_batch(EXPERIMENTS / "demo.yaml", Places(tmp_path, tmp_path), [])
    first, *others = batch.experiments
    assert datasets_read(first, batch.folder) == {"ai4pain"}
    assert (WEIGHTS.parent / first.source).is_dir()
    assert {"biovid"} < set.union(*(datasets_read(experiment, batch.folder) for experiment in others))
    drawn = {dataset: settings.levels for dataset, settings in batch.twins.items()}
    read = {first.task, "biovid-bl1-pa4"}
    assert drawn == {dataset: tuple(rule.mapping) for task in read for dataset, rule in load_task(task).labels.items()}
    assert {experiment.features.fps for experiment in batch.experiments} == {batch.twins["ai4pain"].fps}


SHIPPED = sorted(path for path in EXPERIMENTS.glob("*.yaml") if is_study(path))


@pytest.mark.parametrize("path", SHIPPED, ids=[path.stem for path in SHIPPED])
def test_every_source_of_a_shipped_study_fits(path, tmp_path, monkeypatch):
    monkeypatch.chdir(EXPERIMENTS.parent)
    check_batch(load_batch(path, Places(tmp_path, tmp_path), []))


def run_two_at_a_time(batch: Batch) -> None:
    run_ahead(batch, Computing(jobs=2))


def dry_run(batch: Batch) -> None:
    dry_run_rows(batch.folder / FILE, batch.places, [])


def register(batch: Batch) -> None:
    register_file(batch.folder / FILE, batch.places, [], None)


@pytest.mark.parametrize("refuse", [run_batch, run_two_at_a_time, register])
def test_a_source_that_does_not_fit_is_refused_before_anything_is_drawn_or_registered(refuse, tmp_path):
    source = str(WEIGHTS / "ferplus-resnet18")
    fits = {"task": "cross-binary", "dataset": "ai4pain", "source": source, "paper": None, "faces": {"size": 96}}
    experiments = {
        "first": {"experiment": "matrix-ann", "set": fits},
        "second": {"experiment": "matrix-ann", "set": fits | {"faces": {"size": 64}}},
    }
    study = {
        "study": "late",
        "title": "Late",
        "question": "Does it fit?",
        "data_root": "data",
        "experiments": experiments,
    }
    study["twins"] = {"ai4pain": {"subjects": 4, "clips": 1, "seconds": 1, "fps": 4}}
    shutil.copy(EXPERIMENTS / "matrix-ann.yaml", tmp_path)
    write_text(tmp_path / FILE, yaml.safe_dump(study))
    batch = load_batch(tmp_path / FILE, Places(tmp_path, tmp_path), [])
    with pytest.raises(UserError, match=r"(?s)does not fit the faces of second.*reads faces of 96x96.*faces\.size: 64"):
        refuse(batch)
    assert {path.name for path in tmp_path.iterdir()} == {FILE, "matrix-ann.yaml"}


@pytest.mark.parametrize("refuse", [run_batch, run_two_at_a_time, dry_run])
def test_a_stack_that_cannot_be_made_is_refused_before_its_members_are_computed(refuse, small_twin, tmp_path):
    shared = {"protocol": {"kind": "group_kfold", "folds": 2, "selection_share": 0.1}, "paper": None}
    texture = {"experiment": "biovid-texture", "set": shared | {"faces": {"size": 64}}}
    stack = {"source": {"runs": ["one", "two"]}, "head": {"kind": "stacking"}}
    study = {
        "study": "late",
        "title": "Late",
        "question": "Are there people enough?",
        "experiments": {
            "one": texture,
            "two": texture,
            "stack": {"experiment": "biovid-ensemble", "set": shared | stack},
        },
    }
    for name in ("biovid-texture", "biovid-ensemble"):
        shutil.copy(EXPERIMENTS / f"{name}.yaml", tmp_path)
    write_text(tmp_path / FILE, yaml.safe_dump(study, sort_keys=False))
    batch = load_batch(tmp_path / FILE, Places(small_twin, tmp_path), [])
    with pytest.raises(UserError, match="too few selection subjects to stack the members of stack"):
        refuse(batch)
    assert not (tmp_path / "runs").exists()


def test_a_dry_run_tells_what_is_left_out_of_the_data(tmp_path):
    make_unbc(tmp_path / "unbc")
    touch(tmp_path / "unbc/Images/042-ll042/ll042t1aaaff/thumb.jpg")
    places = Places(tmp_path, tmp_path)
    (_, rows), lines = dry_run_labels(EXPERIMENTS / "unbc-frames-ann.yaml", places, ["source=untrained"])
    assert [row[2:5] for row in rows][:1] == [["no pain", "3 frames", "3"]]
    assert lines[0] == "warning: 1 sequences with 5 pictures are left out whole, as named below."
    assert "thumb.jpg; move them away" in lines[1]
    many = tuple(f"clip {number}: missing." for number in range(SHOWN_PROBLEMS + 2))
    assert problem_lines(many)[-1].startswith("warning: and 2 more; ")
    assert len(problem_lines(many)) == SHOWN_PROBLEMS + 1
    assert problem_lines(many[:SHOWN_PROBLEMS])[-1] == f"warning: {many[SHOWN_PROBLEMS - 1]}"


def pspi_study(folder, task: str) -> Batch:
    """Load the study of PSPI with another task."""
    text = (EXPERIMENTS / "unbc-pspi-demo.yaml").read_text(encoding="utf-8")
    (folder / "study.yaml").write_text(text.replace("  seeds: [0]", f"  seeds: [0]\n  task: {task}"), encoding="utf-8")
    (folder / "unbc-pspi.yaml").write_bytes((EXPERIMENTS / "unbc-pspi.yaml").read_bytes())
    return load_batch(folder / "study.yaml", Places(folder, folder), [])


def test_levels_are_compared_by_their_distances(tmp_path):
    assert {pair.metric for pair in pspi_study(tmp_path, "unbc-seven").comparisons} == {"quadratic_kappa"}


def test_classes_without_an_order_are_not_compared_by_distances(tmp_path):
    with pytest.raises(UserError, match=r"(?s)mse cannot be compared by quadratic_kappa.*in no order") as caught:
        pspi_study(tmp_path, "ferplus-emotions")
    assert "balanced_accuracy" in str(caught.value)


@pytest.mark.slow
def test_the_score_of_the_first_experiment_is_shown_as_soon_as_it_is_there(finished_study):
    _, _, result = finished_study
    shown, final = " ".join(result.stderr.split()), " ".join(result.stdout.split())
    early = shown[shown.index("1 of 2 experiments - SYNTHETIC data") :]
    for text in ("majority", "ann"):
        assert text in early[: early.index("└")]
    assert "lstm" not in early[: early.index("└")]
    assert "2 of 2 experiments" not in shown, "the last table is the result"
    assert "1 of 2" not in final


@pytest.mark.slow
def test_the_table_shows_every_score_and_the_synthetic_mark(finished_study):
    _, _, result = finished_study
    table = result.stdout[: result.stdout.index("└")]
    for text in ("balanced", "majority", "macro F1", "coverage", "SYNTHETIC", "linear probe, mean"):
        assert text in table
    assert "ann minus lstm" in result.stdout
    assert "no interval: 1 subject, fewer than 8 (ann, lstm)" in result.stdout


@pytest.mark.slow
def test_the_command_line_warns_of_the_checks_that_the_report_calls_failed(finished_study):
    workspace, _, result = finished_study
    checks = read_json(run_of(workspace, "ann").path / "leakage.json")["checks"]
    faults = [line for line in checks if line["state"] == "fail"]
    assert faults, "a training on nine people for two epochs learns no pain: the identity check must fail"
    for line in faults:
        assert f"warning: ann: leakage check {line['number']} fails" in result.stderr
    assert f"warning: ann: {len(faults)} of {len(checks)} leakage checks fail" in " ".join(result.stdout.split())


@pytest.mark.slow
def test_progress_names_the_long_stages(finished_study):
    _, _, result = finished_study
    for text in ("drawing the biovid twin", "faces", "features", "frames/s", "left"):
        assert text in result.stderr


@pytest.mark.slow
def test_the_report_stands_with_its_tables(finished_study):
    workspace, _, _ = finished_study
    folder = workspace / "reports" / "small"
    names = {path.name for path in folder.iterdir()}
    assert {"index.html", "result.png", "results.csv", "results.tex", "differences.csv"} <= names
    assert "synthetic" in (folder / "index.html").read_text(encoding="utf-8").lower()


@pytest.mark.slow
def test_the_run_folder_holds_what_the_contract_says(finished_study):
    workspace, _, _ = finished_study
    run = run_of(workspace, "ann")
    assert run.is_done
    assert run.facts()["synthetic"] is True
    assert run.facts()["source"]["name"] == "small-biovid"
    predictions = run.predictions()
    assert set(predictions["seed"]) == {0, 1}
    assert set(predictions.loc[predictions["frame"] == -1, "clip"]) == set(predictions["clip"])
    assert {"p_0", "p_1", "p_2", "coverage", "fold"} <= set(predictions.columns)
    assert (run.path / "unusable.csv").is_file()


@pytest.mark.slow
def test_a_run_says_what_it_cost_and_how_well_its_source_should_transfer(finished_study):
    workspace, _, _ = finished_study
    costs = [read_cost(run_of(workspace, name).path) for name in ("ann", "lstm", "small-biovid")]
    assert all(cost.seconds > 0 and cost.sessions == 1 for cost in costs)
    # The two heads stand on two sources, so that each embeds every clip; the source itself caches no features.
    embedded = [cost.clips_embedded for cost in costs]
    assert embedded[0] == embedded[1] > embedded[2] == 0
    assert sum(embedded) == len(list(workspace.glob("cache/features/*/*.npy")))
    scores = [read_json(run_of(workspace, name).path / TRANSFERABILITY)["scores"] for name in ("ann", "lstm")]
    assert all(isinstance(score["logme"]["value"], float) for score in scores)
    assert [score["leep"]["value"] is None for score in scores] == [False, True]
    assert not (run_of(workspace, "small-biovid").path / TRANSFERABILITY).exists()


@pytest.mark.slow
def test_the_source_is_synthetic_and_its_child_knows_it(finished_study):
    workspace, _, _ = finished_study
    source, child = run_of(workspace, "small-biovid"), run_of(workspace, "ann")
    manifest, parent = read_json(child.model / "manifest.json"), read_json(source.model / "manifest.json")
    assert manifest["synthetic"] is parent["synthetic"] is True
    assert manifest["parents"] == [child.facts()["source"]["hash"], *parent["parents"]]


@pytest.mark.slow
def test_a_second_run_computes_nothing_and_imports_no_tensorflow(finished_study):
    workspace, study, first = finished_study
    log = run_of(workspace, "ann").path / "log.txt"
    before = log.read_text(encoding="utf-8")
    again = transferpain("run", study, "--workspace", workspace)
    assert again.stdout == first.stdout
    assert "experiments - SYNTHETIC" not in again.stderr
    assert log.read_text(encoding="utf-8") == before
    assert not imported_modules("run", study, "--workspace", workspace) & {"tensorflow", "keras", "matplotlib"}


@pytest.mark.slow
def test_a_dry_run_lists_the_stages_and_computes_nothing(finished_study):
    workspace, study, _ = finished_study
    folders = sorted((workspace / "runs").iterdir())
    result = light("run", study, "--workspace", workspace, "--dry-run", "--set", "training.epochs=7")
    assert result.returncode == 0, result.stderr
    for text in ("faces (mediapipe)", "features (squeezenet", "head (ann)", "hours", "disk GB"):
        assert text in result.stdout
    assert "training (vgg16)" not in result.stdout  # the source is finished
    assert sorted((workspace / "runs").iterdir()) == folders
    finished = light("run", study, "--workspace", workspace, "--dry-run")
    assert "nothing is left to do" in finished.stdout
    assert "features (squeezenet" not in finished.stdout
    assert "no pain" in finished.stdout


@pytest.mark.slow
def test_stage_commands_stop_after_their_stage(finished_study, tmp_path):
    workspace, study, _ = finished_study
    small = ["--set", "faces.size=32", "--set", "faces.detector=mediapipe", "--set", "features.fps=10"]
    arguments = ["--data-root", workspace / "data", "--workspace", tmp_path, *small]
    experiment = study.parent / "ai4pain-ann.yaml"
    found = light("faces", experiment, *arguments)
    assert found.returncode == 0, found.stderr
    assert "a face in" in found.stdout
    whole = ["--set", "source=untrained", "--set", "window.seconds=0.5"]
    extracted = forked("extract", experiment, *arguments, *whole)
    assert extracted.returncode == 0, extracted.stderr
    assert "feature rows cached" in extracted.stdout
    assert not (tmp_path / "runs").exists()


@pytest.mark.slow
def test_faces_that_do_not_fit_the_source_are_refused(finished_study):
    workspace, study, _ = finished_study
    result = light("run", study, "--workspace", workspace, "--set", "faces.size=48")
    assert result.returncode == 1
    assert "It reads faces of 32x32 pixels" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.slow
def test_a_report_of_named_runs(finished_study):
    workspace, _, _ = finished_study
    runs = [run_of(workspace, name).path for name in ("ann", "lstm")]
    result = light("report", *runs, "--name", "mine", "--workspace", workspace)
    assert result.returncode == 0, result.stderr
    assert (workspace / "reports" / "mine" / "index.html").is_file()
