"""Matrices through the real command line: cells are computed once, and one that is killed does not stop the others."""

import os
import signal
from pathlib import Path

import pandas as pd
import pytest

from tests.command_line import EXPERIMENTS, imported_modules, transferpain
from tests.end_to_end.small_runs import link_tree
from tests.experiments.matrix.small_matrix import MATRIX, NAMES, write_matrix
from tests.forked_program import LIGHT, ForkedProgram, forked
from tests.waiting import wait_until
from transferpain.core.cost import read_cost
from transferpain.core.overrides import merge
from transferpain.core.store import read_json
from transferpain.experiments.matrix.cells import RECORD
from transferpain.experiments.run_folder import RunFolder


def arguments(path: Path, data_root: Path, workspace: Path) -> list[object]:
    return ["matrix", path, "--data-root", data_root, "--workspace", workspace]


def states_in(workspace: Path) -> dict[str, str]:
    """Return what became of each cell, by its name."""
    records = read_json(workspace / "reports" / "small-matrix" / RECORD)
    return {record["name"]: record["state"] for record in records}


def predictions(workspace: Path, name: str) -> pd.DataFrame:
    (path,) = (workspace / "runs").glob(f"{name}-*")
    return RunFolder(path).predictions()


def workers_of(matrix: int) -> list[int]:
    """Return the processes that compute the cells of a matrix at the moment: they are forked from one of its own."""
    return [number for child in children_of(matrix) for number in children_of(child)]


def children_of(process: int) -> list[int]:
    return [int(number) for number in Path(f"/proc/{process}/task/{process}/children").read_text().split()]


@pytest.fixture(scope="module")
def finished_matrix(small_twin, tmp_path_factory):
    workspace = tmp_path_factory.mktemp("matrix")
    grid = merge(MATRIX["transfer"][0], {"targets": {"mintpain": {"task": "mintpain-five"}}})
    path = write_matrix(workspace / "experiments", transfer=[grid])
    result = transferpain(*arguments(path, small_twin, workspace), "--jobs", "2")
    assert result.returncode == 0, result.stderr
    return workspace, path, result


@pytest.mark.slow
def test_every_cell_with_its_data_is_computed_and_the_others_are_absent(finished_matrix):
    workspace, _, result = finished_matrix
    states = states_in(workspace)
    assert {name for name, state in states.items() if state == "done"} == set(NAMES)
    assert states["untrained-to-mintpain-ann"] == "absent"
    assert "absent: untrained-to-mintpain-ann: No data of MIntPAIN" in " ".join(result.stdout.split())
    assert "SYNTHETIC" in result.stdout
    assert (workspace / "reports" / "small-matrix" / "index.html").is_file()


@pytest.mark.slow
def test_the_second_call_computes_nothing_and_imports_no_tensorflow(finished_matrix, small_twin):
    workspace, path, _ = finished_matrix
    before = {file: file.stat().st_mtime_ns for file in (workspace / "runs").rglob("*") if file.is_file()}
    assert "tensorflow" not in imported_modules(*arguments(path, small_twin, workspace))
    assert before == {file: file.stat().st_mtime_ns for file in (workspace / "runs").rglob("*") if file.is_file()}


@pytest.mark.slow
def test_each_clip_passes_the_network_once_over_all_cells_and_processes(finished_matrix):
    workspace, _, _ = finished_matrix
    costs = [read_cost(path) for path in (workspace / "runs").iterdir()]
    assert len(costs) == len(NAMES)
    assert sum(cost.clips_embedded for cost in costs) == len(list((workspace / "cache" / "features").rglob("*.npy")))
    assert sum(cost.clips_from_cache for cost in costs) > 0


@pytest.mark.slow
def test_a_dry_run_tells_what_is_done(finished_matrix, small_twin):
    workspace, path, _ = finished_matrix
    result = forked(
        *arguments(path, small_twin, workspace), "--dry-run", "--where", "target=mintpain,biovid", preload=LIGHT
    )
    assert result.returncode == 0, result.stderr
    for text in ("absent", "done", "sum"):
        assert text in result.stdout
    assert "untrained-to-ai4pain" not in result.stdout


