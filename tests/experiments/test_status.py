"""How far a command is: what is kept, what is read of it, and what is said where nobody writes any more."""

import json

import pytest

from tests.command_line import EXPERIMENTS
from tests.forked_program import LIGHT, forked
from tests.small_study import tiny
from transferpain.core.errors import UserError
from transferpain.experiments.executors.base import Outcome, Work
from transferpain.experiments.status import (
    FILE,
    SILENT_SECONDS,
    Board,
    Status,
    WorkState,
    duration,
    find_statuses,
    read_status,
    state_lines,
    state_rows,
)

WORKS = [
    Work(name, tiny(EXPERIMENTS), seconds=seconds, title=f"the {name}") for name, seconds in (("a", 30), ("b", 90))
]


def test_what_happens_to_works_is_kept(tmp_path):
    board = Board(tmp_path / "reports" / "mine", WORKS, "ray")
    with board.kept():
        first = read_status(tmp_path / "reports" / "mine")
        assert [work.state for work in first.works] == ["waiting", "waiting"]
        board.started(WORKS[0], "node-1")
        board.started(WORKS[1], "node-2")
        board.ended(Outcome("a", "", node="node-1"))
        board.write()
        second = read_status(tmp_path / "reports" / "mine")
        assert [(work.state, work.node) for work in second.works] == [("done", "node-1"), ("running", "node-2")]
        assert not second.is_over
        board.ended(Outcome("b", "no space\nmore", node="node-2"))
    last = read_status(tmp_path / "reports" / "mine")
    assert last.is_over
    assert state_rows(last) == [["the b", "failed", "node-2", "no space"]]


def status(*states: WorkState, begun: float = 1000.0, written: float = 1100.0) -> Status:
    return Status("ray", begun, written, states)


def test_the_time_left_goes_by_the_estimates():
    half = status(WorkState("a", "a", "done", 50.0), WorkState("b", "b", "running", 150.0))
    assert half.seconds_left == pytest.approx(300.0)
    assert status(WorkState("a", "a", "running", 50.0)).seconds_left is None
    assert state_lines(half, now=1101.0) == ["ray: 1 done, 0 failed, 1 running, 0 waiting; about 5 min left"]


def test_a_command_that_writes_no_more_is_told():
    lines = state_lines(status(WorkState("a", "a", "running")), now=1101.0 + SILENT_SECONDS)
    assert lines[1] == "nothing was heard for 61 s: the command has ended; given again, it goes on from there"


def test_what_runs_is_shown_by_machine():
    shown = status(WorkState("a", "a", "running", node="n", begun=1040.0), WorkState("b", "b", "running", begun=1000.0))
    assert state_rows(shown) == [["a", "running", "n", "60 s"], ["b", "running", "here", "2 min"]]
    assert {node: [one.name for one in works] for node, works in shown.running_on.items()} == {"": ["b"], "n": ["a"]}


@pytest.mark.parametrize(
    ("seconds", "said"), [(0.4, "0 s"), (89, "89 s"), (90, "2 min"), (3600, "60 min"), (12000, "3 h 20 min")]
)
def test_a_duration_is_said_as_people_do(seconds, said):
    assert duration(seconds) == said


def test_a_status_that_is_damaged_counts_for_none_and_a_name_without_one_is_refused(tmp_path):
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / FILE).write_text('{"schema": 2, "works": 3}')
    assert read_status(folder) is None
    assert find_statuses(tmp_path, None) == {}
    with pytest.raises(UserError, match=r"(?s)No status of other.*mine"):
        find_statuses(tmp_path, "other")


@pytest.mark.parametrize(
    "damage",
    [
        {"written": None},
        {"written": float("nan")},
        {"begun": float("inf")},
        {"executor": ["ray"]},
        {"works": {"a": 1}},
        {"works": [{"name": "a", "title": None}]},
        {"works": [{"name": "a", "title": "a", "state": "lost"}]},
        {"works": [{"name": "a", "title": "a", "node": 3}]},
        {"works": [{"name": "a", "title": "a", "state": "failed", "error": 3}]},
    ],
)
def test_a_value_of_another_kind_is_damage_and_whoever_asks_for_it_by_name_is_told(damage, tmp_path):
    board = Board(tmp_path / "mine", WORKS, "ray")
    board.write()
    assert find_statuses(tmp_path, "mine") == {"mine": board.status}
    whole = json.loads((tmp_path / "mine" / FILE).read_text())
    (tmp_path / "mine" / FILE).write_text(json.dumps(whole | damage))
    assert find_statuses(tmp_path, None) == {}
    with pytest.raises(UserError, match="The status of mine cannot be read"):
        find_statuses(tmp_path, "mine")


def test_a_failure_without_a_word_is_shown():
    assert state_rows(status(WorkState("a", "a", "failed"))) == [["a", "failed", "here", ""]]


def test_the_command_shows_it(tmp_path):
    assert "nothing is computed here" in forked("status", "--workspace", tmp_path, preload=LIGHT).stdout
    board = Board(tmp_path / "reports" / "mine", WORKS, "ray")
    board.started(WORKS[0], "node-1")
    board.write()
    said = forked("status", "mine", "--workspace", tmp_path, preload=LIGHT)
    assert said.returncode == 0, said.stderr
    for text in ("the a", "running", "node-1", "ray: 0 done, 0 failed, 1 running, 1 waiting"):
        assert text in said.stdout
    wrong = forked("status", "other", "--workspace", tmp_path, preload=LIGHT)
    assert wrong.returncode == 1
    assert "No status of other" in wrong.stderr
