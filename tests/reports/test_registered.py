"""What was registered is compared with what was run: experiments, data, sources, comparisons."""

from dataclasses import replace

import pytest
import yaml

from tests.command_line import EXPERIMENTS, imported_modules
from tests.data.datasets.trees import touch
from tests.evaluation.drawn import draw_predictions
from tests.forked_program import LIGHT, forked
from tests.reports.run_folders import write_run
from transferpain.core.store import read_json, write_json, write_text
from transferpain.data.places import Places
from transferpain.experiments.run_folder import RunFolder
from transferpain.experiments.study import load_batch
from transferpain.reports.registered import describe_batch, register_file, state_of
from transferpain.reports.studies import report_batch

TASK = {
    "description": "Pain in our clinic.",
    "sample": "clip",
    "classes": ["none", "pain"],
    "labels": {"clinic": {"column": "label", "mapping": {"none": 0, "pain": 1}, "definition": "by a nurse"}},
}
STUDY = {
    "study": "small",
    "title": "Small",
    "question": "Does pain show?",
    "experiments": {"ann": {"experiment": "own"}, "lstm": {"experiment": "own", "set": {"seeds": [1, 2]}}},
    "comparisons": [{"better": "ann", "worse": "lstm"}],
}


@pytest.fixture
def study(tmp_path):
    """A study of two heads on own clips; returns its file and the places."""
    touch(tmp_path / "data" / "clinic" / "a.mp4", b"1")
    write_text(tmp_path / "data" / "clinic" / "index.csv", "media,subject,label\na.mp4,anna,pain\n")
    write_text(tmp_path / "own-task.yaml", yaml.safe_dump(TASK))
    changes = {"name": "own", "task": str(tmp_path / "own-task.yaml"), "dataset": "clinic", "source": "untrained"}
    base = yaml.safe_load((EXPERIMENTS / "ai4pain-ann.yaml").read_text(encoding="utf-8"))
    write_text(tmp_path / "own.yaml", yaml.safe_dump(base | changes))
    write_text(tmp_path / "small.yaml", yaml.safe_dump(STUDY))
    return tmp_path / "small.yaml", Places(tmp_path / "data", tmp_path)


LATE, EARLY = "2030-01-01T00:00:00+00:00", "2020-01-01T00:00:00+00:00"


def runs_of(places, begun=LATE, finished=LATE):
    runs = [RunFolder(write_run(places.runs, name, draw_predictions(subjects=4))) for name in ("ann", "lstm")]
    for run in runs:
        write_text(run.path / "log.txt", f"{begun} started\n")
        for done in run.path.glob("folds/*/done"):
            write_json(done, read_json(done) | {"finished": finished})
    return runs


def fresh(places):
    return Places(places.data_root, places.workspace)


@pytest.mark.slow
def test_a_study_that_is_run_as_registered_says_so(study):
    path, places = study
    file, registration, absent = register_file(path, places, [], None)
    assert (file, absent) == (places.reports / "small" / "registration.json", [])
    index = places.index("clinic")
    assert registration.content["data"] == {"clinic": f"{index.hash} {places.contents(index.clips)[:16]}"}
    assert registration.content["comparisons"] == ["ann - lstm, balanced_accuracy"]
    batch = load_batch(path, fresh(places), [])
    state = state_of(file, describe_batch(batch), runs_of(places))
    assert (state.differences, state.begun_before, state.fault) == ((), (), "")
    assert state.sentence.endswith("and run as registered.")
    page = report_batch(batch, runs_of(places), file).read_text(encoding="utf-8")
    assert f"digest {registration.digest}), and run as registered." in page


@pytest.mark.slow
def test_data_that_changed_are_named(study):
    path, places = study
    file, *_ = register_file(path, places, [], None)
    write_text(places.data_root / "clinic" / "index.csv", "media,subject,label\na.mp4,anna,none\n")
    batch = load_batch(path, fresh(places), [])
    state = state_of(file, describe_batch(batch), [])
    assert [one.key for one in state.differences] == ["data.clinic"]
    assert "NOT run as registered: 1 keys differ. The data of clinic are not those" in state.sentence
    page = report_batch(batch, runs_of(places), file)
    assert "data.clinic" in page.read_text(encoding="utf-8")
    assert (page.parent / "registration.csv").is_file()


