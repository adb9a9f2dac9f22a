from collections.abc import Iterator

import pytest

from tests.apps.serve.running import RuleAssessor, Running, draw_person, encode, running


@pytest.fixture(scope="session")
def assessor() -> RuleAssessor:
    """An assessor without a network."""
    return RuleAssessor()


@pytest.fixture(scope="session")
def server(assessor) -> Iterator[Running]:
    """A server on this machine alone."""
    with running(assessor) as served:
        yield served


@pytest.fixture(scope="session")
def face() -> bytes:
    """A JPEG of one drawn person."""
    return encode(draw_person())
