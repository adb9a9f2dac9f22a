"""What a run writes: the best model is kept, and scores are derived from predictions."""

import dataclasses
import os
import re
import shutil

import numpy as np
import pandas as pd
import pytest

from tests.command_line import EXPERIMENTS
from tests.disk import Disk
from transferpain.core.contracts import FittedRows, FoldResult
from transferpain.core.errors import UserError
from transferpain.core.store import read_json, write_json, write_text
from transferpain.data.places import Places
from transferpain.experiments import results
from transferpain.experiments.leakage.checks import failed, read_checks
from transferpain.experiments.results import best_fold, close_fold, finish, lowest_loss, model_fault, record_facts
from transferpain.experiments.runner import make_plan, unfinished, without_model
from transferpain.experiments.schema import load_experiment
from transferpain.models.bundles.manifest import facts_of, load_manifest, read_complete, write_manifest
from transferpain.networks.heads.ann import build_ann
from transferpain.strategies.base import Job, Prepared

DETECTOR = {"detector": "mediapipe"}  # of every set, as the one of the experiment is not


@pytest.fixture
def plan(small_twin, tmp_path):
    changes = {"source": "untrained", "seeds": [0, 1, 2], "faces": DETECTOR}
    experiment = load_experiment(EXPERIMENTS / "ai4pain-ann.yaml", changes)
    return make_plan(experiment, EXPERIMENTS, Places(small_twin, tmp_path))


def finish_folds(plan, losses: list[float]) -> None:
    """Write folds with these validation losses, whose models say their seed."""
    (fold,) = plan.folds
    clips = plan.samples.iloc[fold.test]
    for seed, loss in enumerate(losses):
        table = clips[["dataset", "subject", "clip"]].assign(
            frame=-1, fold=fold.name, seed=seed, y_true=clips["y"], y_pred=1, p_0=0.2, p_1=0.5, p_2=0.3, coverage=1.0
        )
        history = pd.DataFrame({"epoch": [1, 2], "val_loss": [9.0, loss]})
        fitted = (FittedRows("weights of the network", fold.train),)
        close_fold(plan, fold, seed, FoldResult(table, history, build_ann(4, 3, seed, hidden=()), fitted=fitted))


def prepared(plan, stage: pd.DataFrame | None = None) -> Prepared:
    """Return what a strategy without media would have prepared."""
    return Prepared(Job(plan, None, None, None), stage)


def test_the_model_with_the_lowest_validation_loss_is_kept(plan):
    finish_folds(plan, [0.7, 0.4, 0.6])
    finish(plan, prepared(plan))
    assert plan.run.is_done
    assert read_complete(plan.run.model)["seed"] == 1
    assert not list(plan.run.path.glob("folds/*/model"))


def test_a_subject_called_as_a_path_reaches_nothing_outside_the_workspace(plan, tmp_path):
    other = tmp_path.parent / f"{tmp_path.name}-other-seed0"
    for name in ("done", "predictions.parquet", "model/model.keras"):
        write_text(other / name, "kept")
    (fold,) = plan.folds
    folds = [dataclasses.replace(fold, name=str(other).removesuffix("-seed0"))]
    plan = dataclasses.replace(plan, folds=folds)
    finish_folds(plan, [0.7, 0.4, 0.6])
    finish(plan, prepared(plan))
    assert plan.run.is_done
    assert read_complete(plan.run.model)["fold"] == folds[0].name
    assert set(plan.run.predictions()["fold"]) == {folds[0].name}
    assert len(list(plan.run.path.glob("folds/*/done"))) == 3
    files = [path for path in other.rglob("*") if path.is_file()]
    assert [path.read_text() for path in files] == ["kept"] * 3


def test_all_of_a_fold_is_on_the_disk_before_it_is_done(plan, monkeypatch):
    disk = Disk(monkeypatch)
    finish_folds(plan, [0.7])
    folder = plan.run.fold(plan.folds[0].name, 0)
    assert disk.moved[folder / "model"] == disk.around[folder / "done"] == []
    assert disk.unsynced(folder) == []


def test_all_of_the_kept_model_is_on_the_disk_before_those_of_the_folds_go(plan, monkeypatch):
    finish_folds(plan, [0.7, 0.4, 0.6])
    disk, found = Disk(monkeypatch), []
    remove = results.remove_folder

    def look_and_remove(root, folder):
        found.append(disk.unsynced(plan.run.model))
        remove(root, folder)

    monkeypatch.setattr(results, "remove_folder", look_and_remove)
    finish(plan, prepared(plan))
    assert found == [[], [], []]
    assert disk.moved[plan.run.model] == []


