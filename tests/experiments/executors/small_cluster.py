"""A Ray cluster of several nodes on this machine: a head without processors, and nodes with one each."""

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tests.waiting import wait_until

OBJECTS = 80 * 1024 * 1024  # bytes of the store that the toolkit does not use; the least that Ray takes
MEMORY = 4_000_000_000


PATIENT = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_raylet_start_wait_time_s": "60",
    "RAY_agent_register_timeout_ms": "300000",
}
# On a busy machine a part of a node needs longer to begin than the node waits for it, a fixed time; then it is tried
# again.
ATTEMPTS = 8


def persistently(start: Callable[[], Any]) -> Any:
    """Return what `start` returns once a node has begun."""
    for attempt in range(ATTEMPTS):
        try:
            return start()
        except Exception as error:  # Ray raises no other
            if "timed out during startup" not in str(error) or attempt == ATTEMPTS - 1:
                raise


class SmallCluster:
    """Nodes that can be killed and added; each is a machine to Ray."""

    def __init__(self):
        os.environ.update(PATIENT)
        from ray.cluster_utils import Cluster

        common = {"object_store_memory": OBJECTS, "include_dashboard": False}
        head = {"num_cpus": 0, **common}
        self._cluster = persistently(lambda: Cluster(initialize_head=True, head_node_args=head))
        self._nodes: dict[str, object] = {}

    @property
    def address(self) -> str:
        return self._cluster.address

    def have(self, *names: str) -> None:
        """Have these nodes, and no others."""
        for name in [name for name in self._nodes if name not in names]:
            self.kill(name)
        for name in names:
            if name not in self._nodes:
                self.add(name)

    def add(self, name: str, **options: object) -> None:
        """Add a node with one processor."""
        settings = {"num_cpus": 1, "memory": MEMORY, "object_store_memory": OBJECTS} | options
        self._nodes[name] = persistently(lambda: self._cluster.add_node(node_name=name, **settings))

    def kill(self, name: str) -> None:
        """Kill all of a node at once, as where a machine loses power."""
        self._cluster.remove_node(self._nodes.pop(name), allow_graceful=False)

    def kill_head(self) -> None:
        """Kill the head, without which nobody knows of any work."""
        self._cluster.head_node.kill_gcs_server(False)

    def close(self) -> None:
        self._cluster.shutdown()


def toolkit_processes(folder: Path) -> list[int]:
    """Return the processes that nodes have started and that work below a folder."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            command = (entry / "cmdline").read_bytes().decode(errors="replace")
            opened = [os.readlink(one) for one in (entry / "fd").iterdir()]
        except OSError:
            continue
        if "executors.node" in command and any(str(folder) in path for path in opened):
            found.append(int(entry.name))
    return found


def hidden_node(address: str, name: str, hidden: Sequence[Path]) -> subprocess.Popen:
    """Start a node that sees an empty folder in place of each of some; it ends with its process."""
    ray = Path(sys.executable).with_name("ray")
    mounts = " && ".join(f"mount -t tmpfs none '{path}'" for path in hidden)
    start = f"'{ray}' start --address={address} --node-name={name} --num-cpus=1 --memory={MEMORY}"
    start += f" --object-store-memory={OBJECTS} --disable-usage-stats --block"
    return subprocess.Popen(
        ["unshare", "-rm", "sh", "-c", f"{mounts} && exec {start}"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def wait_for_processes(folder: Path, number: int) -> None:
    """Wait until so many processes of nodes work below a folder."""
    wait_until(lambda: len(toolkit_processes(folder)) == number)
