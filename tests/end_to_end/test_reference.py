"""A neutral face of each person: from the experiment to a saved model that asks for one, on small twins."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from tests.end_to_end.small_runs import fail, succeed
from tests.forked_program import forked
from transferpain.apps.live.model import load_live_model
from transferpain.apps.predict.loaded_model import load_model
from transferpain.apps.predict.pictures import OTHER_FACE
from transferpain.apps.serve.head_assessor import HeadAssessor
from transferpain.core.errors import UserError
from transferpain.core.store import read_json
from transferpain.data.places import Places
from transferpain.data.synthetic.settings import TwinSettings
from transferpain.data.synthetic.twins import write_twin
from transferpain.evaluation.predictions import WHOLE_CLIP
from transferpain.experiments.estimate import estimate
from transferpain.experiments.leakage.checks import read_checks
from transferpain.experiments.run_folder import RunFolder
from transferpain.experiments.runner import make_plan, run_experiment
from transferpain.experiments.schema import load_experiment
from transferpain.inputs.features.cache import read_features
from transferpain.inputs.features.settings import FeatureSettings
from transferpain.inputs.reference.features import find_references, referenced_features
from transferpain.inputs.reference.withheld import PLACES
from transferpain.models.bundles.manifest import read_contents
from transferpain.strategies.common.features import tells_frames_apart
from transferpain.strategies.common.fitted import read_fitted
from transferpain.strategies.frozen.joined import join
from transferpain.strategies.frozen.strategy import features_of

pytestmark = pytest.mark.slow
EXPERIMENTS = Path(__file__).parents[2] / "experiments"
SMALL = {
    "paper": None,
    "source": {"extractor": "lbp"},
    "protocol": {"kind": "group_kfold", "folds": 2, "selection_share": 0.34},
    "faces": {"detector": "mediapipe", "size": 32},
    "features": {"fps": 10},
    "window": {"seconds": 0.5},
    "head": {"kind": "svm"},
    "training": {"optimizer": {"name": "adam", "learning_rate": 1.0e-3}, "epochs": 2, "batch": 16},
}
LOGISTIC = {"head": {"kind": "logistic_regression"}}
ANN = {"head": {"kind": "ann", "hidden": [8]}}
MEMBERS = {
    "without": {"reference": {"form": "withheld"}},
    "difference": {"reference": {"form": "difference", "frames": 3}},
    "pair": {"reference": {"form": "pair", "frames": 3}, **ANN},
    "wrong": {"reference": {"form": "difference", "frames": 3, "of": "another"}},
}
TWINS = {
    "biovid": TwinSettings(subjects=8, clips=3, seconds=0.6, fps=10, levels=("BL1", "PA4")),
    "ai4pain": TwinSettings(subjects=6, clips=2, seconds=0.6, fps=10),
    "unbc": TwinSettings(subjects=6, clips=3, seconds=0.6),
}


def experiment_of(name: str, **changes):
    return load_experiment(EXPERIMENTS / "biovid-texture.yaml", SMALL | {"name": name} | changes)


@pytest.fixture(scope="module")
def places(tmp_path_factory) -> Places:
    workspace = tmp_path_factory.mktemp("references")
    for name, settings in TWINS.items():
        write_twin(name, workspace / "data", settings, lambda frames: None)
    return Places(workspace / "data", workspace)


@pytest.fixture(scope="module")
def runs(places) -> dict[str, Path]:
    """Finished runs on the same clips: without a reference, as a difference, as a pair, and with a wrong one."""
    made = {name: experiment_of(name, **changes) for name, changes in MEMBERS.items()}
    return {name: run_experiment(one, EXPERIMENTS, places).path for name, one in made.items()}


def answers_of(run: Path) -> pd.DataFrame:
    rows = RunFolder(run).predictions()
    return rows[(rows["part"] == "test") & (rows["frame"] == WHOLE_CLIP)].set_index("clip").sort_index()


def plan_of(name: str, places: Places):
    return make_plan(experiment_of(name, **MEMBERS[name]), EXPERIMENTS, places)


def test_all_are_tested_on_the_same_clips_of_which_none_is_a_reference(runs, places):
    tested = {name: answers_of(run).index.tolist() for name, run in runs.items()}
    assert len(tested["without"]) == 8 * 5
    assert all(clips == tested["without"] for clips in tested.values())
    plan = plan_of("difference", places)
    (taken,) = {tuple(plan.samples["clip"].iloc[fold.reference]) for fold in plan.folds}
    assert len(taken) == 8
    assert all("-BL1-" in clip for clip in taken)
    assert not set(taken) & set(tested["without"])


def test_the_run_says_what_it_compared_with(runs):
    stated = {name: read_json(run / "reference.json") for name, run in runs.items()}
    assert {(one["clips"], one["subjects"], one["coverage"]) for one in stated.values()} == {(8, 8, 1.0)}
    assert stated["difference"]["frames_used"] == [3, 3, 3]
    assert stated["without"]["frames_used"] is None
    seen = {name: read_json(run / "facts.json")["target_data"] for name, run in runs.items()}
    assert "one neutral clip of each tested subject" in seen["difference"]
    assert "neutral" not in seen["without"]
    lines = {name: read_checks(run)[4] for name, run in runs.items()}
    assert {line.state for line in lines.values()} == {"pass"}
    assert all(line.figure.endswith("; 0 of 8 references in a part") for line in lines.values())
    for name, run in runs.items():
        uses = [one.use for fold in (run / "folds").iterdir() for one in read_fitted(fold)]
        assert uses.count("reference") == (0 if name == "without" else 2)


def test_the_features_are_those_of_the_form_and_the_answers_differ(runs, places):
    manifests = {name: read_json(run / "model" / "manifest.json") for name, run in runs.items()}
    assert "reference" not in manifests["without"]
    assert manifests["pair"]["reference"] == {"form": "pair", "frames": 3, "of": "own"}
    answers = {name: answers_of(run)["p_1"].to_numpy() for name, run in runs.items()}
    assert not np.allclose(answers["without"], answers["difference"])
    assert not np.allclose(answers["wrong"], answers["difference"])
    card = (runs["difference"] / "model" / "README.md").read_text(encoding="utf-8")
    assert "It needs a neutral face of the same person" in card


def test_a_second_run_gives_the_same_bits(runs, places, tmp_path):
    again = run_experiment(experiment_of("wrong", **MEMBERS["wrong"]), EXPERIMENTS, Places(places.data_root, tmp_path))
    pd.testing.assert_frame_equal(answers_of(again.path), answers_of(runs["wrong"]), check_exact=True)


@pytest.mark.parametrize("name", ["difference", "pair"])
def test_the_saved_model_answers_as_in_the_run(runs, places, name):
    plan, model = plan_of(name, places), load_model(runs[name])
    table = features_of(plan, places).set_index("clip")
    columns = ("features", "sampling")
    samples = plan.samples.assign(
        **{column: table.loc[plan.samples["file_clip"], column].to_numpy() for column in columns}
    )
    references, settings = find_references(samples), plan.experiment.reference
    (fold,) = (one for one in plan.folds if one.name == model.bundle.manifest["fold"])
    changed = referenced_features(settings, samples, plan.folds, references, places.cache)[fold.name]
    answers = answers_of(runs[name])
    for position in fold.test[:4]:
        sample = samples.iloc[position]
        own = references[f"biovid/{sample['subject']}"]
        neutral = np.float32(read_features(Path(own.file))[own.rows(3)])
        rows = np.float32(read_features(Path(sample["features"]))[:5])
        raw, kept = model.predict_features(rows, neutral), np.float32(read_features(Path(changed[position]))[:5])
        expected = answers.loc[sample["clip"], ["p_0", "p_1"]].to_numpy(dtype=float)
        if name == "pair":  # of the head on frames the mean of its answers is kept
            np.testing.assert_allclose(raw.mean(axis=0), expected, atol=2e-3)
        else:
            mean = np.float32(kept.mean(axis=0, dtype=np.float64))
            direct = model.predict_features(rows.mean(axis=0)[None], neutral)[0]
            np.testing.assert_allclose(direct, expected, atol=2e-3)
            np.testing.assert_allclose(model._answer(mean[None])[0], expected, atol=2e-3)


def video_of(places: Places, clip: str) -> Path:
    (path,) = places.data_root.rglob(f"{clip}.mp4")
    return path


def test_a_new_person_needs_a_reference_and_without_one_nothing_answers(runs, places, tmp_path):
    tested = answers_of(runs["difference"])
    clip = tested.index[tested["y_true"] == 1][0]
    plan = plan_of("difference", places)
    own = plan.samples[plan.samples["subject"] == tested.loc[clip, "subject"]]
    (neutral,) = own["clip"][own["reference"] == 2]
    video, reference = video_of(places, clip), video_of(places, neutral)
    said = fail(forked("predict", runs["difference"], video))
    assert "needs a neutral face of the same person" in said
    assert "--reference" in said
    succeed(forked("predict", runs["difference"], video, "--reference", reference, "--to", tmp_path / "a.csv"))
    answers = pd.read_csv(tmp_path / "a.csv")
    assert answers["answer"].isin(["no pain", "high pain"]).all()
    assert "is a control, and answers nobody" in fail(forked("predict", runs["wrong"], video, "--reference", reference))
    assert "reads no reference" in fail(forked("predict", runs["without"], video, "--reference", reference))
    blank = tmp_path / "blank.png"
    import cv2

    cv2.imwrite(str(blank), np.zeros((64, 64, 3), np.uint8))
    assert "no face was found in any frame" in fail(forked("predict", runs["pair"], video, "--reference", blank))
    contents = read_contents(runs["pair"] / "model")
    for open_it in (join, HeadAssessor):
        with pytest.raises(UserError, match="needs a neutral face of the same person"):
            open_it(contents)
    with pytest.raises(UserError, match="needs a neutral face of the same person"):
        load_live_model(str(runs["pair"] / "model"))


def test_features_and_cut_out_faces_are_compared_too_or_refused(runs, places):
    pair, without = load_model(runs["pair"]), load_model(runs["without"])
    width = pair.input_shape[0] // 2
    rows, neutral = np.random.default_rng(0).normal(size=(2, 4, width))
    assert pair.predict_features(rows, neutral).shape == (4, 2)
    for wrong in (neutral[0], neutral[:, 1:], np.full_like(neutral, np.nan), neutral[:0], neutral.astype(str)):
        with pytest.raises(UserError, match="cannot be compared with the reference"):
            pair.predict_features(rows, wrong)
    for given in (rows, np.concatenate([rows, rows], axis=1)):
        with pytest.raises(UserError, match="needs a neutral face"):
            pair.predict_features(given)
    with pytest.raises(UserError, match="reads no reference"):
        without.predict_features(rows, neutral)
    faces = np.random.default_rng(0).integers(0, 256, (3, 40, 40, 3), dtype=np.uint8)
    video = next(places.data_root.rglob("*BL1*.mp4"))
    assert pair.predict(faces, video).shape == (3, 2)
    with pytest.raises(UserError, match="needs a neutral face"):
        pair.predict(faces)


def test_a_second_face_in_a_frame_is_not_compared_with_the_wrong_persons_reference(runs, places, tmp_path):
    import cv2

    frames = []
    for path in sorted(places.data_root.rglob("*BL1*.mp4"))[:7:6]:
        read = cv2.VideoCapture(str(path))
        frames.append(read.read()[1])
        read.release()
    cv2.imwrite(str(tmp_path / "two.png"), np.concatenate([frames[0], cv2.resize(frames[1], None, fx=1, fy=1)], axis=1))
    table = load_model(runs["pair"]).predict(tmp_path / "two.png", next(places.data_root.rglob("*BL1*.mp4")))
    assert len(table) == 2
    assert table["answer"].tolist()[1] == ""
    assert table["problem"].tolist() == ["", OTHER_FACE]


def test_a_subject_without_a_neutral_clip_is_named_or_left_out(places, tmp_path):
    shutil.copytree(places.data_root, tmp_path / "data")
    lacking = sorted(path.name for path in (tmp_path / "data" / "biovid" / "video").iterdir())[2]
    for path in (tmp_path / "data").rglob(f"{lacking}-BL1-*.mp4"):
        path.unlink()
    here = Places(tmp_path / "data", tmp_path)
    subject = lacking.split("_")[0]
    with pytest.raises(UserError, match=rf"(?s)Some subjects have no neutral clip.*Received: biovid/\S*{subject}"):
        make_plan(experiment_of("without", **MEMBERS["without"]), EXPERIMENTS, here)
    left = {"reference": MEMBERS["difference"]["reference"] | {"missing": "leave_out"}}
    run = run_experiment(experiment_of("left", **left), EXPERIMENTS, here).path
    (named,) = read_json(run / "reference.json")["left_out"]
    assert subject in named
    assert named.split("/")[1] not in set(answers_of(run)["subject"])
    assert read_json(run / "reference.json")["subjects"] == 7


def test_the_neutral_baseline_that_a_task_leaves_out_is_the_reference(places, tmp_path):
    with pytest.raises(UserError, match=r"(?s)ai4pain has no clip of a class left.*no clip of class 0 is left"):
        make_plan(experiment_of("three", task="ai4pain-three", **MEMBERS["difference"]), EXPERIMENTS, places)
    task = {
        "schema": 2,
        "description": "Low against high electrical pain.",
        "sample": "clip",
        "ordinal": True,
        "classes": ["low pain", "high pain"],
        "labels": {
            "ai4pain": {"column": "level", "mapping": {"low": 0, "high": 1}, "ignore": ["none"], "definition": "level"}
        },
    }
    (tmp_path / "low-high.yaml").write_text(yaml.safe_dump(task), encoding="utf-8")
    experiment = experiment_of("low-high", task=str(tmp_path / "low-high.yaml"), **MEMBERS["difference"])
    run = run_experiment(experiment, EXPERIMENTS, places).path
    assert read_json(run / "reference.json")["neutral"] == {"ai4pain": "level none"}
    assert read_json(run / "reference.json")["clips"] == 6
    assert len(answers_of(run)) == 6 * 4
    assert {line.state for line in read_checks(run)[:6]} <= {"pass", "declared"}


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("frames", {"task": "unbc-binary-1", "window": {"seconds": 2}} | ANN),
        ("sequences", {"task": "cross-binary", "dataset": "unbc", "window": {"frames": 10}} | LOGISTIC),
        ("pieces", {"task": "cross-binary", "dataset": "unbc", "window": {"clip_frames": 4}} | LOGISTIC),
    ],
)
def test_of_unbc_another_sequence_is_the_reference_by_its_frames_without_pspi(places, name, changes):
    reference = {"form": "difference", "frames": 10, "missing": "leave_out"}
    experiment = experiment_of(f"unbc-{name}", features={"fps": None}, reference=reference, **changes)
    plan = make_plan(experiment, EXPERIMENTS, places)
    files = plan.clips.set_index("clip").loc[plan.samples["file_clip"], "media"].to_numpy(dtype=str)
    for fold in plan.folds:
        used = np.concatenate([fold.train, fold.selection, fold.test])
        assert len(fold.reference)
        assert not set(files[fold.reference]) & set(files[used])
    run = run_experiment(experiment, EXPERIMENTS, places).path
    stated = read_json(run / "reference.json")
    assert stated["neutral"] == {"unbc": "pspi 0"}
    assert stated["subjects"] == stated["clips"] > 2
    assert read_checks(run)[4].state == "pass"


def test_features_of_whole_clips_have_no_neutral_frames_where_frames_are_labelled(places):
    settings = {"task": "cross-binary", "dataset": "unbc", "features": {"fps": None}, **LOGISTIC}
    reference = {"form": "difference", "frames": 3, "missing": "leave_out"}
    plan = make_plan(experiment_of("whole", reference=reference, **settings), EXPERIMENTS, places)
    assert tells_frames_apart(plan)
    tables = FeatureSettings(folder="units", files="action_units")
    whole = replace(plan, experiment=plan.experiment.model_copy(update={"features": tables}))
    mixed = plan.samples.assign(neutral_places=[None if one is None else one[:1] for one in plan.samples[PLACES]])
    with pytest.raises(UserError, match="The features of whole are of whole clips, and its references"):
        tells_frames_apart(replace(whole, samples=mixed))
    assert not tells_frames_apart(plan_of("difference", places))


def test_across_datasets_each_person_has_a_reference_of_the_own_dataset(places):
    across = {"kind": "cross_dataset", "test_dataset": "unbc", "selection_share": 0.34}
    settings = {"task": "cross-binary", "dataset": "biovid", "window": {"frames": 5}, **LOGISTIC}
    reference = {"form": "difference", "frames": 3, "missing": "leave_out"}
    experiment = experiment_of("across", features={"fps": None}, protocol=across, reference=reference, **settings)
    plan = make_plan(experiment, EXPERIMENTS, places)
    (fold,) = plan.folds
    taken = plan.samples.iloc[fold.reference]
    assert set(taken["dataset"]) == {"biovid", "unbc"}
    assert set(taken["subject"]) == set(plan.samples["subject"])
    run = run_experiment(experiment, EXPERIMENTS, places).path
    assert read_json(run / "reference.json")["neutral"] == {"biovid": "stimulus BL1", "unbc": "pspi 0"}
    assert read_checks(run)[4].state == "pass"


def test_dealt_labels_leave_references_neutral(places):
    plain, dealt = (
        make_plan(experiment_of("dealt", null_draw=draw, **MEMBERS["difference"]), EXPERIMENTS, places)
        for draw in (None, 1)
    )
    for plan in (plain, dealt):
        taken = plan.samples.iloc[plan.folds[0].reference]
        assert (taken["stimulus"] == "BL1").all()
    assert set(plain.samples["clip"]) == set(dealt.samples["clip"])
    used = [plan.samples[plan.samples["reference"] == 0].groupby("subject")["y"].sum() for plan in (plain, dealt)]
    pd.testing.assert_series_equal(*used)
    merged = plain.samples.merge(dealt.samples, on="clip")
    assert (merged["y_x"] != merged["y_y"]).any()


def test_the_estimate_has_a_stage_for_what_is_written(places):
    with_reference, without = (
        estimate(experiment_of(name, **MEMBERS[name]), EXPERIMENTS, places) for name in ("pair", "without")
    )
    names = [stage.name for stage in with_reference]
    assert "reference (pair, own, frames 3)" in names
    (stage,) = (stage for stage in with_reference if stage.name.startswith("reference"))
    (features,) = (stage for stage in with_reference if stage.name.startswith("features"))
    assert stage.disk_bytes == 2 * features.disk_bytes
    assert len(without) == len(with_reference) - 1
