"""The strategy `clip_network` through the real command line: a kill, its bundle, and what its model is refused for."""

import dataclasses
import os
import shutil
import signal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.command_line import EXPERIMENTS
from tests.forked_program import ForkedProgram, forked
from tests.waiting import wait_until
from transferpain.apps.edge.export import ExportOptions, export_model
from transferpain.apps.explain.explain_model import Asked, explain_model
from transferpain.apps.live.model import load_live_model
from transferpain.apps.predict.loaded_model import load_model
from transferpain.apps.serve.choose_assessor import load_assessor
from transferpain.core.errors import UserError
from transferpain.core.overrides import parse_overrides
from transferpain.core.store import read_json
from transferpain.data.places import Places
from transferpain.experiments.leakage.checks import read_checks
from transferpain.experiments.run_folder import RunFolder
from transferpain.experiments.runner import make_plan
from transferpain.experiments.schema import load_experiment
from transferpain.experiments.study import load_batch
from transferpain.models.bundles.manifest import MANIFEST
from transferpain.strategies.base import Job
from transferpain.strategies.clip_network.strategy import CLIP_NETWORK

SETTINGS = (
    "task=biovid-five",
    "faces.size=32",
    "network={kind: vivit, frames: 4, patch: 8, width: 16}",
    # One of two groups of subjects is tested.
    "protocol={kind: grouped, folds: 2, fold: 0, selection_share: 0.5}",
    "window.seconds=0.5",
    "training.epochs=40",
    "training.patience=null",
    "training.checkpoint_seconds=0",
)


def arguments(data: Path, workspace: Path) -> list[object]:
    words = [word for setting in SETTINGS for word in ("--set", setting)]
    return ["run", EXPERIMENTS / "biovid-clip.yaml", "--data-root", data, "--workspace", workspace, *words]


def experiment(*settings: str):
    return load_experiment(EXPERIMENTS / "biovid-clip.yaml", parse_overrides(list(settings)))


@pytest.fixture(scope="module")
def run(small_twin, tmp_path_factory) -> RunFolder:
    """A run that was killed in its training, and went on."""
    workspace = tmp_path_factory.mktemp("clips")
    plan = make_plan(experiment(*SETTINGS), EXPERIMENTS, Places(small_twin, workspace))
    started = ForkedProgram(*arguments(small_twin, workspace))
    wait_until((plan.run.fold("fold0", 0) / "checkpoint.npz").is_file, started)
    os.kill(started.pid, signal.SIGKILL)
    assert started.wait() == -signal.SIGKILL
    assert not plan.run.is_done
    resumed = forked(*arguments(small_twin, workspace))
    assert resumed.returncode == 0, resumed.stderr
    assert "SYNTHETIC" in resumed.stdout
    return plan.run


@pytest.mark.slow
def test_killed_in_its_training_a_fold_ends_with_the_same_answers(run, small_twin, tmp_path):
    workspace = run.path.parents[1]
    shutil.copytree(workspace / "cache", tmp_path / "cache")
    undisturbed = forked(*arguments(small_twin, tmp_path))
    assert undisturbed.returncode == 0, undisturbed.stderr
    expected = RunFolder(tmp_path / run.path.relative_to(workspace)).predictions()
    pd.testing.assert_frame_equal(run.predictions(), expected, check_exact=True)
    assert {line.number: line.state for line in read_checks(run.path)}[5] == "pass"
    assert not list(run.path.rglob("checkpoint*"))


@pytest.mark.slow
def test_its_bundle_is_verified_and_its_card_says_what_it_reads(run):
    verified = forked("models", "verify", run.model, "--reproduce")
    assert verified.returncode == 0, verified.stderr
    card = (run.model / "README.md").read_text(encoding="utf-8")
    assert "A clip network (vivit) from windows of faces" in card
    assert "It reads 4 frames at once" in card
    assert "pipeline_tag: video-classification" in card
    assert read_json(run.model / MANIFEST)["clip_network"]["patch"] == 8


@pytest.mark.slow
def test_it_answers_to_windows_in_python_and_to_nothing_else(run):
    model = load_model(run.model)
    windows = np.random.default_rng(0).integers(0, 256, (3, 4, 40, 40, 3), np.uint8)
    said = model.predict_windows(windows)
    assert said.shape == (3, 5)
    np.testing.assert_allclose(said.sum(axis=1), 1, rtol=1e-4)
    assert model.predict_windows(windows[:0]).shape == (0, 5)
    for wrong in (windows[:, :3], windows[0], windows / 255):
        with pytest.raises(UserError, match=r"no windows of faces(.|\n)*\(n, 4, h, w, 3\)"):
            model.predict_windows(wrong)
    with pytest.raises(UserError, match="cropped to"):
        model.predict_windows(windows[:, :, :0])
    with pytest.raises(UserError, match="reads 4 pictures at once"):
        model.predict(windows[0])
    with pytest.raises(UserError, match=r"reads no features(.|\n)*predict_windows"):
        model.predict_features(np.zeros((1, 4)))


