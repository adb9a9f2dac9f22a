"""Folders that the processes of one run of the tests share: the first that needs one makes it, the others wait."""

from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock

WORKERS = "popen-"  # begins the folder that each process of a run has in that of the run


def made_once(name: str, make: Callable[[Path], object], factory: pytest.TempPathFactory) -> Path:
    """Return a folder that is made once in a run of the tests, whatever number of processes it has.

    Nothing of it may be changed by a test, for another process may read it at that moment.

    Args:
        name: the folder's name.
        make: fills it; where it fails, the next process that needs the folder calls it in another one.
        factory: pytest's `tmp_path_factory`.
    """
    own = factory.getbasetemp()
    run = own.parent if own.name.startswith(WORKERS) else own
    place = run / f"{name}.place"
    with FileLock(run / f"{name}.lock"):
        if not place.is_file():
            folder = factory.mktemp(name)
            make(folder)
            place.write_text(str(folder), encoding="utf-8")
        return Path(place.read_text(encoding="utf-8"))
