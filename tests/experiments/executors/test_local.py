"""The local executor: what it says of GPUs; that the number of jobs changes no bit: `test_ahead.py`."""

import pytest

from transferpain.core.gpu import Gpu
from transferpain.experiments.executors.local import note_crowded


@pytest.mark.parametrize(("memory", "cells", "warned"), [(40e9, 6, False), (40e9, 7, True), (4e9, 1, False)])
def test_more_cells_than_a_gpus_memory_may_hold_are_told(capsys, memory, cells, warned):
    note_crowded([Gpu("GPU-1a", "A100", 8.0, memory)], cells)
    assert ("may not fit into the memory of the GPU" in " ".join(capsys.readouterr().err.split())) == warned


def test_without_a_gpu_nothing_is_said(capsys):
    note_crowded([], 100)
    assert capsys.readouterr().err == ""
