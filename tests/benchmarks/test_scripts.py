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
STARTING = ("startup", "indexing")
# Figures with these words come from differences, which have either sign at so small a size: what order and more cues
# are worth, and the seconds of a stage without those of what it does once.
DIFFERENCES = {"twins": "", "extraction": "the stage", "backbones": ": the stage"}


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
    assert all(math.isfinite(figure["value"]) for figure in facts["figures"])
    assert all(figure["value"] > 0 or is_difference(name, figure["what"]) for figure in facts["figures"])
    assert table(tmp_path).count(f"| {name} |") == len(facts["figures"])


def is_difference(name: str, what: str) -> bool:
    return name in DIFFERENCES and DIFFERENCES[name] in what


def test_no_quick_result_is_kept_in_the_repository():
    results = [read_json(path) for path in (PROJECT / "benchmarks" / "results").glob("*.json")]
    assert not any(result["quick"] for result in results)
