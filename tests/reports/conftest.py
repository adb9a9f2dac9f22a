from pathlib import Path

import pytest

from tests.made_once import made_once
from tests.reports.run_folders import write_every_kind, write_run
from transferpain.core.store import write_text
from transferpain.reports.facts import read_run


@pytest.fixture
def read(tmp_path):
    """Return what writes a run of drawn predictions and reads its facts."""
    return lambda name, predictions, **options: read_run(write_run(tmp_path, name, predictions, **options))


@pytest.fixture(scope="session")
def every_kind(tmp_path_factory) -> list[Path]:
    """The folders that `write_every_kind` writes, in its order; no test changes them."""

    def make(folder: Path) -> None:
        write_text(folder / "order", "\n".join(map(str, write_every_kind(folder))))

    order = made_once("every-kind", make, tmp_path_factory) / "order"
    return [Path(line) for line in order.read_text(encoding="utf-8").splitlines()]
