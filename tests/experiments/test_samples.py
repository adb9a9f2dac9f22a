"""What an experiment predicts: one dataset, or two whose tables are joined."""

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

from tests.command_line import EXPERIMENTS
from tests.forked_program import forked
from transferpain.core.errors import UserError
from transferpain.data.datasets.index import Index
from transferpain.data.places import Places
from transferpain.data.tasks.task import load_task
from transferpain.evaluation.predictions import subject_names
from transferpain.experiments.run_folder import RunFolder
from transferpain.experiments.samples import check_sample_fits, join_indexes, labelled_samples
from transferpain.experiments.schema import load_experiment
from transferpain.networks.outputs.registry import OUTPUTS

CROSS = {
    "task": "cross-binary",
    "dataset": "biovid",
    "protocol": {"kind": "cross_dataset", "test_dataset": "ai4pain"},
    "source": "untrained",
    "faces": {"detector": "mediapipe", "size": 32},
}


def cross(**changes):
    return load_experiment(EXPERIMENTS / "ai4pain-ann.yaml", CROSS | changes)


def test_two_datasets_stand_in_one_table(small_twin, tmp_path):
    places = Places(small_twin, tmp_path)
    _, index, samples = labelled_samples(cross(), places)
    assert list(samples["dataset"].unique()) == ["biovid", "ai4pain"]
    assert (samples["clip"].str.split("/").str[0] == samples["dataset"]).all()
    assert samples["clip"].is_unique
    assert set(samples["file_clip"]) <= set(index.clips["clip"])
    assert set(samples["y"].dropna()) == {0, 1}
    alone = labelled_samples(cross(protocol={"kind": "holdout", "holdout": "biovid-61-26"}), places)
    pd.testing.assert_series_equal(samples["y"].iloc[: len(alone[2])], alone[2]["y"])
    assert index.hash != alone[1].hash
    assert index.synthetic


def test_who_is_called_alike_in_two_datasets_is_told_and_taken_for_two_people():
    def index(name, *subjects):
        clips = pd.DataFrame({"dataset": name, "subject": subjects, "kind": "video"})
        return Index(SimpleNamespace(name=name), Path(), clips.assign(clip=clips.index.astype(str)), False, name, ())

    joined = join_indexes(index("one", "P1", "2", "anna"), index("another", "p01", "2", "otto"))
    told = "2 subjects of another and one are called alike ('p01', '2'); they are taken for different people."
    assert joined.problems == (told,)
    assert subject_names(joined.clips).nunique() == 6
    assert join_indexes(index("one", "P1"), index("another", "P2")).problems == ()
    images = replace(index("another", "P1"), clips=index("another", "P1").clips.assign(kind="image_rows"))
    assert join_indexes(index("one", "P1"), images).problems == ()


@pytest.mark.parametrize("dataset", [None, "ai4pain"])
def test_both_datasets_must_be_named(small_twin, tmp_path, dataset):
    with pytest.raises(UserError, match="two datasets, and must name two"):
        labelled_samples(cross(dataset=dataset), Places(small_twin, tmp_path))


def test_three_models_tell_pain_in_single_frames_only(small_twin, tmp_path):
    hybrid = {"strategy": "hybrid", "head": {"kind": "hybrid"}, "backbone": "resnet18"}
    with pytest.raises(UserError, match=r"(?s)does not fit the strategy `hybrid`.*sample clip, classes no pain, pain"):
        labelled_samples(cross(**hybrid), Places(small_twin, tmp_path))
    experiment = load_experiment(EXPERIMENTS / "unbc-hybrid.yaml", {"task": "unbc-seven"})
    with pytest.raises(UserError, match=r"(?s)does not fit the strategy `hybrid`.*sample frame, classes level 0"):
        labelled_samples(experiment, Places(small_twin, tmp_path))


@pytest.mark.parametrize("loss", [name for name, output in OUTPUTS.items() if output.ordered])
def test_a_loss_of_ordered_levels_needs_a_task_that_has_them(small_twin, tmp_path, loss):
    changes = {"training": {"loss": loss}}
    experiment = load_experiment(EXPERIMENTS / "unbc-frames-ann.yaml", changes | {"task": "ferplus-emotions"})
    with pytest.raises(
        UserError, match=rf"(?s)does not fit its task.*training\.loss: {loss}; ferplus-emotions"
    ) as caught:
        check_sample_fits(experiment, load_task("ferplus-emotions"))
    assert "training.loss=cross_entropy" in str(caught.value)
    ordered = load_experiment(EXPERIMENTS / "unbc-frames-ann.yaml", changes | {"task": "unbc-seven"})
    check_sample_fits(ordered, load_task("unbc-seven"))


@pytest.mark.parametrize(
    ("file", "changes", "reason"),
    [
        ("multimodal-fusion", {}, "`fused` ends in classes"),
        ("unbc-hybrid", {}, "the trees of `hybrid` read probabilities of classes"),
        ("biovid-ensemble", {}, "`ensemble` trains no network"),
        ("ai4pain-lstm", {"head": {"kind": "svm"}}, "`svm` is no network"),
    ],
)
def test_what_cannot_end_in_levels_says_so(file, changes, reason):
    with pytest.raises(UserError, match=f"training.loss: {reason}, received `mse`; use `cross_entropy`"):
        load_experiment(EXPERIMENTS / f"{file}.yaml", changes | {"training": {"loss": "mse"}})


DEALT_OUT = {"protocol": {"kind": "random_frames", "allow_leakage": True}, "fusion": {"branches": "images"}}


@pytest.mark.parametrize(("file", "changes"), [("unbc-frames-ann", {}), ("multimodal-fusion", DEALT_OUT)])
def test_few_shot_shows_whole_clips_only(small_twin, tmp_path, file, changes):
    experiment = load_experiment(EXPERIMENTS / f"{file}.yaml", {"few_shot": {"clips": [0, 1]}} | changes)
    with pytest.raises(UserError, match="predicts single frames, and few_shot shows clips"):
        labelled_samples(experiment, Places(small_twin, tmp_path))


@pytest.mark.slow
def test_a_head_is_trained_on_one_dataset_and_tested_on_the_other(small_twin, tmp_path):
    changes = {
        "dataset": "biovid",
        "task": "cross-binary",
        "protocol": "{kind: cross_dataset, test_dataset: ai4pain}",
        "source": "untrained",
        "faces.detector": "mediapipe",
        "faces.size": 32,
        "features.fps": 10,
        "window.seconds": 0.5,
        "training.epochs": 1,
        "seeds": [0],
    }
    overrides = [part for key, value in changes.items() for part in ("--set", f"{key}={value}")]
    places = ["--data-root", small_twin, "--workspace", tmp_path]
    result = forked("run", EXPERIMENTS / "ai4pain-ann.yaml", *places, *overrides)
    assert result.returncode == 0, result.stderr
    (path,) = (tmp_path / "runs").iterdir()
    run = RunFolder(path)
    assert set(run.predictions()["dataset"]) == {"ai4pain"}
    facts = run.facts()
    assert facts["dataset"] == "biovid -> ai4pain"
    assert "heat stimulus" in facts["label_definition"]
    assert "electrical stimulus" in facts["label_definition"]
    lines = {line["number"]: line for line in json.loads((path / "leakage.json").read_text())["checks"]}
    assert lines[1]["state"] == "pass"
    assert "biovid (trained on)" in lines[11]["figure"]
    assert "ai4pain (tested on)" in lines[11]["figure"]
