import pandas as pd
import pytest

from tests.evaluation.drawn import draw_predictions
from tests.reports.run_folders import write_run
from transferpain.core.errors import UserError
from transferpain.evaluation.declared import Declared, declare
from transferpain.reports.predictions import report
from transferpain.reports.studies import report_files


def drawn(skill: float = 0.8, seed: int = 0) -> pd.DataFrame:
    table = draw_predictions((3, 3), subjects=6, skill=skill, seed=seed)
    return table.assign(fold=table["subject"])


@pytest.mark.slow
def test_a_page_of_tables_files_and_runs_compares_the_first_with_each_other(tmp_path):
    drawn(0.5, 1).to_csv(tmp_path / "weak.csv", index=False)
    run = write_run(tmp_path / "runs", "ann", drawn(0.6, 2), classes=("no", "yes"))
    page = report({"mine": drawn(), "weak": tmp_path / "weak.csv", "run": run}, tmp_path / "reports" / "mine")
    assert page == tmp_path / "reports" / "mine" / "index.html"
    pairs = pd.read_csv(page.parent / "differences.csv")
    assert pairs[["better", "worse"]].to_numpy().tolist() == [["mine", "weak"], ["mine", "run"]]
    assert pd.read_csv(page.parent / "results.csv")["run"].tolist() == ["mine", "weak", "run"]
    text = page.read_text(encoding="utf-8")
    assert "that the test data took no part in training is, of mine, weak, declared by" in text
    assert "Nobody has declared whether the faces were drawn" in text
    checks = pd.read_csv(page.parent / "leakage.csv")
    assert set(checks["run"]) == {"mine", "weak"}


def test_what_is_declared_is_shown_and_drawn_faces_stamp_the_page(tmp_path):
    known = Declared(classes=("rest", "hurt"), synthetic=True, task="my-task", warnings=("LEAKS",), source="mine.keras")
    text = report({"one": declare(drawn(), known)}, tmp_path).read_text(encoding="utf-8")
    for words in ("SYNTHETIC DATA", "my-task: rest, hurt", "LEAKS", "mine.keras", "Predictions made elsewhere"):
        assert words in text
    assert "Clips that could not be used" not in text


def test_a_run_alone_reads_as_its_own_report(tmp_path):
    text = report({"ann": write_run(tmp_path / "runs", "a", drawn(), classes=("a", "b"))}, tmp_path / "r").read_text()
    assert "Measured here, on test data that took no part in training" in text


@pytest.mark.slow
def test_tables_of_other_clips_are_not_compared_and_a_note_says_so(tmp_path, capsys):
    page = report({"one": drawn(), "other": drawn()[:-1]}, tmp_path)
    assert "one and other are not compared" in capsys.readouterr().err
    assert not (page.parent / "differences.csv").exists()
    with pytest.raises(UserError, match="cannot be paired"):
        report({"one": drawn(), "other": drawn()[:-1]}, tmp_path, comparisons=[("one", "other")])


@pytest.mark.parametrize("pairs", [[("one",)], [("one", "two", "speed")], [("one", "two", "accuracy", "x")], [3]])
def test_a_comparison_that_is_none_is_refused(tmp_path, pairs):
    with pytest.raises(UserError, match="A comparison cannot be made"):
        report({"one": drawn(), "two": drawn()}, tmp_path, comparisons=pairs)


def test_a_comparison_with_what_is_not_there_is_refused(tmp_path):
    with pytest.raises(UserError, match="not in the report"):
        report({"one": drawn()}, tmp_path, comparisons=[("one", "none")])


@pytest.mark.parametrize("wrong", [{}, {"": drawn()}, {1: drawn()}, [drawn()]])
def test_what_has_no_name_is_refused(tmp_path, wrong):
    with pytest.raises(UserError, match="no predictions to report"):
        report(wrong, tmp_path)


def test_what_is_no_table_is_refused(tmp_path):
    with pytest.raises(UserError, match="cannot be used"):
        report({"one": 3}, tmp_path)
    with pytest.raises(UserError, match="is no table of predictions"):
        report({"one": tmp_path / "none.csv"}, tmp_path)
    with pytest.raises(UserError, match="finished runs"):
        report({"one": tmp_path}, tmp_path)


def test_the_command_line_names_files(tmp_path):
    drawn().to_parquet(tmp_path / "a=b.parquet")
    page = report_files([], [f"mine={tmp_path / 'a=b.parquet'}"], tmp_path / "out", ["no", "yes"], True)
    assert "SYNTHETIC" in page.read_text(encoding="utf-8")
    for wrong in (["mine"], ["=x.csv"], ["a=x.csv", "a=y.csv"]):
        with pytest.raises(UserError, match="cannot be named"):
            report_files([], wrong, tmp_path, [], None)
