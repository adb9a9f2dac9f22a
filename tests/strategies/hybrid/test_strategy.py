"""The strategy `hybrid`, from one study to a bundle that is served."""

import http.client
import json
import os
import re
import signal
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import yaml

from tests.apps.serve.drawn import draw_person, encode
from tests.command_line import EXPERIMENTS
from tests.forked_program import ForkedProgram, forked
from tests.inputs.faces.drawing import write_video
from tests.waiting import wait_until
from transferpain.core.errors import UserError
from transferpain.core.optional import missing_modules
from transferpain.core.overrides import merge
from transferpain.core.store import read_json, write_json, write_text
from transferpain.data.media.pictures import open_pictures
from transferpain.data.places import Places
from transferpain.data.synthetic.settings import TwinSettings
from transferpain.data.synthetic.twins import write_twin
from transferpain.experiments.leakage.checks import failed, read_checks
from transferpain.experiments.run_folder import RunFolder
from transferpain.experiments.runner import make_plan
from transferpain.experiments.schema import load_experiment
from transferpain.inputs.action_units import measures
from transferpain.inputs.action_units.measures import measures_hash, shipped_measures
from transferpain.models.bundles.bundle import read_bundle
from transferpain.strategies.hybrid.section import THREE_MODELS
from transferpain.strategies.hybrid.settings import TITLES
from transferpain.strategies.hybrid.strategy import action_units_of, check_subjects, clip_answers, shared_work

TINY = {
    "source": "untrained",
    "backbone": "squeezenet",  # quick to build and to trace
    "protocol": {"folds": 2, "selection_share": 0.25},
    "faces": {"detector": "mediapipe", "size": 32},
    "head": {"boosting": {"learning_rates": [0.1], "estimators": [20], "depths": [2], "folds": 2}},
    "training": {"epochs": 1},
}
# One of two groups of subjects is tested: a second fold would be three more trainings of a network.
ONE_GROUP = {"protocol": {"kind": "grouped", "folds": 2, "fold": 0, "selection_share": 0.25}}
STUDY = {
    "study": "tiny",
    "title": "Tiny",
    "question": "Do three models share one training?",
    "data_root": "data",
    "twins": {"unbc": {"subjects": 8, "seed": 3, "clips": 2, "seconds": 0.3}},
    "set": TINY | ONE_GROUP,
    "experiments": {
        name: {"experiment": "unbc-hybrid", "set": {"head": {"verdict": name}}} for name in ("units", "cnn", "hybrid")
    },
    "comparisons": [{"better": "hybrid", "worse": "units"}, {"better": "hybrid", "worse": "cnn"}],
}


def test_a_frame_is_covered_if_all_three_could_look_at_it():
    table = pd.DataFrame({"units": [0.2, np.nan, 0.7], "cnn": [0.9, 0.8, np.nan], "hybrid": [0.3, np.nan, np.nan]})
    by_units = clip_answers(table, "units", threshold=0.2, prior=0.25)
    by_cnn = clip_answers(table, "cnn", threshold=0.85, prior=0.25)
    assert [answer.coverage for answer in by_units] == [answer.coverage for answer in by_cnn] == [1, 0, 0]
    assert [answer.y_pred for answer in by_units] == [1, 1, 1]  # the prior is above the threshold
    assert [answer.y_pred for answer in by_cnn] == [1, 0, 0]
    assert by_cnn[2].probabilities.tolist() == [0.75, 0.25]


@pytest.mark.parametrize("undecoded", [0, 1])
def test_a_table_of_a_video_with_lost_frames_may_number_them_otherwise(tmp_path, capsys, undecoded):
    write_text(tmp_path / "openface" / "a.csv", "frame,confidence,success,AU04_r\n1,.9,1,1\n2,.9,1,2\n")
    head = SimpleNamespace(action_units="openface")
    clips, samples = pd.DataFrame({"clip": ["a"]}), pd.DataFrame({"file_clip": ["a"], "row": [1]})
    plan = SimpleNamespace(experiment=SimpleNamespace(head=head), clips=clips, samples=samples)
    faces = pd.DataFrame({"clip": ["a"], "problem": [""], "num_frames": [3], "undecoded": [undecoded]})
    assert action_units_of(plan, Places(tmp_path, tmp_path), faces).intensities.tolist() == [[2]]
    warned = "warning: a: 1 frames cannot be decoded." in capsys.readouterr().err
    assert warned == bool(undecoded)


@pytest.fixture(scope="module")
def places(tmp_path_factory) -> Places:
    root = tmp_path_factory.mktemp("hybrid")
    write_twin("unbc", root, TwinSettings(subjects=8, clips=1, seconds=0.2), lambda frames: None)
    return Places(root, root)


def plan_of(places: Places, **changes):
    return make_plan(load_experiment(EXPERIMENTS / "unbc-hybrid.yaml", TINY | changes), EXPERIMENTS, places)