@pytest.mark.slow
def test_a_changed_setting_is_told_by_its_key_and_the_page_is_written_anew(study):
    path, places = study
    file, *_ = register_file(path, places, [], None)
    runs = runs_of(places)
    page = report_batch(load_batch(path, fresh(places), []), runs, file)
    before = page.stat().st_mtime_ns
    assert report_batch(load_batch(path, fresh(places), []), runs, file).stat().st_mtime_ns == before
    batch = load_batch(path, fresh(places), ["training.epochs=3"])
    text = report_batch(batch, runs, file).read_text(encoding="utf-8")
    for name in ("ann", "lstm"):
        assert f"experiments.{name}.training.epochs" in text
    assert "2 keys differ" in text


def test_another_comparison_is_a_difference(study):
    path, places = study
    file, *_ = register_file(path, places, [], None)
    batch = replace(load_batch(path, fresh(places), []), comparisons=())
    assert "comparisons" in [one.key for one in state_of(file, describe_batch(batch), []).differences]


# A log that was lost, or put aside, is begun anew; the folds say when they were finished.
@pytest.mark.parametrize("times", [(EARLY, LATE), (LATE, EARLY), ("", LATE), ("\0\0", LATE), ("z", LATE), "aside"])
def test_a_registration_that_came_after_the_runs_says_so(study, times):
    path, places = study
    runs = runs_of(places, *(times if times != "aside" else ()))
    for run in runs if times == "aside" else ():
        write_text(run.path / "former-1" / "log.txt", f"{EARLY} started\n")
    file, *_ = register_file(path, places, [], None)
    state = state_of(file, describe_batch(load_batch(path, fresh(places), [])), runs)
    assert state.begun_before == tuple(run.path.name for run in runs)
    assert "when these runs had begun already: ann-" in state.sentence


@pytest.mark.slow
def test_a_file_that_was_changed_by_hand_proves_nothing(study):
    path, places = study
    file, *_ = register_file(path, places, [], None)
    file.write_text(file.read_text(encoding="utf-8").replace("Does pain show?", "Is all well?"), encoding="utf-8")
    page = report_batch(load_batch(path, fresh(places), []), runs_of(places), file).read_text(encoding="utf-8")
    assert "proves nothing" in page
    assert "run as registered" not in page


def test_data_that_are_not_here_are_registered_as_such(study):
    path, places = study
    elsewhere = Places(places.workspace / "nowhere", places.workspace)
    _, registration, absent = register_file(path, elsewhere, [], None)
    assert absent == ["clinic"]
    assert registration.content["data"] == {"clinic": "not on this machine"}


def test_a_matrix_registers_its_cells_metric_and_families(tmp_path):
    path = EXPERIMENTS / "transfer-matrix-demo.yaml"
    file, registration, absent = register_file(path, Places(tmp_path / "data", tmp_path), [], tmp_path / "mine.json")
    assert (file, absent) == (tmp_path / "mine.json", [])
    content = registration.content
    assert (content["kind"], content["metric"]) == ("matrix", "balanced_accuracy")
    assert sum(map(len, content["families"].values())) > 0
    assert all(value.startswith("drawn: ") for value in content["data"].values())
    named = {name for family in content["families"].values() for pair in family for name in pair.split(" - ")}
    assert named - {"draws from the training shares"} <= set(content["experiments"])


@pytest.mark.slow
def test_the_command_writes_the_file_once_without_tensorflow(study):
    path, places = study
    command = ("register", path, "--data-root", places.data_root, "--workspace", places.workspace)
    result = forked(*command, preload=LIGHT)
    assert result.returncode == 0, result.stderr
    assert "registered: " in result.stdout
    assert not {"tensorflow", "keras", "torch", "mediapipe"} & imported_modules(*map(str, command))
    file = places.reports / "small" / "registration.json"
    other = forked(*command, "--set", "seeds=[7]", "--out", file, preload=LIGHT)
    assert other.returncode != 0
    assert "never written over" in other.stderr
