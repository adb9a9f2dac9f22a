import sqlite3
from contextlib import closing
from dataclasses import replace

import pytest

from tests.parts import needs
from transferpain.core.errors import UserError
from transferpain.core.store import write_text
from transferpain.reports.runs.mlflow_store import (
    LONGEST_KEY,
    LONGEST_VALUE,
    Curve,
    Entry,
    find_store,
    name_in_store,
    shortened,
    write_entry,
)


@pytest.fixture
def entry(tmp_path):
    """A run with 300 parameters, a long one and one of strange letters among them."""
    write_text(tmp_path / "files" / "model" / "card.md", "a card")
    write_text(tmp_path / "files" / "experiment.yaml", "name: ann")
    parameters = {f"key{number}": str(number) for number in range(300)}
    parameters |= {"long": "x" * 10_000, "Gesicht/Größe #1": "ä", "empty": "", "k" * 300: "1"}
    return Entry(
        experiment="ann",
        name="ann-0123456789abcdef",
        digest="d" * 64,
        parameters=parameters,
        metrics={"balanced_accuracy": 0.5, "chance": 1 / 3},
        curves=(Curve("loss.p%2F1-seed0", ((1, 0.9), (2, 0.8))),),
        tags={"synthetic": "true", "commit": "abc", "warnings": "w" * 9000},
        files=tmp_path / "files",
        begun=1_000_000,
        finished=2_000_000,
    )


def test_a_store_is_a_folder_or_a_file_of_sqlite(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for text in ("a.db", "sqlite:///a.db", f"sqlite:///{tmp_path}/a.db"):
        assert find_store(text).uri == f"sqlite:///{tmp_path}/a.db"
    for text in ("store", f"file://{tmp_path}/store"):
        assert find_store(text).uri == f"file://{tmp_path}/store"
    assert [path.name for path in tmp_path.iterdir()] == ["here"]


def test_what_is_no_store_is_refused_and_nothing_is_written(tmp_path):
    write_text(tmp_path / "notes.db", "no database")
    write_text(tmp_path / "mine" / "photo.jpg", "")
    write_text(tmp_path / "file", "")
    (tmp_path / "folder.db").mkdir()
    with closing(sqlite3.connect(tmp_path / "other.db")) as database, database:
        database.execute("create table patients (name)")
    before = sorted(path for path in tmp_path.rglob("*"))
    for name, said in {
        "notes.db": "not of SQLite",
        "mine": "other things: photo.jpg",
        "file": "not called .db",
        "file/runs.db": "below the file",
        "file/store": "below the file",
        "folder.db": "a folder",
        "other.db": "patients, which are not MLflow's",
    }.items():
        with pytest.raises(UserError, match=said):
            find_store(str(tmp_path / name))
    for text in ("https://example.org/mlflow", "postgresql://a/b", "", " ", "a.db?mode=ro"):
        with pytest.raises(UserError, match="no store of MLflow"):
            find_store(text)
    assert sorted(path for path in tmp_path.rglob("*")) == before


def test_names_are_such_as_mlflow_takes_and_stay_apart():
    assert name_in_store("training.epochs") == "training.epochs"
    strange = ["a/b", "a#b", "a_b", "ä", "", "..", "x" * 400, "x" * 401, "\ud800"]
    names = [name_in_store(one) for one in strange]
    assert len(set(names)) == len(strange)
    assert max(map(len, names)) <= LONGEST_KEY
    assert all(set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789_.") for name in names)


def test_long_values_are_cut_and_say_so():
    assert shortened("x" * LONGEST_VALUE, LONGEST_VALUE) == "x" * LONGEST_VALUE
    cut = shortened("x" * (LONGEST_VALUE + 1), LONGEST_VALUE)
    assert len(cut) == LONGEST_VALUE
    assert cut.endswith("(cut)")


@needs("mlflow")
@pytest.mark.slow
@pytest.mark.parametrize("name", ["store", "mlflow.db"])
def test_a_run_is_entered_once_and_whole(tmp_path, entry, name):
    from mlflow.tracking import MlflowClient

    store = find_store(str(tmp_path / name))
    number, is_new = write_entry(store, entry)
    assert is_new
    assert write_entry(store, entry) == (number, False)
    client = MlflowClient(tracking_uri=store.uri)
    (run,) = client.search_runs([client.get_experiment_by_name("ann").experiment_id])
    assert run.info.status == "FINISHED"
    assert run.info.run_name == entry.name
    assert run.data.params["key299"] == "299"
    assert run.data.params[name_in_store("Gesicht/Größe #1")] == "ä"
    assert len(run.data.params) == 303
    assert run.data.metrics["balanced_accuracy"] == 0.5
    assert [one.value for one in client.get_metric_history(number, name_in_store("loss.p%2F1-seed0"))] == [0.9, 0.8]
    assert run.data.tags["synthetic"] == "true"
    assert run.data.tags["commit"] == "abc"
    assert {one.path for one in client.list_artifacts(number)} == {"experiment.yaml", "model"}


@needs("mlflow")
@pytest.mark.slow
def test_what_fails_half_way_leaves_nothing(tmp_path, entry):
    from mlflow.tracking import MlflowClient

    stands = find_store(str(tmp_path / "stands.db"))
    write_entry(stands, entry)
    (entry.files / "lost.txt").symlink_to(tmp_path / "nothing")
    for name in ("new.db", "new", "stands.db"):
        with pytest.raises(UserError, match=r"cannot be written[\s\S]*Nothing of the run is in it"):
            write_entry(find_store(str(tmp_path / name)), replace(entry, digest="e" * 64))
    left = {path.name for path in tmp_path.iterdir() if path.suffix != ".lock"}
    assert left == {"files", "here", "stands.db", "stands.db.files"}
    client = MlflowClient(tracking_uri=stands.uri)
    (run,) = client.search_runs([client.get_experiment_by_name("ann").experiment_id])
    assert run.data.tags["transferpain.digest"] == entry.digest
    assert len(list((tmp_path / "stands.db.files").rglob("experiment.yaml"))) == 1


@needs("mlflow")
@pytest.mark.slow
def test_an_experiment_that_was_deleted_there_is_named(tmp_path, entry):
    from mlflow.tracking import MlflowClient

    store = find_store(str(tmp_path / "store"))
    write_entry(store, entry)
    client = MlflowClient(tracking_uri=store.uri)
    client.delete_experiment(client.get_experiment_by_name("ann").experiment_id)
    with pytest.raises(UserError, match="was deleted"):
        write_entry(store, entry)