@pytest.mark.slow
def test_runs_that_differ_in_their_verdict_share_the_work_and_others_do_not(places):
    plans = [
        plan_of(places),
        plan_of(places, name="other", head=TINY["head"] | {"verdict": "cnn"}),
        plan_of(places, training={"epochs": 2}),
    ]
    folders = [shared_work(plan, plan.folds[0], 0, places).folder for plan in plans]
    assert folders[0] == folders[1] != folders[2]
    assert shared_work(plans[0], plans[0].folds[0], 1, places).folder != folders[0]
    assert shared_work(plans[0], plans[0].folds[1], 0, places).folder != folders[0]


@pytest.mark.slow
def test_other_measures_are_another_run_and_other_work(places, monkeypatch):
    plan = plan_of(places)
    folder = shared_work(plan, plan.folds[0], 0, places).folder
    check = read_json(measures.CHECK)
    check["units"]["4"]["measure"] = {"proxy": "blendshape", "blendshape": "proxy"}[check["units"]["4"]["measure"]]
    monkeypatch.setattr(measures, "CHECK", places.cache / "measures.json")
    write_json(measures.CHECK, check)
    changed = plan_of(places)
    assert changed.run.path != plan.run.path
    assert shared_work(changed, changed.folds[0], 0, places).folder != folder


@pytest.mark.slow
def test_too_few_subjects_are_found_before_anything_is_trained(places):
    plan = plan_of(places, head={"boosting": {"folds": 5}})
    with pytest.raises(UserError, match=r"(?s)has too few training subjects.*5 subjects with pain"):
        check_subjects(plan)


def write_own_clinic(places: Places, root: Path) -> None:
    """Write the twin's sequences as somebody's own videos: each frame has a row in the table of its clip, of action
    units that tell its label, and all but a video's first have a label."""
    index, labels, first = ["media,subject,label"], ["clip,frame,pain"], "frame,confidence,success,AU04_r,AU12_r"
    plan = plan_of(places)
    for clip, rows in plan.samples.groupby("file_clip"):
        pain = rows.sort_values("row")["y"].fillna(0).astype(int).tolist()
        (sequence,) = plan.clips[plan.clips["clip"] == clip].itertuples()
        pictures = list(open_pictures(places.data_root / sequence.media))
        write_video(root / "data" / "clinic" / "videos" / sequence.subject / "rest.mp4", pictures)
        index.append(f"videos/{sequence.subject}/rest.mp4,{sequence.subject},shoulder")
        labels += [f"videos/{sequence.subject}/rest,{number},{value}" for number, value in enumerate(pain) if number]
        measured = [f"{number},0.9,1,{4 * value}.0,0.5" for number, value in enumerate(pain, start=1)]
        write_text(root / "data" / "openface" / sequence.subject / "rest.csv", "\n".join([first, *measured]) + "\n")
    write_text(root / "data" / "clinic" / "index.csv", "\n".join(index) + "\n")
    write_text(root / "data" / "clinic" / "frames.csv", "\n".join(labels) + "\n")
    rule = {"column": "pain", "mapping": {"0": 0, "1": 1}, "definition": "as the twin says"}
    task = {"description": "Own", "sample": "frame", "classes": ["no pain", "pain"], "labels": {"clinic": rule}}
    write_text(root / "own-task.yaml", yaml.safe_dump({"schema": 2} | task))


@pytest.mark.slow
def test_tables_of_another_tool_for_own_videos_are_trained_on_and_reported(places, tmp_path):
    write_own_clinic(places, tmp_path)
    # Only trees on tables are asked, and those of a network alone learn from what others look at.
    alone = {"verdict": "units", "action_units": "openface", "cross_fitting": None}
    changes = {"protocol": ONE_GROUP["protocol"], "head": TINY["head"] | alone, "task": str(tmp_path / "own-task.yaml")}
    (tmp_path / "unbc-hybrid.yaml").write_bytes((EXPERIMENTS / "unbc-hybrid.yaml").read_bytes())
    named = {"base": "unbc-hybrid.yaml", "name": "own", "paper": None}
    file = tmp_path / "own.yaml"
    file.write_text(yaml.safe_dump(merge(TINY, changes) | named), encoding="utf-8")
    where = ("--data-root", tmp_path / "data", "--workspace", tmp_path)
    for word in ((), ("--dry-run",)):
        result = forked("run", file, *where, *word)
        assert result.returncode == 0, result.stderr
    (run,) = map(RunFolder, (tmp_path / "runs").iterdir())
    predictions = run.predictions()
    assert predictions["y_pred"].eq(predictions["y_true"]).all()
    assert set(predictions["dataset"]) == {"clinic"}
    assert predictions["coverage"].eq(1).all()
    stated = read_bundle(run.model).manifest["hybrid"]
    assert (stated["estimator"], stated["units"]) == ("openface", [4, 12])
    assert (stated["measures"], stated["measures_hash"]) == ({}, "")
    assert "Action units only" in (tmp_path / "reports" / "own" / "index.html").read_text(encoding="utf-8")
    table = next((tmp_path / "data" / "openface").rglob("*.csv"))
    table.write_text(table.read_text().replace("0.5", "0.6"), encoding="utf-8")
    own = Places(tmp_path / "data", tmp_path)
    assert make_plan(load_experiment(file), tmp_path, own).run.path != run.path
    table.write_text(table.read_text() + "900,0.9,1,4.0,0.5\n", encoding="utf-8")
    refused = forked("run", file, *where, "--dry-run")
    assert refused.returncode == 1
    assert "frame 900 of" in refused.stderr


