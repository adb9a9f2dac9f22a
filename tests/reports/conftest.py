import pytest

from tests.reports.run_folders import write_run
from transferpain.reports.facts import read_run


@pytest.fixture
def read(tmp_path):
    """Return what writes a run of drawn predictions and reads its facts."""
    return lambda name, predictions, **options: read_run(write_run(tmp_path, name, predictions, **options))
