import pytest

from tests.experiments.executors.small_cluster import SmallCluster
from tests.parts import reason


@pytest.fixture(scope="session")
def whole_cluster():
    if why := reason("ray"):
        pytest.skip(why)
    cluster = SmallCluster()
    yield cluster
    cluster.close()


@pytest.fixture
def cluster(whole_cluster):
    """A cluster with the nodes `one` and `two`."""
    whole_cluster.have("one", "two")
    return whole_cluster