@pytest.mark.slow
def test_a_study_of_three_models_is_run_reported_and_served(tmp_path):
    folder = tmp_path / "experiments"
    folder.mkdir()
    (folder / "unbc-hybrid.yaml").write_bytes((EXPERIMENTS / "unbc-hybrid.yaml").read_bytes())
    (folder / "tiny.yaml").write_text(yaml.safe_dump(STUDY), encoding="utf-8")
    result = forked("run", folder / "tiny.yaml", "--workspace", tmp_path)
    assert result.returncode == 0, result.stderr
    runs = {path.name.rsplit("-", 1)[0]: RunFolder(path) for path in (tmp_path / "runs").iterdir()}
    assert set(runs) == set(TITLES)
    check_predictions(runs)
    check_report(tmp_path / "reports" / "tiny")
    if not missing_modules("server"):
        check_served(runs["hybrid"].model)


def check_predictions(runs: dict[str, RunFolder]) -> None:
    """The three runs answer for the same frames, each by its own model and threshold, of one shared training."""
    tables = {name: run.predictions() for name, run in runs.items()}
    for name, table in tables.items():
        assert table["clip"].tolist() == tables["hybrid"]["clip"].tolist()
        assert table["coverage"].tolist() == tables["hybrid"]["coverage"].tolist()
        for fold, rows in table.groupby("fold"):
            threshold = read_json(runs[name].fold(fold, 0) / THREE_MODELS)["thresholds"][name]["value"]
            unclear = (rows["p_1"] - threshold).abs() < 1e-6  # p_1 is kept in float32
            assert (rows["y_pred"].eq(1) == rows["p_1"].ge(threshold))[~unclear].all()
        stated = read_bundle(runs[name].model).manifest["hybrid"]
        assert (stated["main"], stated["measures_hash"]) == (name, measures_hash())
        assert stated["measures"] == {str(unit): one.measure for unit, one in shipped_measures().items()}
    assert len({read_bundle(run.model).manifest["weights_hash"] for run in runs.values()}) == 1
    for fitted in runs["hybrid"].path.glob("folds/*/fitted.json"):
        rows = {line["step"]: line["subjects"] for line in read_json(fitted)["fitted"] if line["use"] == "fit"}
        parts = [people for step, people in rows.items() if "looks at part" in step]
        everybody = rows["weights of the network"]
        assert len(parts) == 2
        assert set(parts[0]) | set(parts[1]) == set(everybody) > set(parts[0])
        assert rows["what stands on the network, and thresholds"] == everybody
        assert rows["scaler and trees on action units, and their threshold"] == everybody
    assert not np.allclose(tables["units"]["p_1"], tables["cnn"]["p_1"])
    for run in runs.values():
        # Those of splits and of what was fitted to whom; so small a twin says nothing on the others.
        assert not {line.number for line in failed(read_checks(run.path))} & {1, 2, 4, 5, 6}


def check_report(folder: Path) -> None:
    importance = pd.read_csv(folder / "importance.csv")
    assert set(importance["model"]) <= {"units", "hybrid"}
    used = {(unit, measure, standing) for unit, (measure, standing) in shipped_measures().items()}
    assert set(importance[["unit", "measure", "standing"]].itertuples(index=False, name=None)) <= used
    assert set(pd.read_csv(folder / "thresholds.csv")["model"]) == set(TITLES)
    assert (pd.read_csv(folder / "mcnemar.csv")["tests"] == 2).all()
    assert "SYNTHETIC" in (folder / "index.html").read_text(encoding="utf-8")


def check_served(bundle: Path) -> None:
    """The server gives the verdicts of all three models."""
    program = ForkedProgram("serve", bundle, "--port", "0")
    page = re.compile(r"(?m)^page: http://[^/]+:(\d+)/")
    try:
        wait_until(lambda: page.search(program.stdout) is not None, program)
        port = int(page.search(program.stdout)[1])
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        connection.request("POST", "/v1/assess", encode(draw_person()), {"Content-Type": "image/jpeg"})
        answer = connection.getresponse()
        content = json.loads(answer.read())
        connection.close()
    finally:
        os.kill(program.pid, signal.SIGTERM)
        program.wait()
    assert (answer.status, content["main"], content["synthetic"]) == (200, "hybrid", True)
    stated = read_json(bundle / "manifest.json")["hybrid"]["thresholds"]
    assert {model["name"]: model["threshold"] for model in content["models"]} == stated
    assert all(0 <= model["p_pain"] <= 1 for model in content["models"])
    said = {unit["unit"]: (unit["measure"], unit["standing"]) for unit in content["action_units"]}
    assert said == dict(shipped_measures())
