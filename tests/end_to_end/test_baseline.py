"""The baseline's own logic, and a small part of it compared with its file.

`make baseline ARGS=--check` compares everything.
"""

import copy
import json

import numpy as np
import pandas as pd
import pytest

from tests.end_to_end import baseline, baseline_program
from tests.end_to_end.baseline_comparison import PROBABILITY_TOLERANCE, compare
from tests.end_to_end.baseline_values import NUMBER, page_tables, prediction_entries, read_predictions
from tests.forked_program import forked

NAME = "frozen/ann/seed0/predictions"
SUBSET = ("sources", "data", "commands")


def predictions(**changes) -> pd.DataFrame:
    """Return the answers of one seed for three clips."""
    columns = {
        "dataset": "biovid",
        "subject": ["A", "A", "B"],
        "clip": ["1", "2", "3"],
        "frame": -1,
        "fold": "fold0",
        "seed": 0,
        "y_true": pd.array([0, 1, None], dtype="Int64"),
        "y_pred": [0, 1, 1],
        "p_0": np.float32([0.8, 0.3, 0.4]),
        "p_1": np.float32([0.2, 0.7, 0.6]),
    }
    return pd.DataFrame(columns | changes)


def file_of(table: pd.DataFrame, processor: str = "one") -> dict:
    """Return the contents of a baseline's file with the predictions of one run."""
    parts = {"heads": prediction_entries("frozen/ann", table)}
    return {"schema": 1, "machine": {"processor": processor}, "versions": {"numpy": "2"}, "parts": parts}


def nudged(by: float) -> pd.DataFrame:
    """Return the predictions with one probability changed."""
    return predictions(p_0=np.float32([0.8 + by, 0.3, 0.4]))


def test_equal_runs_do_not_differ():
    assert compare(file_of(predictions()), file_of(predictions())) == []


def test_how_many_answers_are_wrong_goes_by_the_processor():
    def page(table: str, rows: int, processor: str) -> dict:
        entry = {"hash": str(rows), "values": {"rows": rows}}
        return file_of(predictions(), processor) | {"parts": {"heads": {f"report/heads/page/{table}": entry}}}

    wrong, others = "subject-clip-label-answer-wrong-with-probability-of-the-label-coverage", "subject-clips-coverage"
    assert compare(page(wrong, 65, "one"), page(wrong, 68, "other")) == []
    assert compare(page(wrong, 65, "one"), page(wrong, 68, "one"))
    assert compare(page(others, 65, "one"), page(others, 68, "other"))


def test_the_smallest_change_of_a_probability_is_found():
    smallest = float(np.nextafter(np.float32(0.8), np.float32(1)) - np.float32(0.8))
    ((name, before, after),) = compare(file_of(predictions()), file_of(nudged(smallest)))
    assert name == NAME
    assert before != after


@pytest.mark.parametrize("changes", [{"y_true": [0, 1, 1]}, {"y_pred": [0, 0, 1]}])
def test_a_changed_label_or_answer_is_found(changes):
    assert [line[0] for line in compare(file_of(predictions()), file_of(predictions(**changes)))] == [NAME]


def test_a_renamed_clip_changes_the_rows_and_not_the_answers():
    differences = compare(file_of(predictions()), file_of(predictions(clip=["1", "2", "4"])))
    assert [line[0] for line in differences] == ["frozen/ann/seed0/rows"]


def test_on_another_processor_a_tolerance_holds():
    before = file_of(predictions(), "another")
    assert compare(before, file_of(nudged(0.01))) == []
    far = 3.1 * PROBABILITY_TOLERANCE  # of one of three rows, so that the mean leaves the tolerance
    assert [line[0] for line in compare(before, file_of(nudged(far)))] == [f"{NAME}: mean_p_0"]


def test_on_another_processor_rows_are_counted_exactly():
    fewer = file_of(predictions().iloc[:2], "another")
    assert f"{NAME}: rows" in [line[0] for line in compare(file_of(predictions()), fewer)]