def damage(model, how: str) -> None:
    """Leave of a model what a power cut, or a full disk, might."""
    if how == "empty":
        os.truncate(model / "model.keras", 0)
    elif how == "missing":
        (model / "model.keras").unlink()
    else:
        (model / "manifest.json").write_text("")


@pytest.mark.parametrize("how", ["empty", "missing", "manifest"])
def test_a_damaged_model_is_made_again_from_the_fold(plan, how, capsys):
    finish_folds(plan, [0.7, 0.4, 0.6])
    (fold,) = plan.folds
    shutil.copytree(plan.run.fold(fold.name, 1) / "model", plan.run.model)
    damage(plan.run.model, how)
    finish(plan, prepared(plan))
    assert "is made again from that of" in capsys.readouterr().err
    assert read_complete(plan.run.model)["seed"] == 1
    assert not list(plan.run.path.glob("folds/*/model"))


@pytest.mark.parametrize("how", ["empty", "missing", "manifest"])
def test_no_model_of_a_fold_goes_while_none_can_be_kept(plan, how):
    finish_folds(plan, [0.7, 0.4, 0.6])
    (fold,) = plan.folds
    damage(plan.run.fold(fold.name, 1) / "model", how)
    with pytest.raises(UserError, match=r"damaged|is no"):
        finish(plan, prepared(plan))
    assert len(list(plan.run.path.glob("folds/*/model"))) == 3
    assert not plan.run.is_done


@pytest.mark.parametrize("how", ["empty", "manifest"])
def test_a_model_that_is_damaged_before_the_end_keeps_those_of_the_folds(plan, how, monkeypatch):
    finish_folds(plan, [0.7, 0.4, 0.6])
    monkeypatch.setattr(results, "write_checks", lambda *_: damage(plan.run.model, how))
    with pytest.raises(UserError, match=r"damaged|is no"):
        finish(plan, prepared(plan))
    assert len(list(plan.run.path.glob("folds/*/model"))) == 3
    assert not (plan.run.path / "metrics.json").exists()


def test_a_damaged_model_of_a_run_without_those_of_the_folds_is_named(plan):
    finish_folds(plan, [0.7, 0.4, 0.6])
    finish(plan, prepared(plan))
    (plan.run.path / "metrics.json").unlink()
    damage(plan.run.model, "empty")
    with pytest.raises(UserError, match=r"damaged: model\.keras"):
        finish(plan, prepared(plan))


def test_scores_are_those_of_the_predictions(plan):
    finish_folds(plan, [0.7, 0.4, 0.6])
    finish(plan, prepared(plan))
    scores = plan.run.metrics()["all"]
    assert scores["balanced_accuracy"]["value"] == pytest.approx(1 / 3)
    assert scores["per_class"]["low pain"]["recall"] == 1
    assert not (plan.run.path / "submission.csv").exists()


def test_copies_that_the_index_marks_are_left_out_of_second_scores(plan):
    (fold,) = plan.folds
    samples = plan.samples.assign(in_training=False)
    samples.loc[fold.test[:2], "in_training"] = True
    plan = dataclasses.replace(plan, samples=samples)
    finish_folds(plan, [0.7])
    finish(dataclasses.replace(plan, experiment=plan.experiment.model_copy(update={"seeds": (0,)})), prepared(plan))
    metrics = plan.run.metrics()
    assert metrics["copies"] == 2
    assert metrics["without_copies"]["clips"] == metrics["all"]["clips"] - 2 == len(fold.test) - 2


def test_the_task_says_whether_its_levels_are_scored(plan):
    record_facts(plan, None)
    finish_folds(plan, [0.7, 0.4, 0.6])
    finish(plan, prepared(plan))
    assert plan.run.facts()["ordinal"] is True
    assert plan.run.metrics()["all"]["ordinal"]["mae"]["value"] == pytest.approx(2 / 3)
    unordered = dataclasses.replace(plan, task=plan.task.model_copy(update={"ordinal": False}))
    finish_folds(unordered, [0.7, 0.4, 0.6])
    finish(unordered, prepared(unordered))
    assert plan.run.metrics()["all"]["ordinal"] is None


