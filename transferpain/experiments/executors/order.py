"""Which work is begun next: those that nothing waits for come last, those on the longest way to the end first."""

import heapq
from collections.abc import Sequence

from transferpain.experiments.executors.base import Outcome, Work


class Order:
    """Works that are waiting, running or ended.

    Args:
        works: no two of one name; what one waits for is among them.

    Raises:
        ValueError: if that does not hold, or works wait for each other in a circle.
    """

    def __init__(self, works: Sequence[Work]):
        self._works = {work.name: work for work in works}
        if len(self._works) != len(works):
            raise ValueError(f"two works have one name: {sorted(work.name for work in works)}")
        self._ways = ways(works)
        self._lacking = {work.name: set(work.after) for work in works}
        self._behind: dict[str, list[str]] = {work.name: [] for work in works}
        for work in works:
            for name in self._lacking[work.name]:
                self._behind[name].append(work.name)
        self._waiting = set(self._works)
        self._running: set[str] = set()
        # Of equally long ways the first that was given comes first; one that is put back comes behind them.
        self._places = {work.name: place for place, work in enumerate(works)}
        self._ready = [self._rank(name) for name in self._works if not self._lacking[name]]
        heapq.heapify(self._ready)

    @property
    def is_over(self) -> bool:
        """True if every work has ended."""
        return not self._waiting and not self._running

    @property
    def ready(self) -> list[Work]:
        """Return the works that can be begun now, the one to begin first."""
        return [self._works[name] for _, _, name in sorted(self._ready)]

    def begin(self, works: Sequence[Work]) -> None:
        """Count works that are ready as running."""
        begun = {work.name for work in works}
        self._ready = [rank for rank in self._ready if rank[-1] not in begun]
        heapq.heapify(self._ready)
        self._waiting -= begun
        self._running |= begun

    def next(self) -> Work | None:
        """Return the work that is to be begun now, which then counts as running; `None` if all others wait."""
        if not self._ready:
            return None
        _, _, name = heapq.heappop(self._ready)
        self._waiting.remove(name)
        self._running.add(name)
        return self._works[name]

    def again(self, name: str) -> None:
        """Put a running work back: it was lost with its machine, or with the one before it."""
        self._running.remove(name)
        self._waiting.add(name)
        self._places[name] = max(self._places.values()) + 1
        heapq.heappush(self._ready, self._rank(name))

    def end(self, name: str, error: str, node: str = "", seconds: float = 0.0) -> list[Outcome]:
        """Say what became of a running work; return its outcome, and those of the works that cannot be begun for it."""
        self._running.remove(name)
        outcomes = [Outcome(name, error, node=node, seconds=seconds)]
        if not error:
            for behind in self._behind[name]:
                self._lacking[behind].remove(name)
                if not self._lacking[behind]:
                    heapq.heappush(self._ready, self._rank(behind))
            return outcomes
        lost, title = [name], self._works[name].title or name
        while lost:
            blocked = self._waiting.intersection(one for each in lost for one in self._behind[each])
            lost = sorted(blocked, key=self._rank)
            self._waiting -= blocked
            outcomes += [Outcome(one, f"its {title} failed: {error}", because_of=name) for one in lost]
        return outcomes

    def _rank(self, name: str) -> tuple[float, int, str]:
        return -self._ways[name], self._places[name], name


def ways(works: Sequence[Work]) -> dict[str, float]:
    """Return name -> seconds from the beginning of a work to the end of the longest chain that waits for it.

    Raises:
        ValueError: if a work waits for one that is not there, or for itself.
    """
    waiting: dict[str, list[str]] = {work.name: [] for work in works}
    for work in works:
        for name in work.after:
            if name not in waiting:
                raise ValueError(f"{work.name} waits for {name}, which is not among the works")
            waiting[name].append(work.name)
    seconds = {work.name: work.seconds for work in works}
    found: dict[str, float] = {}
    left = dict.fromkeys(waiting)
    while left:
        known = [name for name in left if all(one in found for one in waiting[name])]
        if not known:
            raise ValueError(f"works wait for each other in a circle: {sorted(left)}")
        for name in known:
            found[name] = seconds[name] + max((found[one] for one in waiting[name]), default=0.0)
            del left[name]
    return found
