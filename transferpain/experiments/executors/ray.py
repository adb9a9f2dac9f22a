"""The executor `ray`: processes on the machines of a Ray cluster, one for each work or some short ones.

Ray starts a task on a machine, and the task a process of the toolkit there: what is computed is what the executor
`local` computes. A work that is lost with its machine or its task is begun again elsewhere, and goes on with what it
had finished; one that fails by itself is not.
"""

import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from transferpain.core.errors import UserError
from transferpain.core.locks import locks_are_off
from transferpain.core.process import STOPPED
from transferpain.core.progress import note
from transferpain.core.threads import thread_variables, usable_processors
from transferpain.experiments.executors import cluster
from transferpain.experiments.executors.base import Conditions, Outcome, Work
from transferpain.experiments.executors.cluster import Needs, Node
from transferpain.experiments.executors.order import Order
from transferpain.experiments.executors.request import request_of
from transferpain.experiments.schema import Experiment
from transferpain.experiments.shares import SHARE_SECONDS
from transferpain.experiments.study import datasets_read

POLL_SECONDS = 0.5
# How often the cluster is asked which machines it has.
AGAIN_SECONDS = 2.0
# A work that was lost so often is given up: it may itself be what its machines die of.
LOSSES = 3
# So long is waited for a machine when all are gone.
PATIENCE_SECONDS = 300.0
END_SECONDS = 40.0
SHUN_SECONDS = 60.0
# How a process ends that somebody has ended there, as a job of Slurm or a machine that is taken away: it is lost, too.
ENDED_THERE = (*(-number for number in (signal.SIGHUP, signal.SIGINT, signal.SIGKILL, signal.SIGTERM)), STOPPED)
# Bytes that a process takes; the largest that was measured took 1.1 GB (benchmarks: `backbones`, `memory`).
MEMORY = {"run": 1_500_000_000, "features": 1_500_000_000, "faces": 500_000_000}


@dataclass(frozen=True)
class Running:
    """What was begun in one process, and where.

    Attributes:
        works: that it has not answered for yet; it computes the first of them.
    """

    works: tuple[Work, ...]
    node: Node
    needs: Needs


class OnRay:
    """Each work in a process of its own on some machine that sees what this one sees."""

    name = "ray"
    many_machines = True

    def room(self, experiments: Sequence[Experiment], conditions: Conditions) -> int:
        """Return how many processes the machines of the cluster compute at a time."""
        check_locks()
        with cluster.connected(conditions.address):
            return room_for([Work(one.name, one) for one in experiments], list(cluster.nodes_now().values()))

    def run(self, works: Sequence[Work], conditions: Conditions) -> Iterator[Outcome]:
        """Compute works on the cluster's machines."""
        if not works:
            return
        check_locks()
        with cluster.connected(conditions.address):
            machines = Machines(conditions, datasets_of([work.experiment for work in works], conditions))
            room_for(works, list(machines.all.values()))
            yield from _compute(Order(works), machines, conditions)


RAY = OnRay()


def check_locks() -> None:
    """Refuse to let several processes work where the user has said that one alone does. Raises `UserError`."""
    if locks_are_off():
        raise UserError(
            "Many machines need locks.",
            rule="Processes on several machines work in one workspace, and must not compute one thing twice.",
            received="--lock none",
            todo="Leave it out; the workspace stands on a file system with locks.",
        )


def datasets_of(experiments: Sequence[Experiment], conditions: Conditions) -> list[str]:
    """Return the datasets that experiments read, those of their sources too."""
    return sorted(set().union(*(datasets_read(one, conditions.folder) for one in experiments)))


