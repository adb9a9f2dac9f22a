import pandas as pd
import pytest

from tests.experiments.runs.made import make_run, seal_anew
from tests.parts import needs
from transferpain.core.errors import UserError
from transferpain.core.optional import is_installed
from transferpain.core.schema import read_stamped
from transferpain.core.store import file_hash, json_text, write_json, write_text
from transferpain.reports.facts import read_run
from transferpain.reports.runs.export import collect_files, entry_of, export_run, milliseconds


def entered(folder, tmp_path):
    files = tmp_path / "files"
    files.mkdir()
    collect_files(read_run(folder), files, tmp_path)
    return entry_of(read_run(folder), files)


def test_scores_settings_and_tags_of_a_run(tmp_path):
    entry = entered(make_run(tmp_path, "ann", changes={"seeds": [0], "source_set": {"Größe": 3}}), tmp_path)
    assert (entry.experiment, entry.name) == ("ai4pain-three", "ann-0123456789abcdef")
    assert entry.parameters["protocol.kind"] == "folders"
    assert entry.parameters["source_set.Größe"] == "3"
    assert entry.metrics["balanced_accuracy.low"] < entry.metrics["balanced_accuracy"]
    assert entry.metrics["chance"] == pytest.approx(1 / 3)
    assert (entry.metrics["subjects"], entry.metrics["trainings"]) == (10, 1)
    assert entry.tags["synthetic"] == "true"
    assert entry.tags["commit"] == "abc"
    assert entry.tags["mlflow.note.content"].startswith("**SYNTHETIC data: drawn faces.** Balanced accuracy 0.")
    assert [curve.name for curve in entry.curves][:2] == ["loss.0-seed0", "val_loss.0-seed0"]
    assert 0 < entry.begun <= entry.finished


def test_what_is_not_defined_is_left_out(tmp_path):
    folder = make_run(tmp_path, "ann", subjects=3, synthetic=False)
    history = pd.read_csv(folder / "folds" / "0-seed0" / "history.csv")
    entry = entered(folder, tmp_path)
    assert "balanced_accuracy" in entry.metrics
    assert "balanced_accuracy.low" not in entry.metrics
    assert all(value == value and abs(value) != float("inf") for value in entry.metrics.values())
    assert entry.tags["synthetic"] == "false"
    assert [step for step, _ in entry.curves[0].points] == list(range(1, len(history) + 1))


def test_files_hold_one_table_of_all_folds_and_nothing_of_people_or_weights(tmp_path):
    folder = make_run(tmp_path, "ann", seeds=(0, 1))
    write_text(folder / "subjects.csv", "dataset,subject,sex,age\n")
    page = tmp_path / "reports" / "ann" / "index.html"
    write_text(page, "a page")
    write_json(page.with_name("inputs.json"), {"runs": [folder.name], "files": {"index.html": file_hash(page)}})
    files = entered(folder, tmp_path).files
    names = {path.relative_to(files).as_posix() for path in files.rglob("*") if path.is_file()}
    assert names >= {"experiment.yaml", "metrics.json", "model/manifest.json", "report/ann.html"}
    assert not names & {"subjects.csv", "model/model.keras"}
    assert set(pd.read_parquet(files / "predictions.parquet")["seed"]) == {0, 1}
    assert set(pd.read_csv(files / "history.csv")["training"]) == {"0-seed0", "0-seed1"}


def test_a_time_that_is_none_is_none():
    assert milliseconds("1970-01-01T00:00:01+00:00") == 1000
    assert milliseconds("") == milliseconds("yesterday") == 0


@pytest.mark.skipif(is_installed("mlflow"), reason="mlflow is installed")
def test_without_mlflow_it_is_said_what_to_install_and_nothing_is_written(tmp_path):
    folder = make_run(tmp_path, "ann")
    with pytest.raises(UserError, match="mlflow-skinny"):
        export_run(folder, str(tmp_path / "mlflow.db"), tmp_path)
    assert not (tmp_path / "mlflow.db").exists()


@needs("mlflow")
@pytest.mark.slow
def test_a_finished_run_is_exported_and_a_damaged_one_is_not(tmp_path):
    folder = make_run(tmp_path, "ann")
    store = tmp_path / "store"
    assert export_run(folder, str(store), tmp_path)[0].startswith(f"exported: {folder.name}")
    assert "nothing was written" in export_run(folder, str(store), tmp_path)[0]
    (folder / "folds" / "0-seed0" / "predictions.parquet").unlink()
    with pytest.raises(UserError, match="damaged"):
        export_run(folder, str(tmp_path / "other"), tmp_path)
    assert not (tmp_path / "other").exists()


@needs("mlflow")
@pytest.mark.slow
def test_a_run_whose_scores_are_odd_is_not_copied_as_it_stands(tmp_path):
    folder = make_run(tmp_path, "ann")
    scores = read_stamped(folder / "metrics.json")
    scores["all"]["accuracy"]["value"] = "high"
    seal_anew(folder, "metrics.json", json_text(scores).encode())
    with pytest.raises(UserError, match=r"metrics\.json: `all\.accuracy\.value`"):
        export_run(folder, str(tmp_path / "store"), tmp_path)
    assert not (tmp_path / "store").exists()
