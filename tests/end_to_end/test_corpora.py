"""UNBC-McMaster from its official layout to a report, as `make corpora-demo` runs it: clips of labelled frames, every
subject left out in turn, one of whom shows no pain, and candidates compared on inner folds."""

import pandas as pd
import pytest

from tests.command_line import EXPERIMENTS
from tests.data.datasets.unbc_trees import make_sequence, units_of
from tests.forked_program import forked
from tests.reports.pages import report_of
from transferpain.core.errors import UserError
from transferpain.data.datasets.unbc_facts import SUBJECTS
from transferpain.data.places import Places
from transferpain.experiments.leakage.checks import read_checks
from transferpain.experiments.run_folder import RunFolder
from transferpain.experiments.runner import labelled_samples
from transferpain.experiments.schema import load_experiment
from transferpain.experiments.study import load_batch

PAINLESS = "101-mg101"
SETTINGS = (
    "source=untrained",
    "faces.detector=mediapipe",
    "faces.size=32",
    "features.frames=4",
    "window.clip_frames=12",
    "head={kind: ann, hidden: [8]}",
    "training.epochs=2",
    "training.epoch_steps=null",
    "protocol.selection=nested",
    "protocol.selection_rule=one_standard_error",
    "protocol.inner_folds=2",
    "candidates={slow: {training.optimizer.learning_rate: 0.1}, fast: {training.optimizer.learning_rate: 1.0}}",
)


def test_the_study_names_each_dataset_that_the_demonstration_leaves_out(tmp_path):
    batch = load_batch(EXPERIMENTS / "corpora-demo.yaml", Places(tmp_path, tmp_path), [])
    demo = load_batch(EXPERIMENTS / "demo.yaml", Places(tmp_path, tmp_path), [])
    assert set(batch.twins) | set(demo.twins) == {"unbc", "biovid", "ai4pain", "mintpain", "ferplus"}
    # The source model is shared: the same twin in the same place.
    assert batch.twins["biovid"] == demo.twins["biovid"]
    assert batch.places == demo.places
    windows = [experiment.window.clip_frames for experiment in batch.experiments]
    assert windows == [30, None, None, None]


def test_clips_are_cut_for_a_task_of_clips_and_refused_for_one_of_frames(tmp_path):
    for subject, clip, scores in (
        (SUBJECTS[0], "ll042t1aaaff", [0, 0, 0, 1, 2, 3, 4]),
        (SUBJECTS[1], "jh043t1aiaff", [0] * 7),
    ):
        make_sequence(tmp_path / "unbc", subject, clip, [units_of(score) for score in scores])
    places = Places(tmp_path, tmp_path)
    cut = {"window": {"clip_frames": 3}}
    _, index, samples = labelled_samples(load_experiment(EXPERIMENTS / "unbc-lstm.yaml", cut), places)
    assert samples["y"].tolist() == [0, 1, 0, 0]
    assert samples["num_frames"].tolist() == [3, 3] * 2
    assert "2 rests of sequences" in index.problems[-1]
    assert samples["file_clip"].tolist() == index.clips["clip"].tolist()
    whole = {"window": {"clip_frames": None}}
    assert len(labelled_samples(load_experiment(EXPERIMENTS / "unbc-lstm.yaml", whole), places)[2]) == 2
    with pytest.raises(UserError, match=r"one by one(.|\n)*without .* and window\.clip_frames"):
        labelled_samples(load_experiment(EXPERIMENTS / "unbc-frames-ann.yaml", cut), places)


@pytest.mark.slow
def test_every_subject_is_left_out_and_one_without_pain_is_named(tmp_path):
    data = tmp_path / "data"
    drawn = forked("data", "twin", "unbc", "--out", data, "--subjects", 5, "--clips", 2, "--seconds", 1)
    assert drawn.returncode == 0, drawn.stderr
    places = ("--data-root", data, "--workspace", tmp_path)
    words = [word for setting in SETTINGS for word in ("--set", setting)]
    result = forked("run", EXPERIMENTS / "unbc-lstm.yaml", *places, *words)
    assert result.returncode == 0, result.stderr
    (run,) = map(RunFolder, (tmp_path / "runs").iterdir())

    clips = run.predictions().query("frame == -1")
    assert len(clips) == 5 * 2 * 2  # each sequence of 30 frames is cut to 12 and 12; the rest is left out
    assert clips["clip"].is_unique
    assert (clips["fold"] == clips["subject"]).all()
    assert set(clips.loc[clips["subject"] == PAINLESS, "y_true"]) == {0}
    metrics = run.metrics()
    assert metrics["absent"] == []
    assert metrics["all"]["balanced_accuracy"]["value"] is not None
    page = (report_of(tmp_path, "unbc-lstm") / "index.html").read_text(encoding="utf-8")
    assert "Subjects whose clips are all of one class: " in page
    assert f"unbc/{PAINLESS}" in page

    tables = {path.parent.name: pd.read_csv(path) for path in run.path.glob("folds/*/candidates.csv")}
    assert len(tables) == 5
    for table in tables.values():
        assert table.groupby("candidate")["chosen"].all().sum() == 1
        assert table["subjects"].groupby(table["candidate"]).sum().tolist() == [4, 4]
    assert "Chosen on inner folds of the training subjects (one_standard_error)" in page
    checks = {line.number: line for line in read_checks(run.path)}
    assert [checks[number].state for number in (1, 2, 4, 5, 6)] == ["pass"] * 5
    assert checks[6].figure == "0 of 5 tested subjects chose the epoch or the model"
    assert not list(run.path.rglob("checkpoint*"))

    # A fold that was interrupted after the choice keeps it, and ends with the same answers.
    before = run.predictions()
    fold = sorted((run.path / "folds").iterdir())[-1]
    compared = (fold / "candidates.csv").read_bytes()
    for path in (run.path / "metrics.json", fold / "done", fold / "predictions.parquet"):
        path.unlink()
    again = forked("run", EXPERIMENTS / "unbc-lstm.yaml", *places, *words)
    assert again.returncode == 0, again.stderr
    assert "inner" not in again.stderr
    assert (fold / "candidates.csv").read_bytes() == compared
    pd.testing.assert_frame_equal(run.predictions(), before, check_exact=True)