@pytest.mark.slow
@pytest.mark.parametrize(
    "ask",
    [
        lambda model, folder: load_live_model(str(model)),
        lambda model, folder: load_assessor(str(model)),
        lambda model, folder: explain_model(str(model), Asked(), Places(folder, folder), folder / "out"),
        lambda model, folder: export_model(str(model), folder / "out", ExportOptions(("float32",))),
        lambda model, folder: load_model(model).predict(folder),
    ],
    ids=["live", "serve", "explain", "export-edge", "predict"],
)
def test_where_pictures_come_one_by_one_it_is_refused_with_what_to_do(run, tmp_path, ask):
    with pytest.raises(UserError, match=r"reads 4 pictures at once(.|\n)*another strategy(.|\n)*predict_windows"):
        ask(run.model, tmp_path)
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_its_model_and_its_experiment_are_no_source(run, small_twin, tmp_path):
    places = Places(small_twin, tmp_path)
    tuned = EXPERIMENTS / "biovid-vgg16.yaml"
    for source, message in ((str(run.model), "is not a shared image model"), ("biovid-clip", "whole windows of faces")):
        changed = load_experiment(tuned, {"source": source, "protocol": {"kind": "grouped", "folds": 2, "fold": 0}})
        with pytest.raises(UserError, match=message):
            make_plan(changed, EXPERIMENTS, places)


def recordings_of(data: Path, workspace: Path, *settings: str):
    """Return what the strategy reads, by the caches of a run."""
    places = Places(data, workspace)
    plan = make_plan(experiment(*SETTINGS, *settings), EXPERIMENTS, places)
    return CLIP_NETWORK.prepare(Job(plan, places, None, None)).recordings


@pytest.mark.slow
def test_where_a_stretch_is_longer_than_every_clip_all_of_each_is_read(run, small_twin):
    workspace = run.path.parents[1]
    long, whole = (recordings_of(small_twin, workspace, f"window.seconds={length}") for length in (60, 0.5))
    for windows, expected in zip(long.answered, whole.answered, strict=True):
        assert windows[0].frames.tolist() == expected[0].frames.tolist()
        assert len(windows[0].frames) == 4


def test_pictures_without_a_clip_are_refused(small_twin, tmp_path):
    places = Places(small_twin, tmp_path)
    plan = make_plan(experiment(*SETTINGS), EXPERIMENTS, places)
    images = dataclasses.replace(plan, clips=plan.clips.assign(kind="image_rows"))
    with pytest.raises(UserError, match=r"cannot be used with the strategy `clip_network`(.|\n)*windows of frames"):
        CLIP_NETWORK.prepare(Job(images, places, None, None))


def test_a_single_subject_cannot_be_split(small_twin, tmp_path):
    shutil.copytree(small_twin, tmp_path / "data")
    _, *others = sorted(tmp_path.glob("data/biovid/video/*"))
    for folder in others:
        shutil.rmtree(folder)
    with pytest.raises(UserError, match="subjects"):
        make_plan(experiment(*SETTINGS), EXPERIMENTS, Places(tmp_path / "data", tmp_path))


def test_a_task_of_single_frames_is_refused(small_twin, tmp_path):
    with pytest.raises(UserError, match=r"labels single frames(.|\n)*strategy clip_network"):
        make_plan(experiment("task=unbc-five"), EXPERIMENTS, Places(small_twin, tmp_path))


def test_where_frames_are_dealt_out_at_random_its_clips_stay_whole(small_twin, tmp_path):
    leaky = "protocol={kind: random_frames, allow_leakage: true, folds: 2, selection_share: 0.5}"
    plan = make_plan(experiment(*SETTINGS, leaky), EXPERIMENTS, Places(small_twin, tmp_path))
    assert plan.samples["clip"].tolist() == plan.clips["clip"].tolist()


def test_the_demonstration_holds_each_network_against_shuffled_frames_and_frozen_features():
    batch = load_batch(EXPERIMENTS / "biovid-clip-demo.yaml", Places(Path("data"), Path()), [])
    members = {one.name: one for one in batch.experiments}
    for name in ("cnn-3d", "vivit"):
        shuffled = members[f"{name}-shuffled"]
        network = members[name].network.model_copy(update={"order": "shuffled"})
        assert shuffled == members[name].model_copy(update={"name": shuffled.name, "network": network})
    pairs = {(pair.better, pair.worse) for pair in batch.comparisons}
    assert pairs == {
        (name, worse) for name in ("cnn-3d", "vivit") for worse in (f"{name}-shuffled", "frozen-statistics")
    }
    assert len({(one.protocol, one.task, one.window.seconds) for one in members.values()}) == 1
