"""The runner: sources, splits, unlabelled tests, warnings."""

import dataclasses
import os
import shutil
from pathlib import Path

import keras
import pandas as pd
import pytest
import yaml

from tests.command_line import EXPERIMENTS
from tests.forked_program import forked
from tests.reports.pages import report_of
from tests.small_study import CROSS, tiny, write_small_study
from transferpain.core.errors import UserError
from transferpain.core.store import read_json, write_json, write_text
from transferpain.data.places import Places
from transferpain.data.protocols.settings import ProtocolSettings
from transferpain.data.synthetic.settings import TwinSettings
from transferpain.data.synthetic.twins import write_twin
from transferpain.experiments.run_folder import RunFolder
from transferpain.experiments.runner import check_contents, find_faces, make_plan
from transferpain.experiments.schema import load_experiment
from transferpain.inputs.adaptation.chosen import needed_clips
from transferpain.inputs.adaptation.registry import ADAPTATIONS
from transferpain.models.bundles.bundle import read_bundle, save_bundle
from transferpain.models.sources.preprocessing import Preprocessing
from transferpain.networks.backbones.resnet18 import build_resnet18
from transferpain.networks.backbones.squeezenet import build_squeezenet

TINY = (
    "faces.detector=mediapipe",
    "faces.size=32",
    "features.fps=10",
    "window.seconds=0.5",
    "training.epochs=1",
    "source=untrained",
    "backbone=squeezenet",  # quick to build and to trace
    "seeds=[0]",
)


CHANGES = ({}, {"seeds": [7]}, {"backbone": "resnet18"})
FACTS = {"backbone": "resnet18", "synthetic": True}


def overrides(*more: str) -> list[str]:
    return [part for assignment in (*TINY, *more) for part in ("--set", assignment)]


def test_the_run_is_named_by_experiment_data_and_source(small_twin, tmp_path):
    places = Places(small_twin, tmp_path)
    names = {make_plan(tiny(EXPERIMENTS, **changes), EXPERIMENTS, places).run.path.name for changes in CHANGES}
    assert len(names) == 3
    assert all(name.startswith("ai4pain-ann-") for name in names)
    assert not (tmp_path / "runs").exists()
    # Two folders of runs that were renamed into each other's place.
    write_json(tmp_path / "runs" / min(names) / "done", {"schema": 2, "files": {}, "run": max(names)})
    with pytest.raises(UserError, match=f"holds the run {max(names)}"):
        [make_plan(tiny(EXPERIMENTS, **changes), EXPERIMENTS, places) for changes in CHANGES]


def test_the_run_is_named_by_what_a_file_of_folds_says(small_twin, tmp_path):
    experiment = tiny(EXPERIMENTS, protocol={"kind": "own_folds", "folds_from": str(tmp_path / "folds.csv")})
    people = sorted(path.name for path in (small_twin / "ai4pain").glob("*/video/*"))
    names = []
    for dealt in ("abab", "abab", "abba"):
        rows = [f"{subject},{fold}" for subject, fold in zip(people, dealt, strict=True)]
        write_text(tmp_path / "folds.csv", "\n".join(["subject,fold", *rows]))
        plan = make_plan(experiment, EXPERIMENTS, Places(small_twin, tmp_path))
        assert [fold.name for fold in plan.folds] == ["a", "b"]
        names.append(plan.run.path.name)
    assert names[0] == names[1] != names[2]


@pytest.mark.parametrize("change", ["content", "copy", pytest.param("other file", marks=pytest.mark.slow)])
def test_the_run_is_named_by_what_its_media_hold(small_twin, tmp_path, change):
    shutil.copytree(small_twin / "ai4pain", tmp_path / "data" / "ai4pain")

    def planned():
        return make_plan(tiny(EXPERIMENTS), EXPERIMENTS, Places(tmp_path / "data", tmp_path))

    before = planned()
    video = tmp_path / "data" / before.clips["media"][0]
    status, content = video.stat(), bytearray(video.read_bytes())
    content[-1] ^= change == "content"
    video.with_name("aside").write_bytes(content)
    video.with_name("aside").replace(video)
    os.utime(video, ns=(status.st_atime_ns, status.st_mtime_ns))
    if change == "other file":
        write_text(tmp_path / "data" / "ai4pain" / "notes.txt", "x")
    after = planned()
    assert after.index.hash == before.index.hash
    assert (after.run.path.name == before.run.path.name) == (change != "content")
    assert (after.contents == before.contents) == (change != "content")