def test_a_leakage_check_that_fails_is_a_warning_at_the_end(plan, capsys):
    (fold,) = plan.folds
    leaky = dataclasses.replace(fold, train=np.append(fold.train, fold.test[0]))
    plan = dataclasses.replace(plan, folds=[leaky])
    finish_folds(plan, [0.7, 0.4, 0.6])
    finish(plan, prepared(plan))
    said = re.findall(r"warning: ai4pain-ann: leakage check (\d+) fails: ", capsys.readouterr().err)
    warned = [int(number) for number in said]
    assert warned == [line.number for line in failed(read_checks(plan.run.path))]
    assert 5 in warned  # what is fitted to training rows is fitted to a tested one


def test_unlabelled_clips_get_an_answer_each(plan):
    samples = plan.samples.copy()
    samples.loc[plan.folds[0].test, "y"] = pd.NA
    plan = dataclasses.replace(plan, samples=samples)
    finish_folds(plan, [0.7, 0.4, 0.6])
    finish(plan, prepared(plan))
    submission = pd.read_csv(plan.run.path / "submission.csv")
    assert set(submission["prediction"]) == {"low pain"}
    assert submission["clip"].is_unique
    assert plan.run.metrics()["all"] is None


def stage_of(clips: pd.DataFrame) -> pd.DataFrame:
    """Return what the faces stage says of clips that are as the dataset states."""
    return clips[["clip", "num_frames", "fps"]].assign(found=1, problem="", variable=False, undecoded=0, several=0)


def test_facts_and_unusable_clips_are_recorded_before_the_training(plan):
    stage = stage_of(plan.clips)
    clips = stage["clip"].tolist()
    stage.loc[1, ["num_frames", "found", "problem"]] = [0, 0, "the video is empty"]
    stage.loc[2, "found"] = 0
    record_facts(plan, stage)
    facts = plan.run.facts()
    assert facts["synthetic"] is True
    assert facts["classes"] == ["no pain", "low pain", "high pain"]
    unusable = pd.read_csv(plan.run.path / "unusable.csv")
    assert unusable.to_numpy().tolist() == [
        [clips[1], "the video is empty"],
        [clips[2], "no face was found in any frame"],
    ]
    assert facts["problems"] == list(plan.index.problems)


def test_a_video_that_is_not_as_the_dataset_states_is_named(plan):
    stage = stage_of(plan.clips)
    clips, frames = stage["clip"].tolist(), stage["num_frames"].tolist()
    stage.loc[1, "fps"] = 60.0
    stage.loc[2, "num_frames"] = frames[2] // 2
    stage.loc[3, ["variable", "undecoded", "several"]] = [True, 1, 4]
    record_facts(plan, stage)
    named = plan.run.facts()["problems"][len(plan.index.problems) :]
    assert named == [
        f"{clips[1]}: its header states 60 frames/s, the dataset 30.",
        f"{clips[2]}: it has {frames[2] // 2} frames, not {frames[2]}.",
        f"{clips[3]}: 1 of {frames[3]} frames cannot be decoded.",
        f"{clips[3]}: 4 frames show several faces; the first person's is read.",
        f"{clips[3]}: frames at uneven distances in time, 30 a second in the mean.",
    ]


def test_a_model_is_chosen_by_the_loss_of_its_last_phase():
    history = pd.DataFrame({"phase": ["head", "head", "stage4", "stage4"], "val_loss": [0.1, 0.9, 0.5, 0.6]})
    assert lowest_loss(history) == 0.5
    assert lowest_loss(history.drop(columns="phase")) == 0.1


def test_a_transductive_adaptation_is_a_fact_and_a_warning(small_twin, tmp_path, capsys):
    changes = {"source": "untrained", "adaptation": "subject_standardization", "faces": DETECTOR}
    experiment = load_experiment(EXPERIMENTS / "ai4pain-ann.yaml", changes)
    adapted = make_plan(experiment, EXPERIMENTS, Places(small_twin, tmp_path))
    record_facts(adapted, None)
    facts = adapted.run.facts()
    assert facts["adaptation"]["transductive"] is True
    assert facts["adaptation"]["sees"] == "all clips of each tested subject, unlabelled"
    assert facts["target_data"] == "all training subjects; unlabelled test clips (transductive)"
    (warning,) = facts["warnings"]
    assert warning.startswith("TRANSDUCTIVE")
    assert "TRANSDUCTIVE" in capsys.readouterr().err


