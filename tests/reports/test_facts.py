import re

import pandas as pd
import pytest

from tests.evaluation.drawn import draw_predictions
from tests.reports.run_folders import CLASSES, write_leakage, write_run
from transferpain.core.errors import UserError
from transferpain.core.record import write_record
from transferpain.core.store import write_json, write_text
from transferpain.evaluation.groups import write_subjects
from transferpain.experiments.run_folder import RunFolder
from transferpain.experiments.study_schema import Comparison
from transferpain.reports.facts import ReportFacts, read_run, run_scores


def test_reads_what_a_run_leaves(tmp_path):
    table = draw_predictions(subjects=4, seeds=(0, 1))
    folder = write_run(tmp_path, "ann", table)
    write_text(folder / "unusable.csv", "clip,problem\nS01-001,the video holds no frame\n")
    run = read_run(folder)
    assert (run.name, run.folder) == ("ann", "ann-0123456789abcdef")
    assert run.classes == CLASSES
    assert run.synthetic
    assert run.experiment["task"] == "ai4pain-three"
    assert len(run.predictions) == len(table)
    assert sorted(run.histories) == ["0-seed0", "0-seed1"]
    assert run.unusable.to_dict("records") == [{"clip": "S01-001", "problem": "the video holds no frame"}]


def test_a_run_of_two_datasets_is_paired_with_one_of_the_tested_dataset_alone(read):
    table = draw_predictions(subjects=6)
    own = read("own", table)
    protocol = {"kind": "cross_dataset", "test_dataset": "ai4pain"}
    crossed = read("crossed", table.assign(clip="ai4pain/" + table["clip"]), changes={"protocol": protocol})
    pair = Comparison(better="own", worse="crossed")
    ((_, difference, test),) = ReportFacts((own, crossed), (pair,)).gaps
    assert (difference.value, test.p) == (0, 1)
    assert crossed.predictions["clip"].str.startswith("ai4pain/").all()


def test_scores_come_from_the_predictions_not_from_the_file_of_metrics(tmp_path):
    folder = write_run(tmp_path, "ann", draw_predictions(skill=1.0))
    write_json(folder / "metrics.json", {"all": {"accuracy": {"value": 0.1}}})
    assert read_run(folder).scores["all"]["accuracy"]["value"] == 1.0


def sealed(folder) -> RunFolder:
    """Write of a run's folder what its end writes."""
    run = RunFolder(folder)
    write_json(run.model / "manifest.json", {})
    run.finish(["metrics.json", "facts.json", "unusable.csv"], [path.parent for path in folder.glob("folds/*/done")])
    return run


@pytest.mark.parametrize(
    ("content", "received"),
    [
        ("clip,problem\nJ\u00f6rg,none\n".encode("latin-1"), "no text in UTF-8"),
        ("clip,problem\n".encode("utf-16"), "no text in UTF-8"),
        (b"", "No columns"),
        (b'clip,problem\na,b,c\nd\n"', "Received: "),
        (b"clip,reason\na,b\n", "Received: clip,reason"),
    ],
)
def test_a_finished_runs_table_of_unusable_clips_that_is_none_is_named(content, received, tmp_path):
    folder = write_run(tmp_path, "ann", draw_predictions())
    (folder / "unusable.csv").write_bytes(content)
    with pytest.raises(UserError, match=r"unusable\.csv cannot be read(.|\n)*columns clip,problem") as refused:
        read_run(sealed(folder).path)
    assert received in str(refused.value)
    assert "runs remove RUN" in str(refused.value)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("facts.json", {"classes": 3}),
        ("facts.json", {"classes": [0, 1, 2], "synthetic": True}),
        ("facts.json", {"classes": ["a", "b", "c"], "warnings": 3, "synthetic": True}),
        ("leakage.json", {"a": 3}),
        ("facts.json", {"synthetic": True}),
        ("environment.json", None),
        ("subjects.csv", "subject\n"),
    ],
)
def test_a_finished_run_of_other_values_is_refused_in_our_words(name, content, tmp_path):
    folder = write_run(tmp_path, "ann", draw_predictions())
    (write_text if isinstance(content, str) else write_json)(folder / name, content)
    with pytest.raises(UserError, match=re.escape(str(folder))):
        read_run(sealed(folder).path)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("y_true", -1),
        ("y_true", 3),
        ("y_pred", 10**12),
        ("y_pred", 0.5),
        ("y_pred", None),
        ("p_0", -1.0),
        ("p_1", 5.0),
        ("p_2", float("nan")),
        ("coverage", float("inf")),
        ("frame", -2),
        ("frame", "x"),
        ("coverage", "x"),
        ("y_true", True),
        ("seed", "x"),
    ],
)
@pytest.mark.parametrize("read", [read_run, lambda folder: run_scores(RunFolder(folder))])
def test_answers_that_cannot_be_are_no_score(column, value, read, tmp_path):
    folder = write_run(tmp_path, "ann", draw_predictions())
    (path,) = folder.glob("folds/*/predictions.parquet")
    pd.read_parquet(path).assign(**{column: value}).to_parquet(path, index=False)
    write_record(path.parent, ["predictions.parquet", "history.csv"])
    with pytest.raises(UserError, match=rf"predictions\.parquet: the column `{column}` holds"):
        read(folder)