def test_data_that_change_while_they_are_read_stop_the_run(small_twin, tmp_path):
    places = Places(small_twin, tmp_path)
    plan = make_plan(tiny(EXPERIMENTS), EXPERIMENTS, places)
    check_contents(plan, places)
    with pytest.raises(UserError, match="changed while they were read"):
        check_contents(dataclasses.replace(plan, contents="0" * 64), places)


def test_only_clips_of_the_split_are_worked_on(small_twin, tmp_path):
    plan = make_plan(tiny(EXPERIMENTS), EXPERIMENTS, Places(small_twin, tmp_path))
    assert set(plan.clips["split"]) == {"train", "validation"}
    assert plan.synthetic


def test_image_datasets_have_no_faces_stage(tmp_path):
    write_twin("ferplus", tmp_path, TwinSettings(subjects=6, clips=4), lambda frames: None)
    with pytest.raises(UserError, match="has no faces stage"):
        find_faces(load_experiment(EXPERIMENTS / "ferplus-resnet18-64.yaml"), Places(tmp_path, tmp_path))


@pytest.mark.slow
def test_an_unlabelled_test_set_gives_answers_and_no_score(small_twin, tmp_path):
    data = tmp_path / "data"
    shutil.copytree(small_twin, data)
    for number, video in enumerate(sorted((data / "ai4pain" / "Test").rglob("*Pain*.mp4"))):
        video.rename(video.with_name(f"{video.parent.name}_{number}.mp4"))
    for video in (data / "ai4pain" / "Test").rglob("*Baseline*.mp4"):
        video.rename(video.with_name(f"{video.parent.name}_99.mp4"))
    arguments = ["--data-root", data, "--workspace", tmp_path, *overrides("protocol.test_split=test")]
    result = forked("run", EXPERIMENTS / "ai4pain-ann.yaml", *arguments)
    assert result.returncode == 0, result.stderr
    assert "no labels" in result.stdout
    (path,) = (tmp_path / "runs").iterdir()
    submission = pd.read_csv(path / "submission.csv")
    assert set(submission["prediction"]) <= {"no pain", "low pain", "high pain"}
    predicted = RunFolder(path).predictions()
    assert set(submission["clip"]) == set(predicted["clip"])
    assert predicted["y_true"].isna().all()
    assert RunFolder(path).metrics()["all"] is None


@pytest.mark.slow
def test_selection_on_the_reported_subjects_warns(small_twin, tmp_path):
    arguments = ["--data-root", small_twin, "--workspace", tmp_path, *overrides("protocol.selection=paper")]
    result = forked("run", EXPERIMENTS / "ai4pain-ann.yaml", *arguments)
    assert result.returncode == 0, result.stderr
    assert "its scores are optimistic" in " ".join(result.stderr.split())
    page = (report_of(tmp_path, "ai4pain-ann") / "index.html").read_text(encoding="utf-8")
    assert "optimistic" in page


@pytest.mark.slow
def test_image_rows_run_from_csv_to_report(tmp_path):
    result = forked("data", "twin", "ferplus", "--out", tmp_path, "--subjects", "30", "--clips", "8")
    assert result.returncode == 0, result.stderr
    changes = ["backbone=squeezenet", "images.size=32", "training.epochs=1"]
    changes += ["training.schedule.warmup_epochs=0", "training.tensorboard=true"]
    sets = [part for change in changes for part in ("--set", change)]
    arguments = ["--data-root", tmp_path, "--workspace", tmp_path, *sets]
    result = forked("run", EXPERIMENTS / "ferplus-resnet18-64.yaml", *arguments)
    assert result.returncode == 0, result.stderr
    assert "SYNTHETIC" in result.stdout
    (path,) = (tmp_path / "runs").iterdir()
    assert list(path.rglob("events.out.tfevents.*"))
    metrics = RunFolder(path).metrics()
    assert metrics["has_subjects"] is False
    assert metrics["copies"] == 0  # a twin's copies never stand in two splits
    done = forked("models", "ship", path, "--to", tmp_path / "weights" / "small")
    assert done.returncode == 0, done.stderr
    assert "1 epoch. Validation" in (tmp_path / "weights" / "small" / "README.md").read_text(encoding="utf-8")


def test_of_the_targets_training_clips_adabn_needs_only_the_pictures(small_twin, tmp_path):
    plans = {
        method: make_plan(
            tiny(EXPERIMENTS, **CROSS, backbone="resnet18", adaptation=method),
            EXPERIMENTS,
            Places(small_twin, tmp_path),
        )
        for method in ("coral", "batch_norm", None)
    }
    assert list(plans["coral"].clips["clip"]) == list(plans["batch_norm"].clips["clip"])
    more = set(plans["coral"].clips["clip"]) - set(plans[None].clips["clip"])
    assert more
    assert all(clip.startswith("ai4pain/") for clip in more)
    needed = {
        method: set(needed_clips(method, plans[method].samples, plans[method].folds))
        for method in ("coral", "batch_norm")
    }
    assert needed["coral"] - needed["batch_norm"] == more


