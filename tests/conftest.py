from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.command_line import transferpain
from tests.parts import skipped_module
from tests.small_study import write_small_study
from transferpain.data.synthetic.settings import TwinSettings
from transferpain.data.synthetic.twins import write_twin

# The same examples each time; and no limit on seconds, which any example may exceed on a busy machine.
settings.register_profile("repeatable", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("repeatable")


def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> pytest.Module | None:
    """Let a file of tests whose packages are not installed be skipped, not fail."""
    return skipped_module(module_path, parent)


@pytest.fixture(scope="session")
def small_twin(tmp_path_factory) -> Path:
    """A data root with a BioVid and an AI4Pain twin: four people, one clip per class, half a second per clip."""
    root = tmp_path_factory.mktemp("twin")
    for dataset in ("biovid", "ai4pain"):
        write_twin(dataset, root, TwinSettings(subjects=4, clips=1, seconds=0.5), lambda frames: None)
    return root


@pytest.fixture(scope="session")
def finished_study(tmp_path_factory):
    """A workspace in which the small study has run, and what the command printed."""
    workspace = tmp_path_factory.mktemp("workspace")
    study = write_small_study(workspace / "experiments")
    result = transferpain("run", study, "--workspace", workspace)
    assert result.returncode == 0, result.stderr
    return workspace, study, result
