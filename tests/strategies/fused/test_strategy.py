"""The strategy `fused` through the real command line: stages, folds, a kill inside a phase, and the bundle."""

import dataclasses
import os
import shutil
import signal
from pathlib import Path

import pandas as pd
import pytest

from tests.command_line import EXPERIMENTS
from tests.forked_program import ForkedProgram, forked
from tests.small_study import tiny
from tests.waiting import wait_until
from transferpain.core.errors import UserError
from transferpain.core.overrides import parse_overrides
from transferpain.data.places import Places
from transferpain.experiments.leakage.checks import read_checks
from transferpain.experiments.plan import RunPlan
from transferpain.experiments.run_folder import RunFolder
from transferpain.experiments.runner import make_plan
from transferpain.experiments.schema import Experiment, load_experiment
from transferpain.experiments.study import load_batch
from transferpain.models.bundles.sklearn_part import load_part
from transferpain.strategies.base import Job
from transferpain.strategies.fused.inputs import UNREADABLE, Clip
from transferpain.strategies.fused.strategy import FUSED, NOTHING_FOUND, found_in_both

SETTINGS = (
    "source=untrained",
    "faces.size=32",
    "fusion.frames=2",
    "head={kind: adaboost, estimators: 3}",
    # One of two groups of subjects is tested: a second fold would be three more trainings.
    "protocol={kind: grouped, folds: 2, fold: 0, selection_share: 0.5}",
    "training.augment.elastic=0",
    "training.epochs=1",
    "training.batch=8",
)


def arguments(data: Path, workspace: Path) -> list[object]:
    words = [word for setting in SETTINGS for word in ("--set", setting)]
    return ["run", EXPERIMENTS / "multimodal-fusion.yaml", "--data-root", data, "--workspace", workspace, *words]


def kill_when(path: Path, words: list[object]) -> None:
    """Start the command, and kill it as soon as `path` is there."""
    started = ForkedProgram(*words)
    wait_until(path.is_file, started)
    os.kill(started.pid, signal.SIGKILL)
    assert started.wait() == -signal.SIGKILL


@pytest.mark.slow
def test_killed_between_its_phases_a_fold_ends_with_the_same_answers(small_twin, tmp_path):
    words = arguments(small_twin, tmp_path)
    plan = make_plan(fused(*SETTINGS), EXPERIMENTS, Places(small_twin, tmp_path))
    kill_when(plan.run.fold("fold0", 0) / "checkpoint-landmarks.npz", words)
    resumed = forked(*words)
    assert resumed.returncode == 0, resumed.stderr
    assert "fold0 seed 0 images" not in resumed.stderr
    assert "fold0 seed 0 whole" in resumed.stderr
    assert plan.run.is_done
    assert not list(plan.run.path.rglob("checkpoint*"))
    check_run(plan, resumed.stdout)

    other = tmp_path / "undisturbed"
    shutil.copytree(tmp_path / "cache", other / "cache")
    undisturbed = forked(*arguments(small_twin, other))
    assert undisturbed.returncode == 0, undisturbed.stderr
    assert "fold0 seed 0 images" in undisturbed.stderr
    expected = RunFolder(other / plan.run.path.relative_to(tmp_path)).predictions()
    pd.testing.assert_frame_equal(plan.run.predictions(), expected, check_exact=True)


def check_run(plan: RunPlan, table: str) -> None:
    """Look at what a finished run left: answers for each clip, checks, and a bundle that is whole."""
    assert "SYNTHETIC" in table
    predictions = plan.run.predictions()
    clips = predictions[predictions["frame"] == -1]
    (fold,) = plan.folds
    assert sorted(clips["clip"]) == sorted(plan.samples["clip"].iloc[fold.test])
    assert set(predictions.columns) >= {"p_0", "p_4", "coverage", "fold", "seed", "y_true", "y_pred"}
    checks = {line.number: line for line in read_checks(plan.run.path)}
    assert [checks[number].state for number in (1, 2, 4, 5, 6)] == ["pass"] * 5
    assert "AdaBoost on the embedding: 0 test rows" in checks[5].figure
    history = pd.read_csv(plan.run.fold("fold0", 0) / "history.csv")
    assert history["phase"].tolist() == ["images", "landmarks", "whole"]
    assert load_part(plan.run.model, "adaboost").n_features_in_ == 128
    verified = forked("models", "verify", plan.run.model, "--reproduce")
    assert verified.returncode == 0, verified.stderr
    card = (plan.run.model / "README.md").read_text(encoding="utf-8")
    assert "478 landmarks" in card
    assert "`parts/adaboost.skops`" in card


