"""What every executor promises."""

import multiprocessing
from contextlib import closing
from dataclasses import replace

import pytest

from tests.command_line import EXPERIMENTS
from tests.experiments.executors.small_cluster import toolkit_processes
from tests.small_study import tiny
from tests.waiting import wait_until
from transferpain.data.places import Places
from transferpain.experiments.executors.base import Conditions, Work
from transferpain.experiments.executors.registry import EXECUTORS


def works_of(experiments):
    return [Work(experiment.name, experiment) for experiment in experiments]


@pytest.fixture
def conditions(small_twin, tmp_path):
    return Conditions(EXPERIMENTS, Places(small_twin, tmp_path), tmp_path / "logs", 2)


@pytest.fixture
def there(request, name, conditions):
    """Conditions under which the executor can compute."""
    if name != "ray":
        return conditions
    return replace(conditions, address=request.getfixturevalue("cluster").address)


@pytest.mark.slow
@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize("name", EXECUTORS)
def test_each_experiment_has_one_outcome_and_a_failure_stops_no_other(name, jobs, there, tmp_path):
    finishes = tiny(
        EXPERIMENTS,
        name="finishes",
        training={"epochs": 1},
        features={"fps": None, "frames": 2},
        window={"seconds": 0.5},
        seeds=[0],
        threads=1,
    )
    fails = [
        tiny(EXPERIMENTS, name=f"fails-{number}", dataset="ai4pain", task="unbc-five", threads=1) for number in range(2)
    ]
    with closing(EXECUTORS[name].run(works_of([fails[0], finishes, fails[1]]), replace(there, jobs=jobs))) as running:
        outcomes = list(running)
    errors = {outcome.name: outcome.error for outcome in outcomes}
    assert len(outcomes) == 3
    assert errors["finishes"] == ""
    assert all("The task unbc-five" in errors[one.name] for one in fails)
    assert [path.name.rsplit("-", 1)[0] for path in (tmp_path / "runs").iterdir()] == ["finishes"]


@pytest.mark.slow
@pytest.mark.parametrize("name", EXECUTORS)
def test_a_work_begins_when_those_that_it_waits_for_are_finished_and_never_after_one_that_failed(name, there):
    begun = []
    experiment = tiny(EXPERIMENTS, name="any", threads=1)
    wrong = tiny(EXPERIMENTS, name="wrong", dataset="ai4pain", task="unbc-five", threads=1)
    works = [
        Work("last", experiment, "faces", (0,), after=("first",)),
        Work("never", experiment, "faces", (1,), after=("wrong", "first")),
        Work("wrong", wrong, title="source wrong"),
        Work("first", experiment, "faces", (2,)),
    ]
    started = replace(there, started=lambda work, node: begun.append(work.name))
    outcomes = {one.name: one for one in EXECUTORS[name].run(works, started)}
    assert set(outcomes) == {work.name for work in works}
    assert sorted(begun) == ["first", "last", "wrong"]
    assert begun.index("first") < begun.index("last")
    assert (outcomes["last"].error, outcomes["never"].because_of) == ("", "wrong")
    assert outcomes["never"].error.startswith("its source wrong failed: The task unbc-five")


@pytest.mark.slow
@pytest.mark.parametrize("name", EXECUTORS)
def test_what_is_closed_leaves_nothing_running(name, there, tmp_path):
    before = set(multiprocessing.active_children())
    experiments = [tiny(EXPERIMENTS, name="fails", dataset="ai4pain", task="unbc-five", threads=1)]
    experiments += [
        tiny(EXPERIMENTS, name=f"long-{number}", training={"epochs": 500}, threads=1) for number in range(2)
    ]
    running = EXECUTORS[name].run(works_of(experiments), replace(there, jobs=3))
    assert next(running).name == "fails"
    running.close()
    wait_until(lambda: not toolkit_processes(tmp_path))
    assert not set(multiprocessing.active_children()) - before
    assert not list(tmp_path.glob("runs/*/metrics.json"))


@pytest.mark.parametrize("name", EXECUTORS)
def test_nothing_to_do_has_no_outcome(name, tmp_path):
    conditions = Conditions(EXPERIMENTS, Places(tmp_path, tmp_path), tmp_path, 2)
    assert list(EXECUTORS[name].run([], conditions)) == []
