"""The local executor: how threads are shared out."""

import os

import pytest

from tests.command_line import EXPERIMENTS
from tests.small_study import tiny
from transferpain.core.gpu import Gpu
from transferpain.core.overrides import parse_overrides
from transferpain.experiments.executors.local import note_crowded, threads_of
from transferpain.experiments.schema import load_experiment


@pytest.mark.parametrize(("jobs", "expected"), [(1, None), (10_000, 1)])
def test_a_head_gets_its_share_of_the_cores(jobs, expected):
    assert threads_of(tiny(EXPERIMENTS), jobs) == expected


def test_a_network_that_is_tuned_keeps_every_core():
    tuned = load_experiment(EXPERIMENTS / "biovid-vgg16.yaml", parse_overrides(["source=untrained"]))
    assert threads_of(tuned, 2) is None
    assert threads_of(tiny(EXPERIMENTS), 2) == max(1, len(os.sched_getaffinity(0)) // 2)


@pytest.mark.parametrize(("memory", "cells", "warned"), [(40e9, 6, False), (40e9, 7, True), (4e9, 1, False)])
def test_more_cells_than_a_gpus_memory_may_hold_are_told(capsys, memory, cells, warned):
    note_crowded([Gpu("GPU-1a", "A100", 8.0, memory)], cells)
    assert ("may not fit into the memory of the GPU" in " ".join(capsys.readouterr().err.split())) == warned


def test_without_a_gpu_nothing_is_said(capsys):
    note_crowded([], 100)
    assert capsys.readouterr().err == ""
