"""Estimates before a run."""

import os
from dataclasses import replace

import pandas as pd
import pytest

from tests.command_line import EXPERIMENTS
from tests.data.media import odd_videos
from tests.data.media.test_video import halves
from tests.inputs.faces.drawing import write_video
from tests.small_study import write_small_study
from transferpain.core.contracts import Stage
from transferpain.core.overrides import merge, parse_overrides
from transferpain.data.places import Places
from transferpain.data.synthetic.settings import TwinSettings
from transferpain.data.synthetic.twins import write_twin
from transferpain.experiments.estimate import clip_frames, estimate, estimate_rows, faces_stage, with_headers
from transferpain.experiments.samples import labelled_samples
from transferpain.experiments.schema import load_experiment
from transferpain.strategies.base import Workload


def test_a_shared_stage_counts_once():
    faces = Stage("a", "faces", "10 clips", 3600, 1e9)
    rows = estimate_rows([faces, Stage("b", "faces", "10 clips", 3600, 1e9), Stage("b", "head", "x", 1800, 0)])
    assert len(rows) == 3
    assert rows[-1] == ["sum", "", "", "1.50", "1.00"]


def test_sources_come_first_and_nothing_is_computed(small_twin, tmp_path):
    study = write_small_study(tmp_path / "experiments")
    overrides = parse_overrides(["source=small-biovid", "faces.detector=mediapipe", "faces.size=32"])
    experiment = load_experiment(study.parent / "ai4pain-ann.yaml", overrides)
    stages = estimate(experiment, study.parent, Places(small_twin, tmp_path))
    assert [stage.experiment for stage in stages] == ["small-biovid"] * 2 + ["ai4pain-ann"] * 3
    assert all(stage.seconds > 0 for stage in stages)
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("changes", "shared"),
    [
        ([], {"faces (face_alignment)", "features (vgg16, float32)"}),
        (["features.batch=7"], {"faces (face_alignment)", "features (vgg16, float32)"}),
        (["faces.margin=0.1"], set()),
        (["features.frames=2"], {"faces (face_alignment)"}),
        (["features.extractor=hog"], {"faces (face_alignment)"}),
    ],
)
def test_what_two_experiments_share_is_what_they_read_alike(small_twin, tmp_path, changes, shared):
    common = ["features.frames=3", "features.fps=null", "features.dtype=float32", "source=untrained"]

    def keys(*more: str) -> dict[tuple, str]:
        overrides = parse_overrides([*common, *more])
        stages = estimate(load_experiment(EXPERIMENTS / "ai4pain-ann.yaml", overrides), EXPERIMENTS, places)
        return {stage.work_key: stage.name for stage in stages if not stage.trainings}

    places = Places(small_twin, tmp_path)
    one, other = keys(), keys(*changes)
    assert {one[key] for key in set(one) & set(other)} == shared


def test_faces_of_as_many_other_clips_are_not_the_same():
    experiment = load_experiment(EXPERIMENTS / "ai4pain-ann.yaml", {})
    clips = pd.DataFrame({"clip": ["a", "b"]})
    frames = pd.Series([10.0, 10.0])
    work = Workload(experiment, clips, frames, clips, [], 32)
    assert faces_stage(work).work_key == faces_stage(work).work_key
    assert faces_stage(work).work_key != faces_stage(replace(work, clips=clips.assign(clip=["c", "d"]))).work_key


def test_each_labelled_frame_is_a_picture_to_train_on(tmp_path):
    write_twin("unbc", tmp_path, TwinSettings(subjects=4, clips=1, seconds=0.5), lambda frames: None)
    changes = parse_overrides(["source=untrained", "protocol.folds=2", "faces.size=32", "training.epochs=3"])
    experiment = load_experiment(EXPERIMENTS / "unbc-7level.yaml", changes)
    faces, training = estimate(experiment, EXPERIMENTS, Places(tmp_path, tmp_path))
    assert faces.work == "4 clips, 60 frames"
    # Two folds of two people; one of the two that are trained on is set aside for selection.
    assert training.work == "2 x at most 3 epochs of 15 pictures at 32x32"
    hybrid = load_experiment(EXPERIMENTS / "unbc-hybrid.yaml", changes)
    *_, samples, trees = estimate(hybrid, EXPERIMENTS, Places(tmp_path, tmp_path))
    assert (samples.name, samples.work) == ("action units", "4 clips, 60 frames")
    assert trees.work == "2 x 8 candidates, on action units and on them and 512 features"
    everything = load_experiment(
        EXPERIMENTS / "unbc-hybrid.yaml", merge(changes, {"head": {"boosting": {"columns": "all"}}})
    )
    assert estimate(everything, EXPERIMENTS, Places(tmp_path, tmp_path))[-1].seconds > 10 * trees.seconds


