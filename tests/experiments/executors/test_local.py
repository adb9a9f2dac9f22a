"""The local executor: how threads are shared out."""

import os

import pytest

from tests.command_line import EXPERIMENTS
from tests.small_study import tiny
from transferpain.core.overrides import parse_overrides
from transferpain.experiments.executors.local import threads_of
from transferpain.experiments.schema import load_experiment


@pytest.mark.parametrize(("jobs", "expected"), [(1, None), (10_000, 1)])
def test_a_head_gets_its_share_of_the_cores(jobs, expected):
    assert threads_of(tiny(EXPERIMENTS), jobs) == expected


def test_a_network_that_is_tuned_keeps_every_core():
    tuned = load_experiment(EXPERIMENTS / "biovid-vgg16.yaml", parse_overrides(["source=untrained"]))
    assert threads_of(tuned, 2) is None
    assert threads_of(tiny(EXPERIMENTS), 2) == max(1, len(os.sched_getaffinity(0)) // 2)
