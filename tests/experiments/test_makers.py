import shutil
from importlib.metadata import version

import pandas as pd
import pytest
import yaml

from tests.command_line import EXPERIMENTS
from tests.parts import needs
from tests.small_study import tiny
from transferpain.core.store import read_json, write_json, write_text
from transferpain.data.media.medium import READER_IDENTITY
from transferpain.data.places import Places
from transferpain.experiments.environment import write_environment
from transferpain.experiments.makers import (
    finished_with,
    go_on_or_apart,
    makers_before,
    makers_today,
    note_finished_before,
)
from transferpain.experiments.runner import make_plan
from transferpain.experiments.schema import load_experiment
from transferpain.inputs.faces.detectors import detector_identity
from transferpain.inputs.landmarks.mesh import mesh_identity

FORMER = {"mediapipe": "0.10.21", "tensorflow": "2.19.1", "dlib-bin": version("dlib-bin")}
CANONICAL = "detect(mediapipe,margin=0.0)|resize(32)|rgb|scale(unit)"


@pytest.fixture
def plan(small_twin, tmp_path):
    """A plan whose run was begun by version 2.0."""
    plan = make_plan(tiny(EXPERIMENTS), EXPERIMENTS, Places(small_twin, tmp_path))
    begin(plan.run, plan.experiment)
    return plan


def begin(run, experiment, **facts) -> None:
    write_text(run.path / "experiment.yaml", yaml.safe_dump(experiment.resolved()))
    write_json(run.path / "environment.json", {"schema": 2, "versions": FORMER})
    write_json(run.path / "facts.json", {"schema": 2, "preprocessing": CANONICAL} | facts)
    history = pd.DataFrame({"epoch": [1], "val_loss": [0.5]})
    run.finish_fold("test", 0, pd.DataFrame({"clip": ["a"]}), history)


@needs("face-alignment")
def test_a_mesh_counts_where_it_is_read():
    def makers(name):
        return makers_today(load_experiment(EXPERIMENTS / f"{name}.yaml"), True)

    assert makers("ai4pain-ann").keys() == {"detector", "reader"}
    assert makers("multimodal-fusion")["mesh"] == mesh_identity()
    assert makers("unbc-hybrid")["mesh"] == mesh_identity()
    assert makers_today(load_experiment(EXPERIMENTS / "ai4pain-ann.yaml"), False) == {}


def test_a_run_of_version_2_states_its_makers_by_its_packages(plan):
    makers = {"detector": "mediapipe 0.10.21", "mesh": "mediapipe 0.10.21 face mesh"}
    assert makers_before(plan.run, "mediapipe") == makers
    begin(plan.run, plan.experiment, detector="mediapipe 9")
    assert makers_before(plan.run, "mediapipe") == makers | {"detector": "mediapipe 9"}


def test_folds_of_a_former_detector_are_put_aside_and_a_note_says_so(plan, capsys):
    go_on_or_apart(plan)
    assert not plan.run.fold_is_done("test", 0)
    aside = plan.run.path / "former-1"
    assert (aside / "folds" / "test-seed0" / "done").is_file()
    assert read_json(aside / "environment.json")["versions"] == FORMER
    said = " ".join(capsys.readouterr().err.split())
    assert "was begun with mediapipe 0.10.21" in said
    assert f"it is computed again with {detector_identity('mediapipe')} and {READER_IDENTITY}." in said
    go_on_or_apart(plan)
    assert capsys.readouterr().err == ""


def test_folds_of_a_former_reader_of_media_are_put_aside(plan, capsys):
    begin(plan.run, plan.experiment, detector=detector_identity("mediapipe"), reader="media reader 1")
    go_on_or_apart(plan)
    assert not plan.run.fold_is_done("test", 0)
    said = " ".join(capsys.readouterr().err.split())
    assert f"was begun with media reader 1: it is computed again with {READER_IDENTITY}." in said


def test_folds_of_the_same_detector_stand_and_another_framework_is_named(plan, capsys):
    begin(plan.run, plan.experiment, detector=detector_identity("mediapipe"), reader=READER_IDENTITY)
    go_on_or_apart(plan)
    assert plan.run.fold_is_done("test", 0)
    said = " ".join(capsys.readouterr().err.split())
    assert f"was begun with tensorflow 2.19.1, and goes on with {version('tensorflow')}." in said


@pytest.mark.parametrize("content", ["", "[]", '{"versions": 3}', '{"schema": 99}', "{}"])
def test_folds_that_nobody_can_tell_are_put_aside(plan, content, capsys):
    (plan.run.path / "environment.json").write_text(content)
    go_on_or_apart(plan)
    assert not plan.run.fold_is_done("test", 0)
    assert "was begun with what its folder does not say" in " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize("file", ["facts.json", "environment.json"])
def test_folds_say_themselves_what_found_their_faces(plan, file):
    run, history = plan.run, pd.DataFrame({"epoch": [1], "val_loss": [0.5]})
    makers = makers_today(plan.experiment, True)
    run.finish_fold("test", 0, pd.DataFrame({"clip": ["a"]}), history, makers=makers)
    (run.path / file).write_bytes(b"\xff")
    go_on_or_apart(plan)
    assert run.fold_is_done("test", 0)


def test_a_session_that_computes_otherwise_is_named(plan, capsys, monkeypatch):
    begin(plan.run, plan.experiment, detector=detector_identity("mediapipe"), reader=READER_IDENTITY)
    monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", "0")
    write_environment(plan.run)
    monkeypatch.delenv("TF_ENABLE_ONEDNN_OPTS")
    go_on_or_apart(plan)
    said = " ".join(capsys.readouterr().err.split())
    assert "was begun with TF_ENABLE_ONEDNN_OPTS 0, and goes on with not set" in said


def test_a_run_without_folds_is_left_alone(plan):
    shutil.rmtree(plan.run.path / "folds" / "test-seed0")
    go_on_or_apart(plan)
    assert (plan.run.path / "environment.json").is_file()


def test_a_finished_run_of_a_former_detector_is_named(plan, capsys):
    assert finished_with(plan.run) == ["mediapipe 0.10.21"]
    note_finished_before([plan.run, plan.run])
    said = " ".join(capsys.readouterr().err.split())
    assert said.startswith(
        f"warning: {plan.run.path.name}, {plan.run.path.name}: finished with mediapipe 0.10.21, which"
    )
    begin(plan.run, plan.experiment, detector=detector_identity("mediapipe"))
    note_finished_before([plan.run])
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("file", ["facts.json", "experiment.yaml", "environment.json"])
@pytest.mark.parametrize("content", ["", "[]", "{", '{"schema": 99}'])
def test_of_a_damaged_run_nothing_is_said(plan, file, content):
    (plan.run.path / file).write_text(content)
    assert finished_with(plan.run) == []


def test_pictures_that_are_faces_already_have_no_detector(plan):
    begin(plan.run, plan.experiment, preprocessing="detect(none,margin=0.0)|resize(32)|rgb|scale(unit)")
    assert finished_with(plan.run) == []