@pytest.mark.slow
def test_cells_that_a_call_leaves_out_are_open(finished_matrix, small_twin, tmp_path):
    workspace, _, _ = finished_matrix
    link_tree(workspace / "cache", tmp_path / "cache")
    path = write_matrix(tmp_path / "experiments")
    result = forked(*arguments(path, small_twin, tmp_path), "--where", "kind=transfer", "--where", "target=biovid")
    assert result.returncode == 0, result.stderr
    assert states_in(tmp_path) == {name: "done" if name == NAMES[0] else "open" for name in NAMES}
    assert "untrained-to-ai4pain" not in result.stdout


def test_a_dry_run_computes_nothing(tmp_path, small_twin):
    path = write_matrix(tmp_path)
    result = forked(*arguments(path, small_twin, tmp_path), "--dry-run", preload=LIGHT)
    assert result.returncode == 0, result.stderr
    assert "to do" in result.stdout
    assert not (tmp_path / "runs").exists()


def test_an_impossible_cell_is_named_before_anything_runs(tmp_path, small_twin):
    grid = MATRIX["transfer"][0] | {"sources": {"none": {"source": "no-such-source"}}}
    path = write_matrix(tmp_path, transfer=[grid])
    result = forked(*arguments(path, small_twin, tmp_path), preload=LIGHT)
    assert result.returncode == 1
    assert "none-to-biovid-ann" in result.stderr
    assert "Traceback" not in result.stderr
    assert not (tmp_path / "runs").exists()


@pytest.mark.slow
def test_a_killed_cell_is_reported_and_the_next_call_finishes_it_with_the_same_numbers(
    finished_matrix, small_twin, tmp_path
):
    workspace, _, _ = finished_matrix
    link_tree(workspace / "cache", tmp_path / "cache")  # a kill among faces and features: end_to_end/test_interruption
    path = write_matrix(tmp_path / "experiments")
    # In a session of its own the processes of cells are its children's, as those of the installed program.
    process = ForkedProgram(*arguments(path, small_twin, tmp_path), preload=LIGHT, new_session=True)
    wait_until((tmp_path / "runs").exists, process)
    for number in workers_of(process.pid):
        os.kill(number, signal.SIGKILL)
    assert process.wait() == 1
    assert "failed: untrained-to-biovid-ann: Its process was killed by signal 9" in " ".join(process.stdout.split())
    assert "Traceback" not in process.stderr
    assert states_in(tmp_path) == {name: "failed" if name == NAMES[0] else "done" for name in NAMES}
    again = forked(*arguments(path, small_twin, tmp_path))
    assert again.returncode == 0, again.stderr
    for name in NAMES:
        pd.testing.assert_frame_equal(predictions(tmp_path, name), predictions(workspace, name))


def test_a_dry_run_plays_the_schedule_through(tmp_path, small_twin):
    path = write_matrix(tmp_path)
    result = forked(*arguments(path, small_twin, tmp_path), "--dry-run", "--processors", "1,1000", preload=LIGHT)
    assert result.returncode == 0, result.stderr
    for text in ("processors", "with stragglers", "longest way", "│ 1000 "):
        assert text in result.stdout


@pytest.mark.parametrize("numbers", ["0", "8;9", "many", "100000", "8,"])
def test_numbers_of_processors_that_are_none_are_refused(tmp_path, small_twin, numbers):
    path = write_matrix(tmp_path)
    result = forked(*arguments(path, small_twin, tmp_path), "--dry-run", "--processors", numbers, preload=LIGHT)
    assert result.returncode == 1
    assert "These numbers of processors cannot be read" in result.stderr


@pytest.mark.parametrize("command", ["matrix", "run", "extract"])
def test_an_executor_that_is_none_is_refused_and_the_nearest_is_named(tmp_path, command):
    path = EXPERIMENTS / "ai4pain-ann.yaml" if command == "extract" else write_matrix(tmp_path)
    result = forked(command, path, "--workspace", tmp_path, "--executor", "rai", preload=LIGHT)
    assert result.returncode == 1
    assert "did you mean `ray`" in result.stderr