def test_a_run_is_not_finished_unless_every_planned_fold_was_read_back(plan):
    finish_folds(plan, [0.7, 0.4])
    with pytest.raises(UserError, match="seed2 are damaged"):
        finish(plan, prepared(plan))
    assert not plan.run.is_done
    finish_folds(plan, [0.7, 0.4, 0.6])
    (plan.run.fold(plan.folds[0].name, 2) / "predictions.parquet").unlink()
    with pytest.raises(UserError, match=r"seed2 are damaged: predictions\.parquet is missing"):
        finish(plan, prepared(plan))
    assert len(list(plan.run.path.glob("folds/*/model"))) == 3


def test_a_damaged_fold_is_to_be_trained_again_and_a_note_says_so(plan, capsys):
    finish_folds(plan, [0.7, 0.4, 0.6])
    (fold,) = plan.folds
    assert unfinished(plan) == []
    (plan.run.fold(fold.name, 0) / "predictions.parquet").unlink()
    (plan.run.fold(fold.name, 2) / "fitted.json").write_bytes(b"")
    assert [seed for _, seed in unfinished(plan)] == [0, 2]
    said = " ".join(capsys.readouterr().err.split())
    assert "seed 0, is trained again, as its results are damaged: predictions.parquet is missing" in said
    assert not plan.run.fold(fold.name, 2).exists()
    assert [seed for _, seed in unfinished(plan)] == [0, 2]


def test_whole_results_of_others_are_trained_again_and_kept_beside(plan, capsys):
    finish_folds(plan, [0.7, 0.4, 0.6])
    (fold,) = plan.folds
    folders = [plan.run.fold(fold.name, seed) for seed in range(3)]
    for folder, key, stated in ((folders[0], "of", "ann/x-seed0"), (folders[2], "makers", {"detector": "dlib 1.2"})):
        write_json(folder / "done", read_json(folder / "done") | {key: stated})
    assert [seed for _, seed in unfinished(plan)] == [0, 2]
    said = " ".join(capsys.readouterr().err.split())
    assert "seed 0, is trained again, as its results are those of ann/x-seed0; those are kept beside it." in said
    assert "seed 2, is trained again, as its results are made with dlib 1.2; those are kept beside it." in said
    assert not folders[0].exists()
    assert (folders[0].with_name(f"{folders[0].name}.damaged-1") / "predictions.parquet").is_file()
    finish_folds(plan, [0.7, 0.4, 0.6])
    finish(plan, prepared(plan))
    assert plan.run.is_done


@pytest.mark.parametrize("how", ["none", "empty", "missing", "manifest", "other run"])
def test_a_lost_model_has_its_fold_trained_again(plan, how, capsys):
    finish_folds(plan, [0.7, 0.4, 0.6])
    assert list(without_model(plan)) == []
    finish(plan, prepared(plan))
    assert list(without_model(plan)) == []
    if how == "none":
        shutil.rmtree(plan.run.model)
    elif how == "other run":
        manifest = facts_of(load_manifest(plan.run.model))
        write_json(plan.run.model / "metrics.json", {"predictions_sha256": "0"})
        write_manifest(plan.run.model, manifest)
        assert model_fault(plan) == ""  # of this run, by its experiment
        write_manifest(plan.run.model, manifest | {"index": "0"})
    else:
        damage(plan.run.model, how)
    trained = []
    for fold, seed in without_model(plan):
        trained.append(seed)
        (plan.run.fold(fold.name, seed) / "model").mkdir()
    assert trained == [1]
    assert "seed 1, is trained again for the model: " in " ".join(capsys.readouterr().err.split())


def test_a_training_that_diverged_is_not_kept(plan):
    finish_folds(plan, [float("nan"), 0.4, float("inf")])
    finish(plan, prepared(plan))
    assert read_complete(plan.run.model)["seed"] == 1


def test_where_every_training_diverged_it_is_said(plan):
    folders = [plan.run.fold("test", seed) for seed in range(3)]
    for folder in folders:
        write_text(folder / "history.csv", "epoch,val_loss\n1,\n2,inf\n")
    with pytest.raises(UserError, match=r"validation loss that is a number(.|\n)*learning_rate"):
        best_fold(folders)


def test_a_model_that_was_chosen_by_other_predictions_is_named(plan, capsys):
    finish_folds(plan, [0.7, 0.4, 0.6])
    finish(plan, prepared(plan))
    (fold,) = plan.folds
    table = plan.run.predictions().query("seed == 0").assign(p_0=0.3, p_1=0.4)
    plan.run.finish_fold(fold.name, 0, table, pd.DataFrame({"epoch": [1], "val_loss": [0.7]}))
    finish(plan, prepared(plan))
    assert "chosen and scored by other predictions" in " ".join(capsys.readouterr().err.split())
    assert plan.run.is_done