def test_other_versions_are_another_machine():
    other = file_of(nudged(0.01)) | {"versions": {"numpy": "3"}}
    assert compare(file_of(predictions()), other) == []


@pytest.mark.parametrize("processor", ["one", "another"])
def test_an_entry_that_is_missing_or_new_is_reported(processor):
    whole, less = file_of(predictions()), file_of(predictions(), processor)
    del less["parts"]["heads"][NAME]
    assert compare(whole, less) == [(NAME, "there", "missing")]
    assert compare(less, whole) == [(NAME, "missing", "there")]


def test_parts_that_were_not_run_are_not_compared():
    before = file_of(predictions())
    before["parts"]["serve"] = {"answer": {"hash": "0", "values": {}}}
    assert compare(before, file_of(predictions())) == []


def test_another_schema_is_refused():
    with pytest.raises(ValueError, match="schema 1 cannot be compared with schema 2"):
        compare(file_of(predictions()), file_of(predictions()) | {"schema": 2})


def test_only_the_test_part_is_read_in_a_fixed_order(tmp_path):
    table = predictions().assign(part=["test", "selection", "test"]).iloc[::-1]
    table.to_parquet(tmp_path / "predictions.parquet")
    assert read_predictions(tmp_path)["clip"].tolist() == ["1", "3"]


def test_a_page_gives_its_numbers_by_header_and_none_that_tell_of_time():
    page = """
        <table><tr><th>Run</th><th>Clips</th></tr><tr><td>resnet18</td><td>0.5 [&minus;0.25, 1e-06]</td></tr></table>
        <table><tr><th>Run</th><th>Seconds</th></tr><tr><td>one</td><td>7</td></tr></table>
        <table><tr><td>commit</td><td>1234</td></tr></table>
        <table><tr><th>Run</th><th>Clips</th></tr><tr><td>two</td><td>40 %</td></tr></table>
    """
    assert page_tables(page) == {"run-clips": [[["0.5", "−0.25", "1e-06"]], [["40"]]]}


def test_numbers_in_names_and_hashes_are_none():
    assert NUMBER.findall("stage4 0123456789abcdef unbc-7level v1.2.x 12.") == ["12"]


def test_the_file_is_read_as_it_was_written(tmp_path):
    whole = file_of(predictions())
    baseline.write(tmp_path / "file.json", whole)
    assert json.loads((tmp_path / "file.json").read_text(encoding="utf-8")) == whole


def test_the_command_line_prints_differences_and_fails(tmp_path, monkeypatch, capsys):
    before = file_of(predictions())
    baseline.write(tmp_path / "file.json", before)
    after = copy.deepcopy(before)
    monkeypatch.setattr(baseline, "compute", lambda workspace, chosen: after)
    assert baseline.main(["--check", str(tmp_path / "file.json")]) == 0
    after["parts"]["heads"][NAME]["hash"] = "0"
    assert baseline.main(["--check", str(tmp_path / "file.json")]) == 1
    assert NAME in capsys.readouterr().out


def test_parts_are_chosen_by_pattern():
    assert baseline.chosen_parts(["h*", "serve"]) == ["heads", "hybrid", "serve"]
    assert baseline.chosen_parts([]) == list(baseline.PARTS)
    with pytest.raises(ValueError, match="nothing"):
        baseline.chosen_parts(["nothing"])


def test_the_committed_file_has_every_part():
    assert list(json.loads(baseline.FILE.read_text(encoding="utf-8"))["parts"]) == list(baseline.PARTS)


@pytest.mark.slow
def test_a_small_part_gives_the_numbers_of_the_file(capsys, monkeypatch):
    """Trained sources, drawn data and the small commands; `make baseline ARGS=--check` runs everything, installed."""
    monkeypatch.setattr(baseline_program, "run_to_end", lambda words, folder: forked(*words, folder=folder))
    words = [word for part in SUBSET for word in ("--only", part)]
    assert baseline.main([*words, "--check"]) == 0, capsys.readouterr().out
