import gc
import json
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.command_line import transferpain
from tests.forked_program import fork_workers
from tests.made_once import made_once
from tests.order import rank
from tests.parts import skipped_module
from tests.small_study import write_small_study
from transferpain.data.synthetic.settings import TwinSettings
from transferpain.data.synthetic.twins import write_twin

# The same examples each time; and no limit on seconds, which any example may exceed on a busy machine.
settings.register_profile("repeatable", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("repeatable")

# Until the tests are collected: see `pytest_collection_finish`.
gc.disable()

fork_workers()

ANSWER = ".answer.json"  # beside a workspace: what the command printed that ran in it


def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> pytest.Module | None:
    """Let a file of tests whose packages are not installed be skipped, not fail."""
    return skipped_module(module_path, parent)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the longest files begin first."""
    items.sort(key=lambda item: rank(item.path))


def pytest_collection_finish() -> None:
    """Spare Python the search for garbage among the libraries and tests, which all stay to the end.

    As it is, a seventh of the time of the tests of reports goes into it: it begins anew after each 700 objects, of
    which a figure makes thousands, and looks at everything that is there.
    """
    _keep_what_is_there()
    gc.enable()
    gc.set_threshold(20_000, 10, 5)


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """Spare it what a file of tests leaves behind, too: layers and graphs that libraries keep are millions of objects.

    In the process that had the tests of all networks, those of the sections of reports took six times as long.
    """
    if nextitem is not None and nextitem.path != item.path:
        _keep_what_is_there()


def _keep_what_is_there() -> None:
    gc.collect()
    gc.freeze()


def _draw_small_twin(root: Path) -> None:
    for dataset in ("biovid", "ai4pain"):
        write_twin(dataset, root, TwinSettings(subjects=4, clips=1, seconds=0.5), lambda frames: None)


@pytest.fixture(scope="session")
def small_twin(tmp_path_factory) -> Path:
    """A data root with a BioVid and an AI4Pain twin: four people, one clip per class, half a second per clip."""
    return made_once("twin", _draw_small_twin, tmp_path_factory)


def _run_small_study(workspace: Path) -> None:
    study = write_small_study(workspace / "experiments")
    result = transferpain("run", study, "--workspace", workspace)
    assert result.returncode == 0, result.stderr
    answer = {"args": str(study), "returncode": 0, "stdout": result.stdout, "stderr": result.stderr}
    workspace.with_suffix(ANSWER).write_text(json.dumps(answer), encoding="utf-8")


@pytest.fixture(scope="session")
def finished_study(tmp_path_factory):
    """A workspace in which the small study has run, its file, and what the command printed."""
    workspace = made_once("workspace", _run_small_study, tmp_path_factory)
    answer = json.loads(workspace.with_suffix(ANSWER).read_text(encoding="utf-8"))
    return workspace, Path(answer["args"]), subprocess.CompletedProcess(**answer)