def fused(*settings: str) -> Experiment:
    return load_experiment(EXPERIMENTS / "multimodal-fusion.yaml", parse_overrides(list(settings)))


def test_the_demonstration_compares_each_ablation_with_the_whole():
    batch = load_batch(EXPERIMENTS / "multimodal-fusion-demo.yaml", Places(Path("data"), Path()), [])
    members = {experiment.name: experiment for experiment in batch.experiments}
    whole = members.pop("fused")
    assert members.pop("random-frames").protocol.allow_leakage
    assert {experiment.strategy for experiment in members.values()} == {"fused"}
    compared = {name for pair in batch.comparisons for name in (pair.better, pair.worse)}
    assert compared == {*members, "fused"}
    changed = {
        "images-only": ("fusion", {"branches": "images"}),
        "landmarks-only": ("fusion", {"branches": "landmarks"}),
        "no-squeeze-excitation": ("fusion", {"squeeze_excitation": False}),
        "no-attention": ("fusion", {"attention": False}),
    }
    for name, (part, changes) in changed.items():
        expected = getattr(whole, part).model_copy(update=changes)
        assert members[name] == whole.model_copy(update={"name": name, part: expected})
    assert members["boosting"].head.kind == "adaboost"
    assert whole.protocol.kind == "stratified_group_kfold"


@pytest.mark.slow
@pytest.mark.parametrize(("branches", "frames"), [("both", 2), ("images", 2), ("landmarks", 1)])
def test_the_papers_split_deals_out_the_frames_of_a_clip(small_twin, tmp_path, branches, frames):
    leaky = "protocol={kind: random_frames, allow_leakage: true, folds: 2, selection_share: 0.5}"
    changed = fused(*SETTINGS, leaky, "head={kind: dense}", f"fusion.branches={branches}")
    plan = make_plan(changed, EXPERIMENTS, Places(small_twin, tmp_path))
    assert len(plan.samples) == frames * len(plan.clips)
    assert plan.samples["clip"].is_unique
    if frames == 2:
        assert plan.samples.groupby("file_clip")["row"].agg(list).tolist() == [[0, 1]] * len(plan.clips)
        tested = [set(plan.samples["file_clip"].iloc[fold.test]) for fold in plan.folds]
        assert tested[0] & tested[1]  # neighbouring frames on both sides


def test_frames_without_landmarks_do_not_count_as_found():
    faces = pd.DataFrame({"clip": ["a", "b", "c"], "found": [9, 5, 0], "problem": ["", "", "unreadable"]})
    some = Clip(UNREADABLE.frames, UNREADABLE.found, (), UNREADABLE.landmarks, 7)
    table = found_in_both(faces, {"a": some, "b": UNREADABLE, "c": UNREADABLE})
    assert table["found"].tolist() == [7, 0, 0]
    assert table["problem"].tolist() == ["", NOTHING_FOUND, "unreadable"]


def test_pictures_without_a_clip_are_refused(small_twin, tmp_path):
    places = Places(small_twin, tmp_path)
    plan = make_plan(tiny(EXPERIMENTS), EXPERIMENTS, places)
    images = dataclasses.replace(plan, clips=plan.clips.assign(kind="image_rows"))
    with pytest.raises(UserError, match="cannot be used with the strategy `fused`"):
        FUSED.prepare(Job(images, places, None, None))


def test_a_task_of_single_frames_is_refused(small_twin, tmp_path):
    places = Places(small_twin, tmp_path)
    with pytest.raises(UserError, match=r"labels single frames(.|\n)*strategy fused"):
        make_plan(fused("task=unbc-five"), EXPERIMENTS, places)


def test_a_fused_network_is_no_source(small_twin, tmp_path):
    with pytest.raises(UserError, match="none that reads landmarks"):
        make_plan(tiny(EXPERIMENTS, source="multimodal-fusion"), EXPERIMENTS, Places(small_twin, tmp_path))
    assert not (tmp_path / "runs").exists()
