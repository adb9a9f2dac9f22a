"""Works on several machines: what is lost is computed again, what fails is not, and nothing finished is touched."""

import os
import re
import signal
import socket
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from tests.command_line import EXPERIMENTS
from tests.experiments.executors.ray_works import ALL, CLIPS, conditions, faces_in, faces_work, once
from tests.experiments.executors.small_cluster import toolkit_processes
from tests.small_study import tiny
from tests.waiting import wait_until
from transferpain.core.errors import UserError
from transferpain.core.locks import VARIABLE
from transferpain.data.places import Places
from transferpain.experiments.executors.base import Conditions, Work
from transferpain.experiments.executors.cluster import Needs, Node
from transferpain.experiments.executors.ray import (
    LOSSES,
    RAY,
    error_of,
    needs_of,
    room_for,
    share_of,
)
from transferpain.experiments.shares import SHARE_SECONDS


def node(processors: int = 2, memory: int = 10_000_000_000, gpus: int = 0) -> Node:
    return Node("id", "node", processors, memory, gpus)


def test_a_work_takes_a_processor_a_thread_and_a_whole_gpu_or_none():
    work = faces_work(threads=4)
    assert needs_of(work, [node()]).processors == 4
    assert needs_of(work, [node(gpus=2)]).gpus == 0
    run = Work("run", work.experiment)
    assert needs_of(run, [node()]).gpus == 0
    assert needs_of(run, [node(), node(gpus=2)]).gpus == 1
    assert node(4, gpus=2).holds_at_once(Needs(1, 1, 1)) == 2
    assert not node(4, gpus=1).holds([Needs(1, 1, 1), Needs(1, 1, 1)])


def test_there_is_room_for_as_many_as_processors_and_memory_hold():
    assert room_for([faces_work()], [node(2), node(3)]) == 5
    assert room_for([faces_work(threads=2)], [node(2), node(3)]) == 2
    assert room_for([Work("run", faces_work().experiment)], [node(8, memory=3_200_000_000)]) == 2


def test_a_work_that_no_machine_is_large_enough_for_is_refused():
    with pytest.raises(UserError, match=r"3 processors.*needed; node: 2 processors") as refused:
        room_for([faces_work(threads=3)], [node(2)])
    assert "--set threads=1" in str(refused.value)
    with pytest.raises(UserError, match="no machine with a processor"):
        room_for([faces_work()], [])


def runs(*seconds: float, threads: int = 1) -> list[Work]:
    experiment = tiny(EXPERIMENTS, threads=threads)
    return [Work(f"{number}", experiment, seconds=one) for number, one in enumerate(seconds)]


@pytest.mark.parametrize(
    ("seconds", "nodes", "share"),
    [
        ([10.0] * 24, [node(1), node(1)], 6),  # half of what each of the two would get
        ([10.0] * 24, [node(4)], 3),
        ([1000.0] * 24, [node(1), node(1)], 1),  # a lost share is no great loss
        ([SHARE_SECONDS / 3] * 24, [node(1)], 3),
        ([10.0], [node(1)], 1),
        ([0.0] * 24, [node(1)], 1),  # nobody knows how long they take
        ([30.0, 0.0, 10.0, 10.0, 10.0], [node(1)], 1),
    ],
)
def test_short_works_share_a_process_and_none_waits_long_for_another(seconds, nodes, share):
    assert len(share_of(runs(*seconds), nodes)) == share


def test_works_that_need_something_else_share_no_process():
    others = [Work("faces", runs(0)[0].experiment, "faces", seconds=10.0), *runs(10.0, threads=2)]
    works = runs(*[10.0] * 9)
    assert share_of([works[0], *others, *works[1:]], [node(2)]) == tuple(works[:2])
    assert share_of(others, [node(2)]) == (others[0],)


@pytest.mark.parametrize("address", ["127.0.0.1:1", "nowhere", "127.0.0.1:port", f"127.0.0.1:{10**30}"])
def test_an_address_without_a_cluster_is_told(address, tmp_path):
    with pytest.raises(UserError, match=r"(?s)No Ray cluster.*ray start --head.*" + address):
        list(RAY.run([faces_work()], Conditions(EXPERIMENTS, Places(tmp_path, tmp_path), tmp_path, 1, address)))


