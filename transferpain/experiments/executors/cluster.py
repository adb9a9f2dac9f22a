"""The machines of a Ray cluster: which there are, what they have, and whether they see what this one sees.

Usage statistics are off, nothing is put into an object store, and no environment is sent that would need a network.
"""

import json
import os
import signal
import socket
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from transferpain.core import locks, numerics, threads
from transferpain.core.errors import UserError
from transferpain.core.optional import require
from transferpain.data.places import Places
from transferpain.experiments.environment import NODE
from transferpain.experiments.executors import ray_task
from transferpain.experiments.executors.base import AUTO
from transferpain.experiments.executors.look import Seen, data_here, differences, looks, toolkit_here

# What a process takes over from this one, as one that `--jobs` starts does, whatever Ray was started with there: else
# it computes other last bits, works without locks, or looks for files elsewhere. Its threads and GPUs are told apart.
TAKEN_OVER = (
    *(name for name in numerics.VARIABLES if name not in (*threads.VARIABLES, "CUDA_VISIBLE_DEVICES")),
    *(locks.VARIABLE, "TRANSFERPAIN_ASSETS", "XDG_CACHE_HOME", "KERAS_HOME"),
)
LOOK_SECONDS = 120.0
CONNECT_SECONDS = 5.0
SHOWN = 5


@dataclass(frozen=True)
class Needs:
    """What a work takes of a machine while it is computed: processors, bytes of memory, GPUs."""

    processors: int
    memory: int
    gpus: int = 0


