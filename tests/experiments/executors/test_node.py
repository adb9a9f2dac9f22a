"""One process computes several works: each has its own answer, log and bits, whatever was computed there before."""

import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from tests.command_line import clean_environment
from tests.small_study import TINY, tiny, write_small_study
from transferpain.data.places import Places
from transferpain.experiments.executors.base import Work
from transferpain.experiments.executors.request import request_of
from transferpain.experiments.run_folder import RunFolder
from transferpain.experiments.schema import Experiment, load_experiment

NODE = "transferpain.experiments.executors.node"
FROZEN = {"threads": 1, "features": {"fps": 10}, "window": {"seconds": 0.5}, "seeds": [0], "training": TINY["training"]}


def answers(works: list[Work], folder: Path, data: Path, workspace: Path) -> list[str]:
    """Return what one process answers that is asked for works."""
    logs = workspace / "logs"
    request = request_of(works, folder, Places(data, workspace), lambda work: logs / f"{work.name}.txt")
    process = subprocess.Popen(
        [sys.executable, "-m", NODE],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=clean_environment(),
        text=True,
    )
    with process:
        process.stdin.write(request.text() + "\n")
        process.stdin.flush()
        said = [json.loads(line)["answer"] for line in process.stdout]
    assert process.returncode == 0, process.stderr
    return said


def experiments(folder: Path) -> list[Experiment]:
    """Return a network that is tuned, one that cannot be, and two heads."""
    lstm = {"source": "untrained", "backbone": "squeezenet", "faces": TINY["faces"], "name": "lstm"}
    return [
        load_experiment(folder / "small-biovid.yaml", {"threads": 1}),
        tiny(folder, name="wrong", dataset="ai4pain", task="unbc-five", threads=1),
        load_experiment(folder / "ai4pain-lstm.yaml", lstm | FROZEN),
        tiny(folder, name="ann", **FROZEN),
    ]


@pytest.mark.slow
def test_works_of_one_process_have_the_bits_that_they_have_in_another_order(small_twin, tmp_path):
    folder = tmp_path / "experiments"
    write_small_study(folder)
    works = [Work(one.name, one) for one in experiments(folder)]
    first, second = tmp_path / "first", tmp_path / "second"
    forward = answers(works, folder, small_twin, first)
    backward = answers(works[::-1], folder, small_twin, second)
    assert forward == backward[::-1]
    assert [bool(answer) for answer in forward] == [False, True, False, False]
    assert "The task unbc-five" in forward[1]
    for work in works:
        assert (first / "logs" / f"{work.name}.txt").is_file()
        if work.name != "wrong":
            one, other = (RunFolder(next(place.glob(f"runs/{work.name}-*"))) for place in (first, second))
            pd.testing.assert_frame_equal(one.predictions(), other.predictions(), check_exact=True)
