from pathlib import Path

import pytest


@pytest.fixture
def finished(finished_study) -> Path:
    """The workspace of the finished small study."""
    return finished_study[0]