@pytest.mark.slow
def test_an_address_where_something_else_answers_is_told(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as other:
        address = f"127.0.0.1:{other.getsockname()[1]}"
        with pytest.raises(UserError, match=f"No Ray cluster(?s:.*){address}: what answers there is no Ray"):
            list(RAY.run([faces_work()], Conditions(EXPERIMENTS, Places(tmp_path, tmp_path), tmp_path, 1, address)))


def test_who_has_no_locks_has_no_many_machines(tmp_path, monkeypatch):
    monkeypatch.setenv(VARIABLE, "none")
    with pytest.raises(UserError, match="Many machines need locks"):
        list(RAY.run([faces_work()], Conditions(EXPERIMENTS, Places(tmp_path, tmp_path), tmp_path, 1)))


@pytest.mark.slow
def test_a_node_killed_among_faces_costs_none_that_were_finished(cluster, small_twin, tmp_path):
    begun, before, workers = [], {}, []

    def kill() -> None:
        computing = toolkit_processes(tmp_path)
        for number in computing:
            os.kill(number, signal.SIGSTOP)  # so that it does not finish meanwhile
        before.update(faces_in(tmp_path))
        workers.extend(ray_workers())
        cluster.kill(begun[0][1])
        for number in computing:
            os.kill(number, signal.SIGCONT)

    with once(lambda: len(faces_in(tmp_path)) >= 2, kill):
        started = lambda work, node: begun.append((work.name, node))  # noqa: E731
        outcomes = list(RAY.run([faces_work()], conditions(cluster, small_twin, tmp_path, started)))
    assert [(outcome.name, outcome.error) for outcome in outcomes] == [("faces", "")]
    assert [name for name, _ in begun] == ["faces", "faces"]
    assert begun[0][1] != begun[1][1] == outcomes[0].node
    after = faces_in(tmp_path)
    assert len(after) == CLIPS
    assert {path: after[path] for path in before} == before
    assert workers
    assert not any("tensorflow" in mapped for mapped in workers)


@pytest.mark.slow
def test_two_that_want_the_same_clips_embed_each_once(cluster, small_twin, tmp_path):
    common = {"threads": 1, "window": {"seconds": 0.5}, "features": {"fps": 10}}
    heads = [tiny(EXPERIMENTS, name=f"head-{number}", **common) for number in range(2)]
    wanted = [Work(f"features-{number}", head, "features", ALL, ("faces",)) for number, head in enumerate(heads)]
    outcomes = list(RAY.run([faces_work(), *wanted], conditions(cluster, small_twin, tmp_path)))
    assert {outcome.name: outcome.error for outcome in outcomes} == {"faces": "", "features-0": "", "features-1": ""}
    said = [(tmp_path / "logs" / f"features-{number}.txt").read_text() for number in range(2)]
    counts = [int(re.search(r"(\d+) clips embedded", text)[1]) for text in said]
    assert sum(counts) == CLIPS == len(list((tmp_path / "cache" / "features").rglob("*.npy")))


def ray_workers() -> list[str]:
    """Return what each worker of Ray that has a task has mapped into its memory."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if (entry / "cmdline").read_bytes().startswith(b"ray::compute"):
                found.append((entry / "maps").read_text())
    return found


@pytest.mark.slow
def test_a_process_killed_for_memory_is_begun_again_and_given_up_in_the_end(cluster, small_twin, tmp_path, capsys):
    killed: list[int] = []

    def kill_each() -> None:
        while len(killed) < LOSSES:
            for number in set(toolkit_processes(tmp_path)) - set(killed):
                killed.append(number)
                os.kill(number, signal.SIGKILL)

    with once(lambda: bool(toolkit_processes(tmp_path)), kill_each):
        (outcome,) = RAY.run([faces_work()], conditions(cluster, small_twin, tmp_path))
    assert f"lost {LOSSES} times" in outcome.error
    assert "perhaps for lack of memory" in outcome.error
    assert capsys.readouterr().err.count("begun again") == LOSSES - 1
    # What each of them said is kept.
    logs = {path.name for path in (tmp_path / "logs").iterdir()}
    assert logs == {f"faces-lost-{number}.txt" for number in range(1, LOSSES + 1)}
    (outcome,) = RAY.run([faces_work()], conditions(cluster, small_twin, tmp_path))
    assert outcome.error == ""


@pytest.mark.parametrize(
    ("said", "lost"),
    [
        ({}, True),
        ({"code": -signal.SIGKILL, "said": ""}, True),
        ({"code": -signal.SIGTERM, "said": ""}, True),
        ({"code": 130, "said": ""}, True),
        ({"code": -signal.SIGSEGV, "said": ""}, False),
        ({"code": 1, "said": ""}, False),
        ({"failed": "no Python"}, False),
    ],
)
def test_what_was_ended_from_outside_is_lost_and_what_failed_is_not(said, lost):
    assert (error_of(said, node()) is None) == lost


@pytest.mark.slow
def test_a_process_that_is_asked_to_end_on_its_machine_is_begun_again(cluster, small_twin, tmp_path, capsys):
    def ask() -> None:
        for number in toolkit_processes(tmp_path):
            os.kill(number, signal.SIGTERM)

    with once(lambda: bool(toolkit_processes(tmp_path)), ask):
        (outcome,) = RAY.run([faces_work()], conditions(cluster, small_twin, tmp_path))
    assert outcome.error == ""
    assert capsys.readouterr().err.count("begun again") == 1


@pytest.mark.slow
def test_an_error_of_the_work_itself_is_told_once_and_those_that_wait_for_it_are_not_begun(
    cluster, small_twin, tmp_path
):
    begun = []
    wrong = tiny(EXPERIMENTS, name="wrong", dataset="ai4pain", task="unbc-five", threads=1)
    works = [
        Work("wrong", wrong, title="source wrong"),
        Work("waits", wrong, after=("wrong",)),
        Work("waits too", wrong, after=("waits",)),
    ]
    started = lambda work, node: begun.append(work.name)  # noqa: E731
    outcomes = list(RAY.run(works, conditions(cluster, small_twin, tmp_path, started)))
    assert begun == ["wrong"]
    assert [outcome.name for outcome in outcomes] == ["wrong", "waits", "waits too"]
    assert "The task unbc-five" in outcomes[0].error
    assert all(outcome.error.startswith("its source wrong failed: The task") for outcome in outcomes[1:])


@pytest.mark.slow
def test_works_of_one_process_fail_and_are_lost_each_for_itself(whole_cluster, small_twin, tmp_path, capsys):
    whole_cluster.have("one")
    begun = []

    def started(work: Work, _: str) -> None:
        begun.append(work.name)

    wrong = tiny(EXPERIMENTS, name="wrong", dataset="ai4pain", task="unbc-five", threads=1)
    works = [
        Work("wrong", wrong, "faces", ALL, seconds=5.0),
        *(replace(faces_work(name), seconds=5.0) for name in ("killed", "behind", "last")),
        *(replace(faces_work(f"rest-{number}", ()), seconds=1.0) for number in range(20)),
    ]

    def kill() -> None:
        for number in toolkit_processes(tmp_path):
            with suppress(ProcessLookupError):  # one that had just been forked, and is another program now
                os.kill(number, signal.SIGKILL)

    with once(lambda: bool(faces_in(tmp_path)), kill):
        outcomes = {
            one.name: one.error for one in RAY.run(works, conditions(whole_cluster, small_twin, tmp_path, started))
        }
    assert "The task unbc-five" in outcomes.pop("wrong")
    assert set(outcomes.values()) == {""}
    # What the process had not begun was not lost with it.
    assert begun[:3] == ["wrong", "killed", "killed"]
    assert len(begun) == len(works) + 1
    assert capsys.readouterr().err.count("begun again") == 1
    assert len(faces_in(tmp_path)) == CLIPS


@pytest.mark.slow
def test_who_stops_while_answers_wait_to_be_read_leaves_no_process(whole_cluster, small_twin, tmp_path):
    whole_cluster.have("one")
    short = [replace(faces_work(f"short-{number}", ()), seconds=5.0) for number in range(3)]
    rest = [replace(faces_work(f"rest-{number}", ()), seconds=1.0) for number in range(20)]
    works = [*short, replace(faces_work("long"), seconds=5.0), *rest]
    outcomes = RAY.run(works, conditions(whole_cluster, small_twin, tmp_path))
    assert next(outcomes).name == "short-0"
    wait_until(lambda: bool(faces_in(tmp_path)))
    outcomes.close()
    assert toolkit_processes(tmp_path) == []
    assert len(faces_in(tmp_path)) < CLIPS


LIMITED = """
import resource, sys
if "transferpain.experiments.executors.node" in sys.orig_argv:
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
"""


@pytest.mark.slow
def test_a_limit_of_file_sizes_on_one_node_is_told_and_stops_no_other(whole_cluster, small_twin, tmp_path):
    limited = tmp_path / "limited"
    limited.mkdir()
    (limited / "sitecustomize.py").write_text(LIMITED)
    whole_cluster.have("two")
    whole_cluster.add("small", env_vars={"PYTHONPATH": str(limited)})
    works = [faces_work("a", ALL[:128]), faces_work("b", ALL[128:])]
    try:
        outcomes = {one.node: one for one in RAY.run(works, conditions(whole_cluster, small_twin, tmp_path))}
    finally:
        whole_cluster.kill("small")
    assert outcomes["two"].error == ""
    assert "File too large" in outcomes["small"].error
    whole_cluster.have("one", "two")
    assert {one.error for one in RAY.run(works, conditions(whole_cluster, small_twin, tmp_path))} == {""}
    assert len(faces_in(tmp_path)) == CLIPS
