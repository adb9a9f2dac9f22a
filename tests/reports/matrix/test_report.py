import re
import shutil

import pandas as pd
import pytest

from tests.forked_program import heavy_modules
from tests.reports.matrix.matrices import make_matrix, make_records, write_cells
from tests.reports.test_report import Page
from transferpain.core.errors import UserError
from transferpain.data.places import Places
from transferpain.evaluation.formatting import with_interval
from transferpain.reports.matrix.report import write_matrix_report

TARGETS = ("biovid", "ai4pain")


def write(workspace, matrix, records):
    return write_matrix_report(matrix, records, Places(workspace / "data", workspace))


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """The report of a matrix of both grids, with an adapted head, a failed and an absent cell."""
    workspace = tmp_path_factory.mktemp("matrix")
    matrix = make_matrix(crossed=TARGETS, heads=("ann", "ann-coral"))
    states = {("trained", "biovid"): "failed", ("ai4pain", "ai4pain"): "absent"}
    records = make_records(matrix, states=states, adapted=("ann-coral",))
    write_cells(workspace, records, subjects=9, seeds=(0,), skills={"trained": 0.9}, clips_per_class=(5, 4, 4))
    return write(workspace, matrix, records)


@pytest.fixture(scope="module")
def text(page):
    return page.read_text(encoding="utf-8")


@pytest.mark.slow
def test_writes_the_page_and_the_tables_beside_it(page):
    assert page.parts[-3:] == ("reports", "drawn", "index.html")
    assert sorted(path.name for path in page.parent.iterdir()) == [
        "cells.csv", "cells.json", "cells.parquet", "comparisons.csv", "index.html", "inputs.json",
        "label_shift.csv", "matrix.tex", "prediction_sets.csv", "tripod.md",
    ]  # fmt: skip


@pytest.mark.slow
def test_the_page_is_whole_in_itself_and_names_no_path_of_this_machine(page, text):
    tags = Page(text)
    assert not {tag for tag, _ in tags.tags} & {"script", "link", "iframe", "object"}
    pictures = tags.all("img")
    assert len(pictures) > 8
    assert all(picture["src"].startswith("data:image/svg+xml;base64,") for picture in pictures)
    assert all(len(picture["alt"]) > 20 for picture in pictures)
    without_pictures = re.sub(r'src="data:[^"]*"', "", text)
    assert not re.search(r"url\(|@import|https?://", without_pictures)
    workspace = str(page.parents[2])
    for file in page.parent.glob("*.*"):
        assert workspace.encode() not in file.read_bytes()


@pytest.mark.slow
def test_every_finished_cell_links_to_its_run_and_the_link_leads_there(page, text):
    links = {attributes["href"] for attributes in Page(text).all("a") if attributes["href"][0] != "#"}
    cells = pd.read_csv(page.parent / "cells.csv")
    done = cells[cells["state"] == "done"]
    assert links == {f"../../runs/{run}/" for run in done["run"]}
    assert all((page.parent / link / "metrics.json").is_file() for link in links)


@pytest.mark.slow
def test_failed_and_absent_cells_stand_with_their_reason(text):
    assert "<strong>trained-to-biovid-ann</strong> (failed): The training diverged." in text
    assert "<strong>ai4pain-on-ai4pain-ann</strong> (absent): The data of ai4pain are not here." in text
    assert "12 cells are done, 2 failed, 2 absent." in text
    assert "trained on biovid: failed" in text


@pytest.mark.slow
def test_what_was_declared_is_said(text):
    assert "the metric, balanced accuracy" in text
    assert "each source against untrained, with the same head and target" in text
    assert "each cross-dataset cell against draws from the training shares" in text
    assert "Family of 2 tests, declared in advance from numbers of subjects alone. 1 of 2 tests could not" in text


@pytest.mark.slow
def test_the_page_latex_and_csv_show_the_same_figures(page, text):
    cells = pd.read_csv(page.parent / "cells.csv")
    latex = (page.parent / "matrix.tex").read_text(encoding="utf-8")
    assert cells.equals(pd.read_parquet(page.parent / "cells.parquet")[cells.columns].pipe(as_csv_reads))
    for cell in cells[cells["state"] == "done"].itertuples():
        shown = with_interval(cell.balanced_accuracy, cell.balanced_accuracy_low, cell.balanced_accuracy_high)
        assert f"<td>{shown}</td>" in text
        assert shown in latex
    tests = pd.read_csv(page.parent / "comparisons.csv")
    for test in tests.dropna(subset="difference").itertuples():
        # Half of the last digit shown: the six digits of the CSV file may round it the other way.
        if any(round(number * 10_000) % 10 == 5 for number in (test.difference_low, test.difference_high)):
            continue
        shown = with_interval(test.difference, test.difference_low, test.difference_high, signed=True)
        assert shown in text
        assert shown in latex


def as_csv_reads(table):
    """Return a table as it comes back from the CSV file."""
    from io import StringIO

    return pd.read_csv(StringIO(table.to_csv(index=False, float_format="%.6f")))


@pytest.mark.slow
def test_a_mark_in_the_heat_map_is_a_verdict_of_the_comparisons(page, text):
    tests = pd.read_csv(page.parent / "comparisons.csv").dropna(subset="verdict")
    marked = tests[tests["minus"].str.contains("draws")]["cell"]
    assert len(marked)
    for cell in marked:
        source, target = cell.split("-on-")
        assert re.search(rf"{source} on {target.removesuffix('-ann')}: [^;]*▲", text)
    assert "(+)" in (page.parent / "matrix.tex").read_text(encoding="utf-8")


