"""A matrix gives the same bits on this machine and on many, disturbed or not."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from tests.command_line import clean_environment, transferpain
from tests.experiments.executors.conftest import cluster, whole_cluster  # noqa: F401
from tests.experiments.executors.small_cluster import SmallCluster, toolkit_processes
from tests.experiments.matrix.small_matrix import ANN, MATRIX, UNTRAINED, write_matrix
from tests.experiments.matrix.test_run import arguments, predictions, states_in
from tests.waiting import wait_until
from transferpain.core.store import TEMPORARY
from transferpain.experiments.run_folder import RunFolder

GRID = {
    "sources": {"untrained": UNTRAINED, "trained": {"source": "small-biovid"}},
    "targets": {"ai4pain": {"task": "ai4pain-three"}},
    "heads": ANN,
}
NAMES = ("untrained-to-ai4pain-ann", "trained-to-ai4pain-ann")

pytestmark = pytest.mark.slow


def matrix_in(workspace: Path) -> Path:
    settings = {"set": MATRIX["set"] | {"threads": 1}, "transfer": [GRID], "cross_dataset": []}
    return write_matrix(workspace / "experiments", **settings)


def started(workspace: Path, data: Path, address: str, *more: object) -> subprocess.Popen:
    program = Path(sys.executable).with_name("transferpain")
    command = [program, *arguments(matrix_in(workspace), data, workspace), "--executor", "ray", "--address", address]
    return subprocess.Popen([*map(str, command), *map(str, more)], stderr=subprocess.PIPE, env=clean_environment())


def finish(workspace: Path, data: Path, *more: object) -> str:
    result = transferpain(*arguments(matrix_in(workspace), data, workspace), *more)
    assert result.returncode == 0, result.stderr
    assert set(states_in(workspace).values()) == {"done"}
    return result.stderr


def same(workspace: Path, undisturbed: Path) -> None:
    """See that every answer, and that of the source too, is the same bit for bit."""
    for name in (*NAMES, "small-biovid"):
        pd.testing.assert_frame_equal(predictions(workspace, name), predictions(undisturbed, name), check_exact=True)


@pytest.fixture(scope="module")
def undisturbed(small_twin, tmp_path_factory):
    workspace = tmp_path_factory.mktemp("local")
    finish(workspace, small_twin)
    return workspace


def test_two_at_a_time_give_the_same_bits(undisturbed, small_twin, tmp_path):
    finish(tmp_path, small_twin, "--jobs", 2)
    same(tmp_path, undisturbed)


@pytest.mark.parametrize("nodes", [("one",), ("one", "two", "three")], ids=["one node", "three nodes"])
def test_nodes_of_a_cluster_give_the_same_bits(undisturbed, whole_cluster, small_twin, tmp_path, nodes):  # noqa: F811
    whole_cluster.have(*nodes)
    finish(tmp_path, small_twin, "--executor", "ray", "--address", whole_cluster.address)
    same(tmp_path, undisturbed)
    status = json.loads((tmp_path / "reports" / "small-matrix" / "status.json").read_text())
    assert {work["state"] for work in status["works"]} == {"done"}
    assert {work["node"] for work in status["works"]} <= set(nodes)
    for name in NAMES:
        (run,) = (tmp_path / "runs").glob(f"{name}-*")
        environment = RunFolder(run).environment()
        assert environment["machine"]["node"] in nodes
        assert environment["numerics"]["threads"] == "1"
    # What is there is not computed again: no process is started for it.
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "runs").rglob("*") if path.is_file()}
    finish(tmp_path, small_twin, "--executor", "ray", "--address", whole_cluster.address)
    assert before == {path: path.stat().st_mtime_ns for path in (tmp_path / "runs").rglob("*") if path.is_file()}


def test_a_node_killed_in_the_source_and_one_in_a_cell_change_no_bit(
    undisturbed,
    cluster,  # noqa: F811
    small_twin,
    tmp_path,
):
    process = started(tmp_path, small_twin, cluster.address)
    wait_until(lambda: list((tmp_path / "runs").glob("small-biovid-*/folds/*/*checkpoint*")) != [], process)
    cluster.kill(node_of(tmp_path, "source-small-biovid"))
    wait_until(lambda: list((tmp_path / "runs").glob("trained-*/log.txt")) != [], process)
    cluster.have("one", "two")
    cluster.kill(node_of(tmp_path, "trained-to-ai4pain-ann"))
    said = process.communicate()[1].decode()
    assert process.returncode == 0, said
    assert "was lost on" in " ".join(said.split())
    same(tmp_path, undisturbed)


def node_of(workspace: Path, name: str) -> str:
    """Return where a work runs; the status is written every few seconds."""
    file = workspace / "reports" / "small-matrix" / "status.json"

    def running() -> list[str]:
        works = json.loads(file.read_text())["works"] if file.is_file() else []
        return [work["node"] for work in works if work["name"].startswith(name) and work["state"] == "running"]

    wait_until(lambda: running() != [])
    return running()[0]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_a_driver_that_ends_takes_its_processes_with_it_and_the_same_command_goes_on(
    undisturbed,
    cluster,  # noqa: F811
    small_twin,
    tmp_path,
    number,
):
    process = started(tmp_path, small_twin, cluster.address)
    wait_until(lambda: list((tmp_path / "runs").glob("small-biovid-*/folds/*/*checkpoint*")) != [], process)
    os.kill(process.pid, number)
    said = process.communicate()[1].decode()
    if number == signal.SIGINT:
        assert process.returncode == 130, said
        assert "the same command goes on from there" in said
        assert toolkit_processes(tmp_path) == []
        assert not list(tmp_path.rglob(f"{TEMPORARY}*"))
    assert "Traceback" not in said
    wait_until(lambda: toolkit_processes(tmp_path) == [])
    assert not list(tmp_path.glob("runs/trained-*/metrics.json"))
    finish(tmp_path, small_twin, "--executor", "ray", "--address", cluster.address)
    same(tmp_path, undisturbed)


def test_a_head_that_is_killed_is_told_and_nothing_is_left_running(small_twin, tmp_path):
    cluster = SmallCluster()  # noqa: F811
    try:
        cluster.have("one")
        process = started(tmp_path, small_twin, cluster.address)
        wait_until(lambda: toolkit_processes(tmp_path) != [], process)
        cluster.kill_head()
        said = process.communicate()[1].decode()
    finally:
        cluster.close()
    assert process.returncode == 1, said
    assert "The head of the Ray cluster does not answer any more" in said
    assert "Traceback" not in said
    wait_until(lambda: toolkit_processes(tmp_path) == [])
