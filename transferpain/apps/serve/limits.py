"""How much one client may ask, so that the server stays up for the others."""

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

MOST_CLIENTS = 4096  # of which the rate is remembered; the one that was silent longest is forgotten first
BURST_SECONDS = 3


@dataclass(frozen=True)
class Limits:
    """What a request may be like.

    Attributes:
        rate: requests per second and client, on average; `BURST_SECONDS` times as many at once.
        body_bytes: of a picture.
        body_seconds: within which a body has to arrive.
        at_once: requests that are being received or assessed; each holds a body and a picture in memory.
    """

    rate: float = 10
    body_bytes: int = 8_000_000
    body_seconds: float = 20
    at_once: int = 32


class RateLimit:
    """A bucket of requests for each client, which fills up steadily."""

    def __init__(self, rate: float, clock: Callable[[], float] = time.monotonic):
        """Allow `rate` requests per second and client."""
        self._rate = rate
        self._most = max(1.0, rate * BURST_SECONDS)
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()

    def wait_seconds(self, client: str) -> int:
        """Count a request of `client`; return 0 if it may pass, else in how many whole seconds it may."""
        now = self._clock()
        with self._lock:
            left, then = self._buckets.pop(client, (self._most, now))
            left = min(self._most, left + (now - then) * self._rate)
            passes = left >= 1
            self._buckets[client] = (left - passes, now)
            if len(self._buckets) > MOST_CLIENTS:
                self._buckets.popitem(last=False)
        return 0 if passes else math.ceil((1 - left) / self._rate)