@pytest.mark.parametrize(("branches", "pictures"), [("both", 30), ("landmarks", 0)])
def test_landmarks_are_a_stage_and_pictures_are_trained_on_in_two_phases(small_twin, tmp_path, branches, pictures):
    changes = ["source=untrained", "faces.size=32", "fusion.frames=3", "protocol.folds=2", "training.epochs=4"]
    changes += ["protocol.selection_share=0.5", f"fusion.branches={branches}"]
    experiment = load_experiment(EXPERIMENTS / "multimodal-fusion.yaml", parse_overrides(changes))
    faces, landmarks, training = estimate(experiment, EXPERIMENTS, Places(small_twin, tmp_path))
    assert landmarks.name == "landmarks"
    assert landmarks.work == faces.work
    # Two folds of two people; one of the two is trained on: five clips. Pictures are read in two of the phases.
    assert training.work == f"4 x at most 4 epochs of {pictures // 2} pictures at 32x32"


def test_frames_that_are_dealt_out_one_by_one_are_counted_once(small_twin, tmp_path):
    changes = ["source=untrained", "faces.size=32", "fusion.frames=3", "training.epochs=4"]
    changes += ["protocol={kind: random_frames, allow_leakage: true, folds: 2, selection_share: 0.5}"]
    experiment = load_experiment(EXPERIMENTS / "multimodal-fusion.yaml", parse_overrides(changes))
    training = estimate(experiment, EXPERIMENTS, Places(small_twin, tmp_path))[-1]
    assert training.work == "4 x at most 4 epochs of 15 pictures at 32x32"  # a quarter of 20 clips of 3 frames


def test_frames_are_counted_where_the_index_states_none(small_twin, tmp_path):
    study = write_small_study(tmp_path / "experiments")
    experiment = load_experiment(study.parent / "small-biovid.yaml")
    _, index, _ = labelled_samples(experiment, Places(small_twin, tmp_path))
    clips = index.clips
    known = with_headers(clips, small_twin)
    nothing = pd.Series(pd.NA, index=clips.index)
    unknown = clips.assign(num_frames=nothing.astype("Int64"), fps=nothing.astype("Float64"))
    read = with_headers(unknown, small_twin)
    assert (read["num_frames"] > 0).all()
    assert list(read["num_frames"]) == list(known["num_frames"])
    assert list(read["fps"]) == list(known["fps"])
    late = unknown.assign(kind="span", first_frame=1)
    assert list(with_headers(late, small_twin)["num_frames"]) == [frames - 1 for frames in known["num_frames"]]


def test_frames_are_counted_where_no_header_states_them(tmp_path):
    frames = halves()
    odd_videos.write_browser_video(tmp_path / "a.webm", frames)
    odd_videos.write_bare_stream(tmp_path / "b.mjpeg", frames)
    write_video(tmp_path / "c.mp4", frames)
    (tmp_path / "d.mp4").write_text("no video")
    os.mkfifo(tmp_path / "e.mp4")
    clips = pd.DataFrame({"media": ["a.webm", "b.mjpeg", "c.mp4", "c.mp4", "d.mp4", "e.mp4"], "first_frame": 0})
    clips = clips.assign(num_frames=pd.array([pd.NA] * 6, "Int64"))
    clips.loc[3, "first_frame"] = 5
    assert clip_frames(clips, tmp_path).tolist() == [12, 12, 12, 7, 0, 0]
