"""A machine that sees something else is refused by its name, and a process has the command's variables."""

import os
import shutil
import signal
import subprocess
import threading
from pathlib import Path

import pytest

import transferpain
from tests.experiments.executors.ray_works import conditions, faces_work
from tests.experiments.executors.small_cluster import hidden_node, toolkit_processes
from tests.waiting import wait_until
from transferpain.core.errors import UserError
from transferpain.core.locks import VARIABLE
from transferpain.experiments.executors.cluster import nodes_now, seen_of
from transferpain.experiments.executors.look import Seen
from transferpain.experiments.executors.ray import RAY


def test_a_machine_whose_toolkit_answers_otherwise_is_told():
    assert seen_of({"answer": {"problem": "", "toolkit": {}, "data": {}}}) == Seen("", {}, {})
    assert "another version" in seen_of({"answer": {"problem": "", "toolkit": {}, "data": {}, "more": 1}})
    assert "No module named" in seen_of({"code": 1, "said": "No module named transferpain"})


@pytest.mark.slow
def test_a_node_with_another_toolkit_is_refused_by_name(cluster, small_twin, tmp_path):
    other = tmp_path / "other"
    home = Path(transferpain.__file__).parent
    shutil.copytree(home, other / "transferpain", ignore=shutil.ignore_patterns("__pycache__"))
    start = other / "transferpain" / "__init__.py"
    start.write_text(start.read_text().replace(transferpain.__version__, "1.9.9"))
    cluster.add("old", env_vars={"PYTHONPATH": str(other)})
    try:
        with pytest.raises(UserError, match=r"(?s)1 of the cluster's machines.*old: transferpain 1\.9\.9, here"):
            list(RAY.run([faces_work()], conditions(cluster, small_twin, tmp_path)))
    finally:
        cluster.kill("old")
    assert not list((tmp_path / "cache").rglob("*.parquet"))
    assert not list((tmp_path / "cache").glob(".look-*"))


@pytest.mark.slow
def test_a_process_has_the_variables_of_the_command_and_not_those_that_ray_was_started_with(
    cluster, small_twin, tmp_path, monkeypatch
):
    monkeypatch.setenv("TRANSFERPAIN_ASSETS", str(tmp_path / "assets"))
    cluster.have()
    cluster.add("other", env_vars={"TF_ENABLE_ONEDNN_OPTS": "1", VARIABLE: "none", "TRANSFERPAIN_ASSETS": "elsewhere"})
    seen = []

    def watch(*_: object) -> None:
        wait_until(lambda: toolkit_processes(tmp_path) != [])
        for process in toolkit_processes(tmp_path):
            lines = Path(f"/proc/{process}/environ").read_bytes().decode().split("\0")
            seen.append(dict(line.partition("=")[::2] for line in lines))

    try:
        watcher = threading.Thread(target=watch, daemon=True)
        watcher.start()
        assert [one.error for one in RAY.run([faces_work()], conditions(cluster, small_twin, tmp_path))] == [""]
        watcher.join()
    finally:
        cluster.kill("other")
    assert {one.get("TF_ENABLE_ONEDNN_OPTS") for one in seen} == {os.environ.get("TF_ENABLE_ONEDNN_OPTS")}
    assert {one.get(VARIABLE) for one in seen} == {None}
    assert {one["TRANSFERPAIN_ASSETS"] for one in seen} == {str(tmp_path / "assets")}


def can_hide() -> bool:
    return subprocess.run(["unshare", "-rm", "true"], check=False, capture_output=True).returncode == 0


@pytest.mark.slow
@pytest.mark.parametrize("hidden", ["workspace", "data"])
def test_a_node_that_does_not_see_a_folder_is_refused_by_name(cluster, small_twin, tmp_path, hidden):
    if not can_hide():
        pytest.skip("this system lets nobody hide a folder from a process")
    import ray

    data, workspace = tmp_path / "data", tmp_path / "workspace"
    shutil.copytree(small_twin, data)
    workspace.mkdir()
    unseen = {"workspace": workspace, "data": data}[hidden]
    # Ray takes a while to call the node of the test before dead.
    name = f"blind-to-{hidden}"
    blind = [hidden_node(cluster.address, name, [unseen])]

    def is_there() -> bool:
        # On a busy machine a node gives up when a part of it is late.
        if blind[-1].poll() is not None:
            blind.append(hidden_node(cluster.address, name, [unseen]))
        with ray.init(address=cluster.address, log_to_driver=False):
            return name in {node.name for node in nodes_now().values()}

    try:
        wait_until(is_there)
        said = "is not the one that is seen here" if hidden == "workspace" else "the data of ai4pain are others"
        with pytest.raises(UserError, match=f"(?s)1 of the cluster's machines.*{name}: .*{said}"):
            list(RAY.run([faces_work()], conditions(cluster, data, workspace)))
    finally:
        os.killpg(blind[-1].pid, signal.SIGKILL)
        blind[-1].wait()
