"""How long works take on so many processors, by playing the schedule through: for --dry-run, nothing is computed.

Assumed: works are begun as the executors begin them, the longest way first; a work takes its estimate, divided by its
threads, and the start of its process; times differ from the estimates by a factor that is log-normal.
"""

import heapq
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from transferpain.core.contracts import Stage
from transferpain.experiments.estimate import ESTIMATED_ON
from transferpain.experiments.executors.base import Work
from transferpain.experiments.executors.order import Order, ways
from transferpain.experiments.schema import Experiment
from transferpain.experiments.shares import SHARE_SECONDS

# To start a process that imports the libraries.
START_SECONDS = 10.0
# Of the logarithm: two of three works take between 0.74 and 1.35 times as long as estimated.
SPREAD = 0.3
DRAWS = 20
COLUMNS = ["processors", "hours", "with stragglers", "longest way", "busy", "processor hours"]


@dataclass(frozen=True)
class Played:
    """A schedule that was played through.

    Attributes:
        seconds: until the last work ends.
        busy: share of the processors' time in which they compute.
    """

    seconds: float
    busy: float


def play(works: Sequence[Work], seconds: Mapping[str, float], slots: int) -> Played:
    """Play a schedule through.

    Args:
        works: what is computed.
        seconds: name -> how long each takes.
        slots: how many are computed at a time.
    """
    order, now, running = Order(works), 0.0, []
    while not order.is_over:
        while len(running) < slots and (work := order.next()) is not None:
            heapq.heappush(running, (now + seconds[work.name], work.name))
        now, name = heapq.heappop(running)
        order.end(name, "")
    return Played(now, sum(seconds.values()) / (now * slots) if now else 0.0)


def works_of_stages(chains: Sequence[tuple[Experiment, Sequence[Stage]]]) -> list[Work]:
    """Return the works of experiments as many machines would share them: a stage that two experiments share is one.

    Args:
        chains: each experiment with its stages, those of its sources first, as `estimate` returns them.
    """
    found: dict[tuple, tuple[str, ...]] = {}
    works: list[Work] = []
    for experiment, stages in chains:
        threads = experiment.threads or ESTIMATED_ON
        before: tuple[str, ...] = ()  # the last of the source, then of the stage before
        for stage in stages:
            if stage.work_key not in found:
                seconds = stage.seconds * ESTIMATED_ON / threads
                shared = stage.name.startswith(("faces ", "features "))
                parts = max(1, math.ceil(seconds / SHARE_SECONDS)) if shared else 1
                names = tuple(f"{len(found)}-{part}" for part in range(parts))
                after = () if stage.name.startswith("faces ") else before
                works += [Work(name, experiment, after=after, seconds=seconds / parts) for name in names]
                found[stage.work_key] = names
            faces = stage.name.startswith("faces ")
            before = (*before, *found[stage.work_key]) if faces else found[stage.work_key]
    return works


def schedule_rows(works: Sequence[Work], processors: Sequence[int], threads: int) -> list[list[str]]:
    """Return a row for each number of processors: hours, also with stragglers, and how many of them compute.

    Args:
        threads: of each work.
    """
    start = {work.name: START_SECONDS for work in works}
    expected = {work.name: work.seconds + start[work.name] for work in works}
    longest = max(ways([_with(work, expected[work.name]) for work in works]).values(), default=0.0)
    rows = []
    for number in processors:
        slots = max(1, number // threads)
        plain = play(works, expected, slots)
        random = np.random.default_rng(0)
        drawn = []
        for _ in range(DRAWS):
            factors = random.lognormal(0.0, SPREAD, len(works))
            late = {
                work.name: work.seconds * factor + start[work.name] for work, factor in zip(works, factors, strict=True)
            }
            drawn.append(play(works, late, slots).seconds)
        hours = [plain.seconds, float(np.median(drawn)), longest]
        rows.append(
            [
                str(number),
                *(f"{value / 3600:.2f}" for value in hours),
                f"{plain.busy:.0%}",
                f"{plain.seconds / 3600 * number:.1f}",
            ]
        )
    return rows


def _with(work: Work, seconds: float) -> Work:
    return Work(work.name, work.experiment, after=work.after, seconds=seconds)