@dataclass(frozen=True)
class Node:
    """A machine of the cluster, and what works may use of it."""

    identity: str
    name: str
    processors: int
    memory: int
    gpus: int

    def holds(self, needs: Sequence[Needs]) -> bool:
        """Tell whether it is enough for all of these at a time."""
        return (
            sum(one.processors for one in needs) <= self.processors
            and sum(one.memory for one in needs) <= self.memory
            and sum(one.gpus for one in needs) <= self.gpus
        )

    def holds_at_once(self, needs: Needs) -> int:
        """Return how many of these it is enough for at a time."""
        gpus = self.gpus // needs.gpus if needs.gpus else self.processors
        return min(self.processors // needs.processors, self.memory // needs.memory, gpus)


@contextmanager
def connected(address: str) -> Iterator[None]:
    """Be a driver of the cluster; what was begun in it has ended in the end.

    Raises:
        UserError: if Ray is not installed, or no cluster answers at the address.
    """
    require("ray")
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    import ray
    from ray._private import worker

    # Ray would write what it notices of its machines to standard output, which holds results.
    worker._worker_logs_enabled = False
    if ray.is_initialized():
        yield
        return
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        check_answers(address)
        check_is_ray(address)
        ray.init(address=address, log_to_driver=False, logging_level="FATAL", configure_logging=True)
    except (ConnectionError, RuntimeError, ValueError, OverflowError, OSError) as error:
        raise UserError(
            "No Ray cluster was found.",
            rule="`ray start --head` begins one on the first machine, `ray start --address=HOST:PORT` adds another; "
            "all with the same versions of Ray and Python.",
            received=f"--address {address}: {str(error).splitlines()[0] if str(error) else type(error).__name__}",
            todo="Start it (docs/cluster.md), or name its address: --address HOST:PORT.",
        ) from error
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
    try:
        yield
    finally:
        ray.shutdown()


def check_answers(address: str) -> None:
    """Refuse an address where nobody answers; Ray itself would wait for a minute. Raises `OSError`."""
    host, colon, port = address.rpartition(":")
    if address != AUTO and not (colon and port.isdecimal()):
        raise ValueError("an address is HOST:PORT, or auto")
    if address != AUTO:
        with closing(socket.create_connection((host, int(port)), CONNECT_SECONDS)):
            return


def check_is_ray(address: str) -> None:
    """Refuse an address where something else answers; Ray itself would ask it for minutes. Raises `OSError`."""
    if address == AUTO:
        return
    import grpc
    from ray._private.grpc_utils import init_grpc_channel

    with closing(init_grpc_channel(address, [("grpc.enable_http_proxy", 0)])) as channel:
        try:
            grpc.channel_ready_future(channel).result(CONNECT_SECONDS)
        except grpc.FutureTimeoutError as error:
            raise ConnectionError("what answers there is no Ray") from error


def check_head() -> None:
    """Refuse to go on without the head of the cluster: without it, nobody knows what became of a work.

    Raises:
        UserError: if it does not answer any more.
    """
    import ray

    address = ray.get_runtime_context().gcs_address
    try:
        check_answers(address)
    except OSError as error:
        raise UserError(
            "The head of the Ray cluster does not answer any more.",
            rule="Without it no work can be begun, and none is heard of.",
            received=f"{address}: {error.strerror or error}",
            todo="Start the cluster again, then give the same command again: what was finished is kept.",
        ) from error


def nodes_now() -> dict[str, Node]:
    """Return the machines of the cluster that works can be computed on, by their identity."""
    import ray

    found = [one for one in ray.nodes() if one["Alive"] and one["Resources"].get("CPU", 0) >= 1]
    named = [(one, _name(one)) for one in found]
    names = [name for _, name in named]
    return {
        one["NodeID"]: Node(
            one["NodeID"],
            name if names.count(name) == 1 else f"{name}-{one['NodeID'][:6]}",
            int(one["Resources"]["CPU"]),
            int(one["Resources"].get("memory", 0)),
            int(one["Resources"].get("GPU", 0)),
        )
        for one, name in named
    }


def _name(node: dict[str, Any]) -> str:
    """Return the name that a machine was given when Ray was started there, or else its own."""
    given = node.get("NodeName") or ""
    return node["NodeManagerHostname"] if given in ("", node["NodeManagerAddress"]) else given


def begin(request: str, node: Node, needs: Needs, variables: dict[str, str]) -> Any:
    """Begin works on a machine, and return what Ray makes of them: each step is what `heard` reads next.

    Args:
        request: what the process reads, one line of JSON.
        variables: of its environment.
    """
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    # By value: a worker of Ray imports nothing of the toolkit.
    ray.cloudpickle.register_pickle_by_value(ray_task)
    task = ray.remote(max_calls=1, max_retries=0, num_returns="streaming")(ray_task.compute).options(
        num_cpus=needs.processors,
        num_gpus=needs.gpus,
        memory=needs.memory,
        scheduling_strategy=NodeAffinitySchedulingStrategy(node.identity, soft=False),
    )
    taken_over = {name: os.environ.get(name) for name in TAKEN_OVER}
    return task.remote(request, taken_over | variables | {NODE: node.name})


def heard(task: Any) -> dict[str, Any]:
    """Return what a task says next, see `ray_task.compute`; waits for it. Raises what Ray raises if it is lost."""
    import ray

    return json.loads(ray.get(next(task)))


def problems(
    nodes: Sequence[Node], places: Places, datasets: Sequence[str], folders: Sequence[Path] = ()
) -> dict[str, str]:
    """Look from each machine at what works read and write; return identity -> what it sees otherwise.

    Args:
        folders: that must be there besides.

    Raises:
        UserError: if the file system of the workspace has no locks.
    """
    import ray

    toolkit, data = toolkit_here(), data_here(places, datasets)
    found: dict[str, str] = {}
    with looks(places, datasets, [node.identity for node in nodes], folders) as asked:
        needs = Needs(0, 0)
        begun = {
            begin(json.dumps({"look": asdict(asked[node.identity])}), node, needs, threads.thread_variables(1)): node
            for node in nodes
        }
        ended, _ = ray.wait(list(begun), num_returns=len(begun), timeout=LOOK_SECONDS) if begun else ([], [])
        for task, node in begun.items():
            seen = _seen(task) if task in ended else f"it has not answered within {LOOK_SECONDS:.0f} s"
            if isinstance(seen, Seen):
                seen = "; ".join(differences(asked[node.identity], seen, toolkit, data))
            if seen:
                found[node.identity] = f"{node.name}: {seen}"
        for task in set(begun) - set(ended):
            ray.cancel(task, force=True)
    return found


def _seen(task: Any) -> Seen | str:
    """Return what a machine has seen, or why it could not look."""
    import ray

    try:
        said = heard(task)
    except ray.exceptions.RayError as error:
        return f"it could not be asked: {type(error).__name__}"
    return seen_of(said)


def seen_of(said: dict[str, Any]) -> Seen | str:
    """Return what a machine has seen that was asked, see `ray_task.compute`, or why it could not look."""
    answer = said.get("answer")
    if isinstance(answer, dict):
        try:
            return Seen(**answer)
        except TypeError:
            return "its toolkit is of another version, and answers otherwise"
    return f"the toolkit does not start there: {answer or said['said'] or said['code']}"


def refuse(found: dict[str, str]) -> None:
    """Refuse machines that see something else. Raises `UserError` that names them, if there are any."""
    if found:
        lines = [*list(found.values())[:SHOWN], *(["..."] if len(found) > SHOWN else [])]
        raise UserError(
            f"{len(found)} of the cluster's machines cannot be used; nothing was started.",
            rule="All machines see the same folders at the same paths, with locks that hold between them, and have "
            "the same toolkit, libraries and data.",
            received="\n".join(lines),
            todo="Mend these machines, or take them out of the cluster with `ray stop`.",
        )