class Machines:
    """The machines of the cluster that see what this one sees.

    Args:
        conditions: under which works are computed.
        datasets: that they read.

    Attributes:
        all: those that are there now.
        at_first: those that were there in the beginning.

    Raises:
        UserError: if one of them does not.
    """

    def __init__(self, conditions: Conditions, datasets: Sequence[str]):
        self._places, self._datasets = conditions.places, datasets
        self._folders = (conditions.folder.resolve(), Path.cwd())
        asked = cluster.nodes_now()
        unfit = cluster.problems(list(asked.values()), self._places, datasets, self._folders)
        # One that has died meanwhile is no machine of the cluster any more.
        self.all = {identity: node for identity, node in cluster.nodes_now().items() if identity in asked}
        self._unfit = {identity: problem for identity, problem in unfit.items() if identity in self.all}
        # A matrix that was begun on GPUs goes on there: a processor's answers have other last bits.
        self.at_first = list(self.all.values())
        cluster.refuse(self._unfit)
        self._asked = time.monotonic()
        self._shunned: dict[str, float] = {}

    def shun(self, node: Node) -> None:
        """Begin nothing for a while on a machine with which a task was lost: it takes Ray so long to call it dead."""
        self._shunned[node.identity] = time.monotonic() + SHUN_SECONDS

    def renew(self) -> None:
        """Ask again which machines there are; a new one is used if it sees what this one sees.

        Raises:
            UserError: if the head of the cluster is gone.
        """
        if time.monotonic() - self._asked < AGAIN_SECONDS:
            return
        cluster.check_head()
        now = cluster.nodes_now()
        new = [node for node in now.values() if node.identity not in self.all and node.identity not in self._unfit]
        if new:
            unfit = cluster.problems(new, self._places, self._datasets, self._folders)
            for problem in unfit.values():
                note(f"a machine that has joined the cluster is not used: {problem}")
            self._unfit |= unfit
        self.all = {identity: node for identity, node in now.items() if identity not in self._unfit}
        self._asked = time.monotonic()

    def free(self, needs: Needs, running: Sequence[Running]) -> Node | None:
        """Return the machine with the most processors left, if there is one for this."""
        now = time.monotonic()
        there = [node for node in self.all.values() if self._shunned.get(node.identity, 0.0) < now]
        used = {one.identity: [run.needs for run in running if run.node.identity == one.identity] for one in there}
        fitting = [node for node in there if node.holds([*used[node.identity], needs])]
        left = {node: node.processors - sum(one.processors for one in used[node.identity]) for node in fitting}
        return max(left, key=left.get, default=None)


def room_for(works: Sequence[Work], nodes: Sequence[Node]) -> int:
    """Return how many of works are computed at a time.

    Raises:
        UserError: if no machine is large enough for one of them.
    """
    wanted = list(dict.fromkeys(needs_of(work, nodes) for work in works))
    for needs in wanted:
        if not any(node.holds([needs]) for node in nodes):
            raise too_small(needs, nodes)
    most = max(wanted, key=lambda needs: (needs.processors, needs.memory))
    return sum(node.holds_at_once(most) for node in nodes)


def needs_of(work: Work, nodes: Sequence[Node]) -> Needs:
    """Return what a work takes: a whole GPU or none, and one wherever the cluster has any."""
    gpus = 1 if any(node.gpus for node in nodes) and work.does != "faces" else 0
    return Needs(threads_of(work), MEMORY[work.does], gpus)


def threads_of(work: Work) -> int:
    """Return how many threads a work is computed with: those that it states, or as many as this machine has.

    So it has the bits that the executor `local` gives it here.
    """
    return work.experiment.threads or usable_processors()


def too_small(needs: Needs, nodes: Sequence[Node]) -> UserError:
    """Return the error of a work that no machine is large enough for."""
    largest = ", ".join(
        f"{node.name}: {node.processors} processors, {node.memory / 1e9:.1f} GB, {node.gpus} GPUs" for node in nodes[:3]
    )
    return UserError(
        "No machine of the cluster is large enough.",
        rule="An experiment is computed with as many threads as it states (`threads`), or else as this machine has, "
        "and each thread has a processor: on another number, trainings end in other last bits.",
        received=f"{needs.processors} processors, {needs.memory / 1e9:.1f} GB and {needs.gpus} GPUs are needed; "
        + (largest or "the cluster has no machine with a processor for tasks"),
        todo="State fewer threads, as in --set threads=1, or add larger machines.",
    )


def share_of(ready: Sequence[Work], nodes: Sequence[Node]) -> tuple[Work, ...]:
    """Return the works that are begun next in one process: the first, and with a short one others as short.

    A process takes about as long to start as a small head to train. Those of one process are as long as a share of
    clips at most, and as half of what a machine would get of all: so no machine waits long for another in the end. A
    work whose time is not known is begun alone.

    Args:
        ready: works that can be begun, the one to begin first.
        nodes: the machines of the cluster.
    """
    first, *others = ready
    needs = needs_of(first, nodes)
    at_once = max(1, sum(node.holds_at_once(needs) for node in nodes))
    most = min(SHARE_SECONDS, sum(work.seconds for work in ready) / (2 * at_once))
    share, seconds = [first], first.seconds
    for work in others if first.seconds else []:
        if work.seconds and needs_of(work, nodes) == needs and seconds + work.seconds <= most:
            share.append(work)
            seconds += work.seconds
    return tuple(share)


