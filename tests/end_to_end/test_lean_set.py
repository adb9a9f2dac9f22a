"""What needs a package that the lean set leaves out says so before it begins; all else goes its way."""

from functools import partial

import pytest
import yaml

from tests.command_line import EXPERIMENTS, transferpain
from tests.forked_program import LIGHT, forked
from tests.lean_set import hide, lean_environment

MEDIAPIPE = ("--set", "faces.detector=mediapipe", "--set", "source=untrained")
DETECTOR = ("--set", "faces.detector=face_alignment", "--set", "source=untrained")


lean = partial(forked, preload=LIGHT, preexec_fn=hide)


@pytest.mark.parametrize(
    "command",
    [("run",), ("run", "--dry-run"), ("faces",), ("extract",)],
    ids=" ".join,
)
def test_a_detector_that_is_not_installed_is_refused_before_anything_is_written(command, small_twin, tmp_path):
    name, *options = command
    places = ("--data-root", small_twin, "--workspace", tmp_path / "workspace")
    done = lean(name, EXPERIMENTS / "ai4pain-ann.yaml", *options, *places, *DETECTOR)
    said = " ".join(done.stderr.split())
    assert done.returncode == 1
    assert "The detector face_alignment cannot be used: a package is not installed." in said
    assert "python -m pip install torch==2.13.0 face-alignment==1.5.0" in said
    assert "Or choose a detector that is installed: faces.detector=mediapipe." in said
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "workspace" / "runs").exists()


def test_the_source_that_needs_it_is_refused_as_well(small_twin, tmp_path):
    source = "source_set={faces: {detector: face_alignment}}"
    places = ("--data-root", small_twin, "--workspace", tmp_path / "workspace")
    done = lean("run", EXPERIMENTS / "ai4pain-ann.yaml", *places, "--set", source)
    assert done.returncode == 1
    assert "The detector face_alignment cannot be used" in done.stderr
    assert not (tmp_path / "workspace" / "runs").exists()


def test_the_server_is_refused_before_its_model_is_read(tmp_path):
    (tmp_path / "site").mkdir()
    done = transferpain("serve", tmp_path / "no bundle", environment=lean_environment(tmp_path / "site"))
    assert done.returncode == 1
    assert done.stderr.startswith("error: The server cannot be used: a package is not installed.")
    assert "no module fastapi and no module uvicorn and no module cryptography" in done.stderr


def test_a_run_without_them_is_planned_as_ever(small_twin, tmp_path):
    places = ("--data-root", small_twin, "--workspace", tmp_path)
    done = lean("run", EXPERIMENTS / "ai4pain-ann.yaml", "--dry-run", *places, *MEDIAPIPE)
    assert done.returncode == 0, done.stderr
    assert "faces (mediapipe)" in done.stdout


def test_a_study_is_refused_before_its_first_experiment_where_a_later_one_needs_it(small_twin, tmp_path):
    member = {"experiment": "ai4pain-ann"}
    study = {
        "study": "two",
        "title": "Two detectors",
        "question": "Which?",
        "set": {"source": "untrained"},
        "experiments": {
            "first": member | {"set": {"faces": {"detector": "mediapipe"}}},
            "second": member | {"set": {"faces": {"detector": "face_alignment"}}},
        },
    }
    (tmp_path / "ai4pain-ann.yaml").write_bytes((EXPERIMENTS / "ai4pain-ann.yaml").read_bytes())
    (tmp_path / "two.yaml").write_text(yaml.safe_dump(study), encoding="utf-8")
    places = ("--data-root", small_twin, "--workspace", tmp_path / "workspace")
    done = lean("run", tmp_path / "two.yaml", *places)
    assert done.returncode == 1
    assert "The detector face_alignment cannot be used" in done.stderr
    assert not (tmp_path / "workspace" / "runs").exists()
