"""What is shown of many works: how far they are, where they run, and no more lines than a screen has room for."""

from transferpain.experiments.computing import SHOWN_NODES, lines_of
from transferpain.experiments.status import Status, WorkState


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