def _compute(order: Order, machines: Machines, conditions: Conditions) -> Iterator[Outcome]:
    import ray

    running: dict[Any, Running] = {}
    losses: Counter[str] = Counter()

    def lose(work: Work) -> int:
        losses[work.name] += 1
        # The next process writes its log anew; there is none if this one had not begun.
        with suppress(FileNotFoundError):
            log = log_of(work, conditions)
            log.rename(log.with_name(f"{work.name}-lost-{losses[work.name]}.txt"))
        return losses[work.name]

    alone_since: float | None = None
    try:
        while running or not order.is_over:
            machines.renew()
            while ready := order.ready:
                needs = needs_of(ready[0], machines.at_first)
                node = machines.free(needs, list(running.values()))
                if node is None:
                    break
                one = Running(share_of(ready, machines.at_first), node, needs)
                order.begin(one.works)
                running[_begun(one, conditions)] = one
                conditions.started(one.works[0], node.name)
            alone_since = _check_goes_on(machines, ready, running, alone_since)
            ended, _ = ray.wait(list(running), timeout=POLL_SECONDS) if running else ([], time.sleep(POLL_SECONDS))
            for task in ended:
                one = running.pop(task)
                said = said_by(task, one.node, machines)
                if "answer" in said:
                    first, *rest = one.works
                    # It holds its machine until it has ended.
                    running[task] = replace(one, works=tuple(rest))
                    yield from order.end(first.name, said["answer"], one.node.name, said["seconds"])
                    if rest:
                        conditions.started(rest[0], one.node.name)
                elif one.works:
                    yield from _without_answer(one, said, order, lose)
    finally:
        _end(list(running))


def _begun(one: Running, conditions: Conditions) -> Any:
    request = request_of(one.works, conditions.folder, conditions.places, lambda work: log_of(work, conditions))
    return cluster.begin(request.text(), one.node, one.needs, thread_variables(one.needs.processors))


def _without_answer(
    one: Running, said: Mapping[str, Any], order: Order, lose: Callable[[Work], int]
) -> Iterator[Outcome]:
    """Say what becomes of a work whose process ended without an answer for it; those behind it are begun elsewhere.

    Args:
        lose: counts a work as lost, and returns how often it was.
    """
    first, *rest = one.works
    error = error_of(said, one.node)
    if error is None and lose(first) >= LOSSES:
        error = f"Its process was lost {LOSSES} times, the last time on {one.node.name}: its machine or its "
        error += "task was killed, perhaps for lack of memory. What it had finished is kept."
    if error is None:
        note(f"{first.name} was lost on {one.node.name}, and is begun again")
        order.again(first.name)
    else:
        yield from order.end(first.name, error, one.node.name, said.get("seconds", 0.0))
    for work in rest:
        order.again(work.name)


def _check_goes_on(
    machines: Machines, ready: Sequence[Work], running: Mapping[Any, Running], since: float | None
) -> float | None:
    """Return since when nothing runs and no machine is there for what is ready; `None` if it goes on.

    Raises:
        UserError: after some minutes.
    """
    if running or not ready:
        return None
    needs = needs_of(ready[0], machines.at_first)
    if any(node.holds([needs]) for node in machines.all.values()):
        return None
    if since is None:
        note("no machine is left in the cluster for what is to be computed: waiting for one")
        return time.monotonic()
    if time.monotonic() - since > PATIENCE_SECONDS:
        raise UserError(
            "No machine is left in the Ray cluster for what is to be computed.",
            rule=f"One must come back within {PATIENCE_SECONDS:.0f} seconds.",
            received=f"{len(machines.all)} machines; {ready[0].name} needs {needs.processors} processors, "
            f"{needs.memory / 1e9:.1f} GB and {needs.gpus} GPUs",
            todo="Start Ray on some, then give the same command again: what was finished is kept.",
        )
    return since


def said_by(task: Any, node: Node, machines: Machines) -> dict[str, Any]:
    """Return what a task says next, see `ray_task.compute`; nothing where Ray has lost it, whose machine is shunned."""
    import ray

    try:
        return cluster.heard(task)
    except ray.exceptions.RayTaskError as error:
        return {"failed": f"Its process could not be started on {node.name}: {error.cause}"}
    except ray.exceptions.RayError:
        machines.shun(node)
        return {}


def error_of(said: Mapping[str, Any], node: Node) -> str | None:
    """Return the user's error of a work whose process ended without an answer for it; `None` if it was lost."""
    if "failed" in said:
        return said["failed"]
    if not said or said["code"] in ENDED_THERE:
        return None
    ended = f"was killed by signal {-said['code']}" if said["code"] < 0 else f"ended with status {said['code']}"
    kept = "What it had finished is kept; the same command goes on from there."
    return f"Its process on {node.name} {ended}. {kept}" + (f"\n{said['said']}" if said["said"] else "")


def log_of(work: Work, conditions: Conditions) -> Path:
    """Return the file of a work's messages."""
    return conditions.logs / f"{work.name}.txt"


def _end(tasks: list[Any]) -> None:
    """End tasks, and wait until their processes have: first on request, then by force."""
    import ray

    for force in (False, True):
        for task in tasks:
            ray.cancel(task, force=force)
        until = time.monotonic() + END_SECONDS
        while tasks and (left := until - time.monotonic()) > 0:
            # One that says something has not ended: that may be an answer of before.
            for task in ray.wait(tasks, timeout=left)[0]:
                try:
                    cluster.heard(task)
                except (StopIteration, ray.exceptions.RayError):
                    tasks.remove(task)
