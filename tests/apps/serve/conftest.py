from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.apps.serve.drawn import RuleAssessor, draw_person, encode

if TYPE_CHECKING:
    from tests.apps.serve.running import Running


@pytest.fixture(scope="session")
def assessor() -> RuleAssessor:
    """An assessor without a network."""
    return RuleAssessor()


@pytest.fixture(scope="session")
def server(assessor) -> "Iterator[Running]":
    """A server on this machine alone."""
    from tests.apps.serve.running import running

    with running(assessor) as served:
        yield served


@pytest.fixture(scope="session")
def face() -> bytes:
    """A JPEG of one drawn person."""
    return encode(draw_person())
