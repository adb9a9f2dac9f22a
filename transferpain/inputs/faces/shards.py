"""Clips shared out among machines: each clip is in one of 256 shards, by the first digits of its faces' cache key.

Whoever computes some shards holds a lock for each of them, so that two experiments that want one clip compute it once.
What one process computes alone, it holds as a whole.
"""

import fcntl
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from transferpain.core.locks import PLAIN, has_no_locks, locks_are_off, no_locks

SHARDS = 256


def shard_of(face_key: str) -> int:
    """Return the shard of a clip, 0 to 255, by the cache key of its faces."""
    return int(face_key[:2], 16)


@contextmanager
def holding(lock: Path, shards: Sequence[int], on_wait: Callable[[], object]) -> Iterator[None]:
    """Hold shards for this process, beside those who hold others; wait for those who hold one of these, or all.

    The system opens the locks of a process that was killed. A shard is a byte of `<lock>-shards`, and they are taken
    in ascending order, so that no two processes wait for each other.

    Args:
        lock: the file that `store.one_process` holds as a whole; it is made, and stays.
        on_wait: called once if another process has to be waited for.

    Raises:
        OSError: if the lock cannot be made.
        UserError: if its file system has no locks.
    """
    if locks_are_off():
        yield
        return
    lock.parent.mkdir(parents=True, exist_ok=True)
    # Two files: on a network's file system a lock of a whole file is one of all its bytes, and would stand in the way.
    whole, parts = (os.open(path, os.O_RDWR | PLAIN, 0o666) for path in (lock, lock.with_name(f"{lock.name}-shards")))
    waited = False
    try:
        for take in (lambda how: fcntl.flock(whole, fcntl.LOCK_SH | how), *map(_taking(parts), sorted(shards))):
            try:
                take(fcntl.LOCK_NB)
            except BlockingIOError:
                if not waited:
                    on_wait()
                waited = True
                take(0)
        yield
    except (OSError, NotImplementedError) as error:
        if has_no_locks(error):
            raise no_locks(lock) from error
        raise
    finally:
        os.close(whole)
        os.close(parts)


def _taking(handle: int) -> Callable[[int], Callable[[int], None]]:
    """Return what makes of a shard a function that takes its lock."""

    def of_shard(shard: int) -> Callable[[int], None]:
        return lambda how: fcntl.lockf(handle, fcntl.LOCK_EX | how, 1, shard)

    return of_shard


def dealt(weights: dict[int, float], tasks: int) -> list[tuple[tuple[int, ...], float]]:
    """Deal shards out into so many tasks of about equal weight, or as many as there are shards; the heaviest first.

    Args:
        weights: shard -> what it takes to compute it, such as frames.

    Returns:
        Ascending shards of each task, and their weight together.
    """
    hands: list[list[int]] = [[] for _ in range(min(tasks, len(weights)))]
    sums = [0.0] * len(hands)
    for shard in sorted(weights, key=lambda one: (-weights[one], one)):
        lightest = sums.index(min(sums))
        hands[lightest].append(shard)
        sums[lightest] += weights[shard]
    found = [(tuple(sorted(hand)), total) for hand, total in zip(hands, sums, strict=True)]
    return sorted(found, key=lambda each: -each[1])
