"""What every executor promises."""

import multiprocessing
from contextlib import closing

import pytest

from tests.command_line import EXPERIMENTS
from tests.small_study import tiny
from transferpain.data.places import Places
from transferpain.experiments.executors.base import Conditions
from transferpain.experiments.executors.registry import EXECUTORS


@pytest.mark.slow
@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize("name", EXECUTORS)
def test_each_experiment_has_one_outcome_and_a_failure_stops_no_other(name, jobs, small_twin, tmp_path):
    finishes = tiny(
        EXPERIMENTS,
        name="finishes",
        training={"epochs": 1},
        features={"fps": None, "frames": 2},
        window={"seconds": 0.5},
        seeds=[0],
    )
    fails = [tiny(EXPERIMENTS, name=f"fails-{number}", dataset="ai4pain", task="unbc-five") for number in range(2)]
    conditions = Conditions(EXPERIMENTS, Places(small_twin, tmp_path), tmp_path / "logs", jobs)
    with closing(EXECUTORS[name].run([fails[0], finishes, fails[1]], conditions)) as running:
        outcomes = list(running)
    errors = {outcome.name: outcome.error for outcome in outcomes}
    assert len(outcomes) == 3
    assert errors["finishes"] == ""
    assert all("The task unbc-five" in errors[one.name] for one in fails)
    assert [path.name.rsplit("-", 1)[0] for path in (tmp_path / "runs").iterdir()] == ["finishes"]


@pytest.mark.slow
@pytest.mark.parametrize("name", EXECUTORS)
def test_what_is_closed_leaves_nothing_running(name, small_twin, tmp_path):
    before = set(multiprocessing.active_children())
    experiments = [tiny(EXPERIMENTS, name="fails", dataset="ai4pain", task="unbc-five")]
    experiments += [tiny(EXPERIMENTS, name=f"long-{number}", training={"epochs": 500}) for number in range(2)]
    conditions = Conditions(EXPERIMENTS, Places(small_twin, tmp_path), tmp_path / "logs", 3)
    running = EXECUTORS[name].run(experiments, conditions)
    assert next(running).name == "fails"
    running.close()
    assert not set(multiprocessing.active_children()) - before
    assert not list(tmp_path.glob("runs/*/metrics.json"))


@pytest.mark.parametrize("name", EXECUTORS)
def test_nothing_to_do_has_no_outcome(name, tmp_path):
    conditions = Conditions(EXPERIMENTS, Places(tmp_path, tmp_path), tmp_path, 2)
    assert list(EXECUTORS[name].run([], conditions)) == []
