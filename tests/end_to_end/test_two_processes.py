"""Two processes at once on one cache, and on one run, through the real command line."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.end_to_end.small_runs import assert_predicts_as, call, copy_parts, fail, succeed
from transferpain.core.cost import read_cost
from transferpain.core.store import is_intact

pytestmark = pytest.mark.slow


def test_two_experiments_fill_one_cache_at_once(finished, tmp_path):
    workspace = copy_parts(finished, tmp_path, "data")
    names = ("one", "other")
    with ThreadPoolExecutor(2) as threads:
        results = list(threads.map(lambda name: call("run", workspace, f"name={name}"), names))
    for name, result in zip(names, results, strict=True):
        succeed(result)
        assert_predicts_as(finished, workspace, name)
    for path in [*workspace.glob("cache/*/*/*.parquet"), *workspace.glob("cache/*/*/*.npy")]:
        assert is_intact(path)
    assert not list(workspace.rglob(".partial-*"))
    costs = [read_cost(path) for path in (workspace / "runs").iterdir()]
    clips = len(list(workspace.glob("cache/features/*/*.npy")))
    assert sum(cost.clips_embedded for cost in costs) == clips
    assert {cost.clips_embedded + cost.clips_from_cache for cost in costs} == {clips}


def test_one_run_at_once_is_one_process(finished, tmp_path):
    workspace = copy_parts(finished, tmp_path, "data", "cache")
    with ThreadPoolExecutor(2) as threads:
        results = list(threads.map(lambda _: call("run", workspace), range(2)))
    first, second = sorted(results, key=lambda result: result.returncode)
    succeed(first)
    assert "Another process is working on this run." in fail(second)
    succeed(call("run", workspace))
    assert_predicts_as(finished, workspace)