@pytest.mark.slow
def test_every_section_is_there(text):
    for part in (
        "Which source?", "Statistics", "Mean rank of the sources", "On the diagonal and off it",
        "labels permuted within subjects",
        "Predicted and achieved transfer", "LogME", "2 sources: their order is a matter of chance below 4.",
        "Few-shot calibration", "k = 10", "Adaptation", "coral", "each adapted cell minus the same cell",
        "Subject by subject", "Confusion matrices", "Leakage checks", "9 Check 9", "What the cells cost",
        "Clips from the cache", "Majority-class accuracy", "00ff00ff00ff00ff", "intensity of the stimulus",
    ):  # fmt: skip
        assert part.lower() in text.lower(), part


@pytest.mark.slow
def test_drawn_data_are_marked_wherever_they_are_shown(page, text):
    assert "SYNTHETIC DATA: drawn faces.</strong>" in text
    assert "SYNTHETIC DATA" in (page.parent / "matrix.tex").read_text(encoding="utf-8")
    assert pd.read_csv(page.parent / "comparisons.csv")["synthetic"].all()
    cells = pd.read_csv(page.parent / "cells.csv")
    assert cells.loc[cells["state"] == "done", "synthetic"].all()


@pytest.mark.slow
def test_the_same_cells_give_the_same_page(tmp_path):
    matrix = make_matrix(targets=("biovid",))
    records = make_records(matrix)
    write_cells(tmp_path, records, subjects=3, seeds=(0,), clips_per_class=(2, 2))
    first = write(tmp_path, matrix, records).read_bytes()
    assert write(tmp_path, matrix, records).read_bytes() == first


@pytest.mark.slow
def test_open_cells_are_counted_and_stand_in_the_family(tmp_path):
    matrix = make_matrix(targets=("biovid", "ai4pain"))
    records = make_records(matrix, states={("trained", "ai4pain"): "open"})
    write_cells(tmp_path, records, subjects=3, seeds=(0,), clips_per_class=(2, 2))
    page = write(tmp_path, matrix, records)
    text = " ".join(page.read_text(encoding="utf-8").split())
    assert "3 cells are done, 0 failed, 0 absent, 1 open" in text
    assert "Protocol <em>fast</em>: the fixed hold-outs" in text
    assert "Who is tested" in text
    assert "<td>fixed hold-out</td>" in text
    comparisons = pd.read_csv(page.parent / "comparisons.csv")
    assert "The cell trained-to-ai4pain-ann is open." in set(comparisons["reason"])


def test_one_source_that_is_untrained_has_scores_and_no_comparison(tmp_path):
    matrix = make_matrix(sources=("untrained",), targets=("biovid",), matrix="one")
    records = make_records(matrix)
    write_cells(tmp_path, records, subjects=3, seeds=(0,), clips_per_class=(2, 2), with_costs=False)
    page = write(tmp_path, matrix, records)
    text = page.read_text(encoding="utf-8")
    assert "No finished cell has transferability scores." in text
    assert "1 runs: two are compared" in text
    assert len((page.parent / "comparisons.csv").read_text(encoding="utf-8").strip()) > 0


@pytest.mark.slow
def test_without_an_untrained_source_marks_compare_with_draws(tmp_path):
    matrix = make_matrix(sources=("a",), targets=("biovid",))
    records = make_records(matrix, selection="paper")
    write_cells(tmp_path, records, subjects=1, seeds=(0,), clips_per_class=(2, 2))
    text = write(tmp_path, matrix, records).read_text(encoding="utf-8")
    assert "The matrix has no untrained source, so a mark compares a cell with draws" in text
    assert "1 subject, fewer than 8" in text
    assert "so its scores are optimistic" in text


def test_a_matrix_of_which_no_cell_is_done_lists_why(tmp_path):
    matrix = make_matrix(sources=("a",), targets=("biovid",))
    records = make_records(matrix, states={("a", "biovid"): "absent"})
    text = write(tmp_path, matrix, records).read_text(encoding="utf-8")
    assert "0 cells are done, 0 failed, 1 absent." in text
    assert "SYNTHETIC" not in text
    assert "No linear probe" not in text


def test_text_from_the_matrix_file_is_escaped(tmp_path):
    matrix = make_matrix(sources=("a",), targets=("biovid",), title="<script>1</script>", question="<b>q</b>")
    text = write(tmp_path, matrix, make_records(matrix, states={("a", "biovid"): "failed"})).read_text("utf-8")
    assert "<script" not in text
    assert "<b>q" not in text


def test_refuses_a_matrix_without_cells_and_a_run_that_is_gone(tmp_path):
    matrix = make_matrix(sources=("a",), targets=("biovid",))
    with pytest.raises(UserError, match="no cells"):
        write(tmp_path, matrix, [])
    records = make_records(matrix)
    write_cells(tmp_path, records, subjects=1, seeds=(0,), clips_per_class=(1, 1))
    shutil.rmtree(tmp_path / "runs" / records[0].runs[0])
    with pytest.raises(UserError, match="finished run"):
        write(tmp_path, matrix, records)


def test_needs_no_tensorflow():
    heavy = {"tensorflow", "keras", "torch", "mediapipe", "matplotlib"}
    assert heavy_modules("import transferpain.reports.matrix.report", heavy) == set()
