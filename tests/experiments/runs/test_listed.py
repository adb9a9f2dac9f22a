import shutil
import time

import pytest

from tests.experiments.runs.made import make_run
from tests.forked_program import heavy_modules
from transferpain.core.locks import alone
from transferpain.core.store import read_json, write_json, write_text
from transferpain.evaluation.formatting import with_interval
from transferpain.experiments.run_folder import RunFolder
from transferpain.experiments.runs.find import find_folders
from transferpain.experiments.runs.listed import COLUMNS, FORMER, list_rows, list_run, missing_lines


def test_a_finished_run_has_its_score_with_chance_and_interval(tmp_path):
    folder = make_run(tmp_path, "ann")
    listed = list_run(folder)
    score = RunFolder(folder).metrics()["all"]["balanced_accuracy"]
    assert (listed.state, listed.how, listed.subjects, listed.synthetic) == ("finished", "", 10, True)
    assert (listed.score["value"], listed.score["low"]) == (score["value"], score["low"])
    assert listed.chance == pytest.approx(1 / 3)
    ((*cells,),) = list_rows([listed])
    assert len(cells) == len(COLUMNS)
    assert cells[0] == folder.name
    assert cells[4] == with_interval(score["value"], score["low"], score["high"])
    assert cells[-1] == "SYNTHETIC"
    assert list_run(folder, thorough=True) == listed
    assert missing_lines([listed]) == []


def test_too_few_subjects_give_no_interval_and_the_reason(tmp_path):
    listed = list_run(make_run(tmp_path, "ann", subjects=4, synthetic=False))
    assert list_rows([listed])[0][-1] == "no"
    assert missing_lines([listed]) == ["no interval: 4 subjects, fewer than 8 (ann-0123456789abcdef)"]


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (lambda run: (run / "metrics.json").unlink(), "metrics.json is missing"),
        (lambda run: (run / "metrics.json").write_text("x" * (run / "metrics.json").stat().st_size), "is not the file"),
        (lambda run: (run / "facts.json").write_text("["), "facts.json has 1 bytes"),
        (lambda run: (run / "facts.json").write_text('{"classes": 3}'), "facts.json has 14 bytes"),
        (lambda run: write_json(run / "done", read_json(run / "done") | {"folds": 3}), "of no known form"),
        (lambda run: (run / "done").write_text('{"files": 3}'), "damaged"),
        (lambda run: (run / "done").write_bytes(b"\xff\x00"), "damaged"),
        (lambda run: write_json(run / "done", {"schema": 99}), "a form that this version does not know"),
        (lambda run: shutil.rmtree(run / "folds" / "0-seed0"), "its results are gone"),
        (lambda run: run.joinpath("folds").rename(run / "other"), "its results are gone"),
    ],
)
def test_what_is_damaged_is_named_and_has_no_score(tmp_path, harm, said):
    folder = make_run(tmp_path, "ann")
    harm(folder)
    listed = list_run(folder)
    assert listed.state == "damaged"
    assert said in listed.how
    assert "\n" not in listed.how
    assert listed.score is None
    assert list_rows([listed])[0][1] == f"damaged: {listed.how}"


def test_changed_predictions_are_found_where_every_byte_is_read(tmp_path):
    folder = make_run(tmp_path, "ann")
    table = folder / "folds" / "0-seed0" / "predictions.parquet"
    table.write_bytes(table.read_bytes()[:-1] + b"x")
    assert list_run(folder).state == "finished"
    assert list_run(folder, thorough=True).state == "damaged"


def test_the_folder_of_another_run_is_damaged(tmp_path):
    folder = make_run(tmp_path, "ann")
    folder = folder.rename(folder.with_name("lstm-fedcba9876543210"))
    assert list_run(folder).how == "it is the run ann-0123456789abcdef"


def test_an_unfinished_run_says_how_far_it_is_and_a_running_one_that_it_runs(tmp_path):
    folder = make_run(tmp_path, "ann", seeds=(0, 1))
    (folder / "done").unlink()
    (folder / "metrics.json").unlink()
    (folder / "folds" / "0-seed1" / "done").unlink()
    assert (list_run(folder).state, list_run(folder).how) == ("unfinished", "1 of 2 trainings")
    write_text(folder / ".lock", "")
    assert list_run(folder).state == "unfinished"
    with alone([folder / ".lock"]):
        assert (list_run(folder).state, list_run(folder).how) == ("running", "1 of 2 trainings")
    write_text(tmp_path / "runs" / "begun-0123456789abcdef" / "log.txt", "")
    begun = list_run(tmp_path / "runs" / "begun-0123456789abcdef")
    assert (begun.state, begun.synthetic, begun.date != "") == ("unfinished", None, True)


def test_a_folder_that_is_no_run_is_named(tmp_path):
    write_text(tmp_path / "runs" / "notes" / "a.txt", "")
    assert list_rows([list_run(tmp_path / "runs" / "notes")])[0][1] == "no run: it holds no experiment"


def test_scores_of_former_versions_are_not_shown_as_todays(tmp_path):
    folder = make_run(tmp_path, "ann")
    (folder / "done").unlink()
    for fold in (folder / "folds").iterdir():
        write_text(fold / "done", "2025-01-01T00:00:00+00:00\n")
    former = list_run(folder)
    assert (former.state, former.score, former.how) == ("finished", None, FORMER)
    assert missing_lines([former])[0].startswith(f"no interval: {FORMER}")


def test_many_runs_are_listed_at_once(tmp_path):
    folder = make_run(tmp_path, "ann")
    for number in range(40):
        copy = shutil.copytree(folder, folder.with_name(f"ann-{number:016x}"))
        record = read_json(copy / "done")
        write_json(copy / "done", record | {"run": copy.name})
    start = time.process_time()
    listed = [list_run(one) for one in find_folders(tmp_path)]
    assert {one.state for one in listed} == {"finished"}
    assert time.process_time() - start < 2


def test_a_list_needs_no_tensorflow():
    code = "import transferpain.experiments.runs.listed, transferpain.reports.runs.removal"
    assert heavy_modules(code, {"tensorflow", "keras", "torch", "mediapipe"}) == set()
