"""Every benchmark runs at its smallest size and leaves a result that the table can show."""

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.__main__ import NAMES
from benchmarks.table import table
from transferpain.core.store import read_json

PROJECT = Path(__file__).parents[2]


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_a_benchmark_runs(name, tmp_path):
    command = [sys.executable, "-m", f"benchmarks.{name}", "--quick", "--out", tmp_path]
    result = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    facts = read_json(tmp_path / f"{name}.json")
    assert facts["quick"] is True
    assert all(figure["value"] > 0 for figure in facts["figures"])
    assert table(tmp_path).count(f"| {name} |") == len(facts["figures"])


def test_no_quick_result_is_kept_in_the_repository():
    results = [read_json(path) for path in (PROJECT / "benchmarks" / "results").glob("*.json")]
    assert not any(result["quick"] for result in results)
