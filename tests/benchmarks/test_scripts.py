"""Every benchmark runs at its smallest size and leaves a result that the table can show."""

import math
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.__main__ import NAMES
from benchmarks.table import table
from tests.forked_program import forked
from transferpain.core.store import read_json

PROJECT = Path(__file__).parents[2]
# They start new Pythons, and import no TensorFlow themselves: nothing would be spared.
STARTING = ("startup", "indexing", "cluster")
# What order and more cues are worth are differences, of either sign for so few people.
DIFFERENCES = ("twins",)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_a_benchmark_runs(name, tmp_path, monkeypatch):
    monkeypatch.chdir(PROJECT)
    module, options = f"benchmarks.{name}", ("--quick", "--out", tmp_path)
    if name in STARTING:
        command = [sys.executable, "-m", module, *options]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
    else:
        result = forked(*options, module=module)
    assert result.returncode == 0, result.stderr
    facts = read_json(tmp_path / f"{name}.json")
    assert facts["quick"] is True
    values = [figure["value"] for figure in facts["figures"]]
    assert all(math.isfinite(value) if name in DIFFERENCES else value > 0 for value in values)
    assert table(tmp_path).count(f"| {name} |") == len(facts["figures"])


def test_no_quick_result_is_kept_in_the_repository():
    results = [read_json(path) for path in (PROJECT / "benchmarks" / "results").glob("*.json")]
    assert not any(result["quick"] for result in results)
