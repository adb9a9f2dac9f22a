import shutil

import pytest

from tests.models.bundles.bundles import save_small


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """The bundle of a small head; no test changes it."""
    return save_small(tmp_path_factory.mktemp("small") / "bundle")


@pytest.fixture
def bundle(small, tmp_path):
    """A copy of the small bundle that a test may change."""
    return shutil.copytree(small, tmp_path / "bundle")