def run_adapted(adaptation: str, backbone: str, small_twin, workspace) -> tuple[list, Path]:
    """Run a head from one dataset to another by the command line; return the command and the run's folder."""
    sets = overrides(
        "task=cross-binary",
        "dataset=biovid",
        "protocol={kind: cross_dataset, test_dataset: ai4pain}",
        f"adaptation={adaptation}",
        f"backbone={backbone}",
    )
    command = ["run", EXPERIMENTS / "ai4pain-ann.yaml", "--data-root", small_twin, "--workspace", workspace, *sets]
    result = forked(*command)
    assert result.returncode == 0, result.stderr
    (path,) = (workspace / "runs").iterdir()
    facts = RunFolder(path).facts()
    assert facts["target_data"] == "unlabelled training subjects"
    assert facts["adaptation"]["name"] == adaptation
    assert facts["adaptation"]["transductive"] is False
    lines = {line["number"]: line for line in read_json(path / "leakage.json")["checks"]}
    assert lines[5]["state"] == "pass"
    assert f"adaptation {adaptation}: 0 test rows" in lines[5]["figure"]
    assert read_json(path / "model" / "manifest.json")["adaptation"] == adaptation
    assert "have to be adapted first" in (path / "model" / "README.md").read_text(encoding="utf-8")
    return command, path


@pytest.mark.slow
def test_coral_runs_from_one_dataset_to_another_and_adapts_once(small_twin, tmp_path):
    command, path = run_adapted("coral", "squeezenet", small_twin, tmp_path)
    predictions = RunFolder(path).predictions()
    written = {file: file.stat().st_mtime_ns for file in (tmp_path / "cache" / "features").rglob("*.npy")}
    shutil.rmtree(path)
    again = forked(*command)
    assert again.returncode == 0, again.stderr
    assert {file: file.stat().st_mtime_ns for file in (tmp_path / "cache" / "features").rglob("*.npy")} == written
    pd.testing.assert_frame_equal(RunFolder(path).predictions(), predictions)


@pytest.mark.slow
def test_adabn_runs_from_one_dataset_to_another(small_twin, tmp_path):
    run_adapted("batch_norm", "resnet18", small_twin, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("adaptation", ["dann", "deep_coral_transductive"])
def test_a_tuned_network_sees_another_datasets_pictures_says_so_and_is_kept_alone(small_twin, tmp_path, adaptation):
    sets = overrides("protocol={kind: cross_dataset, test_dataset: ai4pain}", "features.fps=null", "images.every=2")
    sets += ["--set", f"adaptation={adaptation}", "--set", "adaptation_weight=0.5", "--set", "window.seconds=0.4"]
    command = ["run", EXPERIMENTS / "matrix-tuned.yaml", "--data-root", small_twin, "--workspace", tmp_path, *sets]
    result = forked(*command)
    assert result.returncode == 0, result.stderr
    (path,) = (tmp_path / "runs").iterdir()
    run, transductive = RunFolder(path), adaptation.endswith("transductive")
    assert run.facts()["adaptation"]["transductive"] == transductive
    assert run.facts()["target_data"] == ADAPTATIONS[adaptation].describe(ProtocolSettings())
    assert ("TRANSDUCTIVE" in result.stderr + result.stdout) == transductive
    lines = {line["number"]: line for line in read_json(path / "leakage.json")["checks"]}
    assert lines[5]["state"] == "pass"
    assert ("Transductive" in lines[5]["explanation"]) == transductive
    assert (f"adaptation {adaptation}: 0 test rows" in lines[5]["figure"]) != transductive
    (history,) = path.glob("folds/*/history.csv")
    assert (pd.read_csv(history)["domain_loss"] >= 0).all()
    plain = build_squeezenet(32, 2)
    kept = read_bundle(path / "model").model
    assert {layer.name for layer in plain.layers} <= {layer.name for layer in kept.layers}
    assert kept.count_params() == plain.count_params()
    assert "it reads faces as they are" in (path / "model" / "README.md").read_text(encoding="utf-8")
    answers = run.predictions()
    shutil.rmtree(path)
    assert forked(*command).returncode == 0
    pd.testing.assert_frame_equal(RunFolder(path).predictions(), answers)


def seven_levels(**changes):
    values = {"source": "untrained", "faces": {"detector": "mediapipe", "size": 32}, "protocol": {"folds": 2}}
    return load_experiment(EXPERIMENTS / "unbc-7level.yaml", values | changes)


@pytest.fixture(scope="module")
def unbc_twin(tmp_path_factory):
    """A data root with a UNBC twin: four people, two sequences each, half a second per sequence."""
    root = tmp_path_factory.mktemp("unbc")
    write_twin("unbc", root, TwinSettings(subjects=4, clips=2, seconds=0.5), lambda frames: None)
    return root


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"images": {"every": 3}}, "does not predict them"),
        ({"task": "cross-binary", "dataset": "unbc"}, "labels whole clips"),
        pytest.param({"backbone": "vgg16", "source": "SOURCE"}, "does not fit the backbone", marks=pytest.mark.slow),
        ({"probe_source": True}, "cannot be probed"),
    ],
)
def test_settings_that_cannot_be_followed_are_refused(unbc_twin, tmp_path, changes, message):
    if "source" in changes:
        preprocessing = Preprocessing(size=32).model_dump()
        save_bundle(tmp_path / "model", build_resnet18(32, 2, embedding=4), preprocessing, ("a", "b"), FACTS)
        changes = changes | {"source": str(tmp_path / "model")}
    with pytest.raises(UserError, match=message):
        make_plan(seven_levels(**changes), EXPERIMENTS, Places(unbc_twin, tmp_path))