@pytest.mark.parametrize("column", ["clip", "y_true", "p_0", "p_2", "coverage"])
def test_answers_without_a_column_are_no_score(column, tmp_path):
    folder = write_run(tmp_path, "ann", draw_predictions())
    (path,) = folder.glob("folds/*/predictions.parquet")
    pd.read_parquet(path).drop(columns=column).to_parquet(path, index=False)
    write_record(path.parent, ["predictions.parquet", "history.csv"])
    with pytest.raises(UserError, match=rf"predictions\.parquet: no column `{column}`"):
        read_run(folder)


@pytest.mark.parametrize("content", [{"all": 3}, {}, {"all": {"accuracy": None}}])
def test_scores_of_other_values_are_refused_in_our_words(content, tmp_path):
    folder = write_run(tmp_path, "ann", draw_predictions())
    write_json(folder / "metrics.json", content)
    with pytest.raises(UserError, match=r"ann-0123456789abcdef cannot be read(.|\n)*runs remove RUN"):
        run_scores(sealed(folder))


@pytest.mark.parametrize(
    ("place", "key"),
    [
        (("all", "accuracy"), "reason"),
        (("all", "macro_f1"), "low"),
        (("all",), "majority_class_accuracy"),
        ((), "coverage"),
        ((), "subjects"),
        ((), "seeds"),
        ((), "has_subjects"),
    ],
)
def test_scores_that_lack_what_is_shown_of_them_are_refused_by_the_key(place, key, tmp_path):
    folder = write_run(tmp_path, "ann", draw_predictions())
    scores = RunFolder(folder).metrics()
    within = scores
    for name in place:
        within = within[name]
    del within[key]
    write_json(folder / "metrics.json", scores)
    with pytest.raises(UserError, match=rf"metrics\.json: `{re.escape('.'.join((*place, key)))}` is missing"):
        run_scores(sealed(folder))


def test_scores_on_the_screen_are_those_of_the_predictions(tmp_path):
    run = sealed(write_run(tmp_path, "ann", draw_predictions(skill=1.0)))
    whole = run_scores(run)
    assert whole == run.metrics()
    write_json(run.path / "metrics.json", run.metrics() | {"coverage": 0.5})
    assert run_scores(run)["coverage"] == whole["coverage"] == 1.0


@pytest.mark.parametrize("name", ["predictions.parquet", "history.csv"])
def test_no_report_is_made_of_a_damaged_fold(name, tmp_path):
    run = sealed(write_run(tmp_path, "ann", draw_predictions(skill=1.0)))
    (path,) = run.path.glob(f"folds/*/{name}")
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(UserError, match=rf"{name} is not the file(.|\n)*Run its experiment again"):
        read_run(run.path)


def test_chance_counts_the_classes_that_occur(tmp_path):
    assert read_run(write_run(tmp_path, "three", draw_predictions())).chance == pytest.approx(1 / 3)
    assert read_run(write_run(tmp_path, "two", draw_predictions((4, 0, 4)))).chance == 0.5


def test_checks_and_groups_are_read_where_they_are(tmp_path):
    table = draw_predictions(subjects=4)
    folder = write_run(tmp_path, "ann", table)
    assert (read_run(folder).checks, read_run(folder).groups) == ((), None)
    lines = write_leakage(folder)
    write_subjects(folder, table.assign(sex=["m", "w"] * (len(table) // 2)).drop_duplicates("subject"))
    run = read_run(folder)
    assert run.checks == lines
    assert run.groups["group"].tolist() == ["men"]
    assert run.error_gaps.empty


@pytest.mark.parametrize(("classes", "ordinal", "has"), [(2, False, True), (3, True, True), (3, False, False)])
def test_gaps_of_errors_need_two_classes_or_an_order(tmp_path, classes, ordinal, has):
    table = draw_predictions((2,) * classes, subjects=4)
    folder = write_run(tmp_path, "ann", table, classes=CLASSES[:classes], stated={"ordinal": ordinal})
    assert read_run(folder).error_gaps is None
    write_subjects(folder, table.drop_duplicates("subject").assign(sex=["m", "w"] * 2))
    assert (read_run(folder).error_gaps is not None) == has


@pytest.mark.parametrize("folder", ["absent", "unfinished"])
def test_refuses_a_folder_that_is_no_finished_run(tmp_path, folder):
    (tmp_path / "unfinished").mkdir()
    with pytest.raises(UserError, match="finished run"):
        read_run(tmp_path / folder)
