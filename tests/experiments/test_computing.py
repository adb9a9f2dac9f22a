"""What is shown of many works: how far they are, where they run, and no more lines than a screen has room for."""

import pytest

from tests.command_line import EXPERIMENTS
from tests.experiments.matrix.small_matrix import write_matrix
from tests.small_study import tiny
from transferpain.core.errors import UserError
from transferpain.data.places import Places
from transferpain.experiments.computing import SHOWN_NODES, check_options, compute_works, lines_of
from transferpain.experiments.executors.base import HERE, Computing, Conditions, Work
from transferpain.experiments.matrix.run import load, run_cells
from transferpain.experiments.status import Board, Status, WorkState, find_statuses


def status(*works: WorkState) -> Status:
    return Status("ray", 0.0, 60.0, works)


def test_counts_and_machines_are_told():
    works = [WorkState("a", "a", "done"), WorkState("b", "b", "running", node="first"), WorkState("c", "c", "running")]
    lines = lines_of(status(*works, WorkState("d", "d", "failed"), WorkState("e", "e")))
    assert lines[0].startswith("1 done, 1 failed, 1 waiting, about ")
    assert lines[1:] == ["here: c", "first: b"]


def test_before_the_first_end_no_time_is_told_and_with_no_work_neither():
    assert lines_of(status(WorkState("a", "a", "running"))) == ["0 done, 0 failed, 0 waiting", "here: a"]
    assert lines_of(status()) == ["0 done, 0 failed, 0 waiting"]


def test_machines_beyond_a_screen_are_counted():
    works = [WorkState(str(one), str(one), "running", node=f"node{one:02}") for one in range(SHOWN_NODES + 3)]
    lines = lines_of(status(*works))
    assert len(lines) == 1 + SHOWN_NODES + 1
    assert lines[-1] == "and on 3 more machines"


def test_where_nothing_is_left_to_compute_the_former_status_stays(tmp_path):
    conditions = Conditions(tmp_path, Places(tmp_path, tmp_path), tmp_path / "reports" / "mine" / "logs", 2)
    board = Board(tmp_path / "reports" / "mine", [Work("a", tiny(EXPERIMENTS))], "local")
    board.write()
    assert compute_works([], conditions, Computing(jobs=2), "cells") == {}
    assert find_statuses(tmp_path / "reports", "mine") == {"mine": board.status}


def test_options_that_the_executor_would_leave_out_of_account_are_refused():
    for by in (HERE, Computing(jobs=2), Computing("local", 2), Computing("ray"), Computing("ray", address="head:6379")):
        check_options(by)
    for by in (Computing(address="head:6379"), Computing("local", address="head:6379")):
        with pytest.raises(UserError, match=r"(?s)--address head:6379, and the executor local.*Add --executor ray"):
            check_options(by)
    with pytest.raises(UserError, match=r"(?s)--jobs 2, and the executor ray.*Leave --jobs out"):
        check_options(Computing("ray", 2))


def test_a_matrix_whose_file_names_the_executor_is_refused_alike(tmp_path):
    places = Places(tmp_path / "data", tmp_path)
    here = load(write_matrix(tmp_path / "here"), places, [], [])
    with pytest.raises(UserError, match="Add --executor ray"):
        run_cells(here, Computing(address="head:6379"))
    many = load(write_matrix(tmp_path / "many", executor="ray"), places, [], [])
    with pytest.raises(UserError, match="Leave --jobs out"):
        run_cells(many, Computing(jobs=2))
    assert not places.data_root.exists()