@pytest.mark.slow
def test_single_frames_are_tuned_on_in_phases_and_every_one_is_predicted(unbc_twin, tmp_path):
    write_twin("ferplus", unbc_twin, TwinSettings(subjects=20, clips=8), lambda images: None)
    folder = write_small_study(tmp_path / "experiments").parent
    source = {"base": "ferplus-resnet18-64.yaml", "name": "small-ferplus", "images": {"size": 32}}
    source["backbone"] = "squeezenet"
    source["training"] = {"epochs": 1, "schedule": {"warmup_epochs": 0}}
    (folder / "small-ferplus.yaml").write_text(yaml.safe_dump(source), encoding="utf-8")
    changes = ["backbone=squeezenet", "strategy=progressive", "phases_up_to=fire9"]
    changes += ["protocol.folds=2", "training.epochs=2", "faces.size=32"]
    changes += ["faces.detector=mediapipe", "training.schedule={name: constant}"]
    changes += ["source=small-ferplus", "probe_source=true"]
    sets = [part for change in changes for part in ("--set", change)]
    arguments = ["--data-root", unbc_twin, "--workspace", tmp_path, *sets]
    result = forked("run", folder / "unbc-7level.yaml", *arguments)
    assert result.returncode == 0, result.stderr
    (path,) = (tmp_path / "runs").glob("unbc-7level-*")
    predicted = RunFolder(path).predictions().query("frame == -1")
    assert len(predicted) == 4 * 2 * 15  # each frame of each sequence, once
    assert not predicted["clip"].duplicated().any()
    per_sequence = predicted.groupby(predicted["clip"].str.split("/").str[0])
    painless = [name for name, frames in per_sequence if (frames["y_true"] == 0).all()]
    assert painless
    assert not predicted["selected"][predicted["clip"].str.split("/").str[0].isin(painless)].any()
    assert predicted["selected"][predicted["y_true"] > 0].all()
    metrics = RunFolder(path).metrics()
    assert metrics["clips"] == 120
    assert metrics["selected"]["clips"] == predicted["selected"].sum() < 120
    for history in path.glob("folds/*/history.csv"):
        assert list(pd.read_csv(history)["phase"]) == ["head", "fire9"]
    assert not list(path.rglob("checkpoint*"))
    table = pd.read_csv(report_of(tmp_path, "unbc-7level") / "results.csv")
    assert "selected" in set(table["counted"])
    forgetting = pd.concat(map(pd.read_csv, sorted(path.glob("folds/*/forgetting.csv"))), ignore_index=True)
    assert list(forgetting["fold"]) == ["fold0", "fold0", "fold1", "fold1"]
    source_scores = RunFolder(next((tmp_path / "runs").glob("small-ferplus-*"))).metrics()
    before = forgetting[~forgetting["tuned"]]
    assert before["accuracy"].tolist() == pytest.approx([source_scores["all"]["accuracy"]["value"]] * 2)
    assert set(before["rows"]) == {source_scores["clips"]}
    page = (report_of(tmp_path, "unbc-7level") / "index.html").read_text(encoding="utf-8")
    assert "Forgetting: on the task of its source (small-ferplus" in page
    model = read_bundle(path / "model").model
    assert "embedding" not in [layer.name for layer in model.layers]
    below = keras.Model(model.input, model.get_layer("gap").output).count_params()
    assert model.count_params() == below + (512 + 1) * 7
