"""A report is made anew unless it was made of the very same, and each of its files is what was written."""

import os
import time

import pytest

from transferpain.core.store import read_json, write_json, write_text
from transferpain.reports.inputs import INPUTS, PAGE, code_hash, note_changed, stands, written_anew, written_files

MADE_OF = {"digests": ["a"], "comparisons": [("x", "y")]}


def write_report(folder, *tables: str, inputs=None) -> None:
    """Write a report with a page and these tables."""
    with written_anew(folder, inputs) as fresh:
        for name in (PAGE, *tables):
            write_text(fresh / name, name)


def test_a_record_says_what_it_was_written_with(tmp_path):
    assert not stands(tmp_path, {})
    write_report(tmp_path, inputs=MADE_OF)
    assert stands(tmp_path, MADE_OF)
    assert not stands(tmp_path, MADE_OF | {"digests": ["b"]})
    # Runs that are reported under the name of a study.
    write_report(tmp_path)
    assert not stands(tmp_path, MADE_OF)


@pytest.mark.parametrize("code", ["0" * 64, None, 3])
def test_a_page_that_other_code_drew_is_drawn_anew(code, tmp_path):
    write_report(tmp_path, inputs=MADE_OF)
    record = read_json(tmp_path / INPUTS)
    assert record["code"] == code_hash()
    write_json(tmp_path / INPUTS, {**record, "code": code})
    assert not stands(tmp_path, MADE_OF)


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", bytes(9), b"[" * 100_000, b"[]", b'{"files": 3}'])
def test_a_damaged_record_says_nothing(content, tmp_path):
    (tmp_path / INPUTS).write_bytes(content)
    assert not stands(tmp_path, {})
    assert written_files(tmp_path) == {}


def test_what_killed_processes_left_goes_after_a_day(tmp_path):
    for name, age in ((".partial-old", 100_000), (".partial-new", 0)):
        write_text(tmp_path / name / "index.html", "")
        write_text(tmp_path / f"{name}.json", "")
        for path in (tmp_path / name, tmp_path / f"{name}.json"):
            os.utime(path, (time.time() - age,) * 2)
    write_report(tmp_path)
    assert sorted(path.name for path in tmp_path.glob(".partial-*")) == [".partial-new", ".partial-new.json"]


def test_a_folder_in_the_place_of_the_record_makes_way(tmp_path):
    write_text(tmp_path / INPUTS / "kept.txt", "")
    write_report(tmp_path, inputs=MADE_OF)
    assert stands(tmp_path, MADE_OF)
    assert (tmp_path / f"{INPUTS}.damaged-1" / "kept.txt").is_file()


@pytest.mark.parametrize("content", [b"", b"results.cs", b"results.csw", None, "folder"])
def test_a_table_that_is_lost_or_changed_makes_the_report_anew(content, tmp_path, capsys):
    write_report(tmp_path, "results.csv", inputs=MADE_OF)
    table = tmp_path / "results.csv"
    table.unlink()
    if content == "folder":
        table.mkdir()
    elif content is not None:
        table.write_bytes(content)
    assert not stands(tmp_path, MADE_OF)
    note_changed(tmp_path)
    assert "lost, or not what was written: results.csv" in " ".join(capsys.readouterr().err.split())
    write_report(tmp_path, "results.csv", inputs=MADE_OF)
    assert stands(tmp_path, MADE_OF)
    assert table.read_bytes() == b"results.csv"


def test_no_table_of_other_runs_is_left_beside_the_page_and_what_others_put_there_stays(tmp_path):
    write_report(tmp_path, "results.csv", "differences.csv")
    write_text(tmp_path / "mine.csv", "")
    write_report(tmp_path, "results.csv")
    assert sorted(path.name for path in tmp_path.iterdir()) == [PAGE, INPUTS, "mine.csv", "results.csv"]


def test_a_report_that_could_not_be_written_leaves_the_former_one(tmp_path):
    write_report(tmp_path, "results.csv", inputs=MADE_OF)
    with pytest.raises(FileNotFoundError), written_anew(tmp_path) as fresh:
        write_text(fresh / PAGE, (tmp_path / "lost").read_text())
    assert stands(tmp_path, MADE_OF)
    assert not list(tmp_path.glob(".partial-*"))


def test_a_record_that_names_what_lies_elsewhere_removes_nothing_there(tmp_path):
    write_text(tmp_path / "kept.txt", "")
    write_text(tmp_path / "report" / INPUTS, '{"files": {"../kept.txt": ""}}')
    with pytest.raises(Exception, match="leads out"):
        write_report(tmp_path / "report")
    assert (tmp_path / "kept.txt").is_file()
