"""Works on the faces of a small twin, under the conditions of a cluster, and what happens while they are computed."""

import threading
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path

from tests.command_line import EXPERIMENTS
from tests.small_study import tiny
from tests.waiting import wait_until
from transferpain.data.places import Places
from transferpain.experiments.executors.base import Conditions, Work
from transferpain.inputs.faces.shards import SHARDS

ALL = tuple(range(SHARDS))
CLIPS = 9  # of the twin that the task labels


def faces_work(name: str = "faces", shards: tuple[int, ...] = ALL, **changes: object) -> Work:
    return Work(name, tiny(EXPERIMENTS, **{"threads": 1} | changes), "faces", shards)


def conditions(cluster, data_root: Path, workspace: Path, started: Callable = lambda work, node: None) -> Conditions:
    return Conditions(EXPERIMENTS, Places(data_root, workspace), workspace / "logs", 1, cluster.address, started)


def faces_in(workspace: Path) -> dict[Path, int]:
    """Return the cached faces, and when each was written."""
    return {path: path.stat().st_mtime_ns for path in (workspace / "cache" / "faces").rglob("*.parquet")}


@contextmanager
def once(event: Callable[[], bool], action: Callable[[], object]):
    """Act in another thread as soon as an event comes; see that it came."""
    done = []

    def watch() -> None:
        wait_until(event)
        action()
        done.append(True)

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    yield
    watcher.join()
    assert done
