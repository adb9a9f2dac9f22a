"""How much one client may ask, so that the server stays up for the others."""

import ipaddress
import math
import threading
import time
from collections import Counter, OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from transferpain.core.errors import UserError

MOST_CLIENTS = 4096  # of which the rate is remembered; the one that was silent longest is forgotten first
BURST_SECONDS = 3


@dataclass(frozen=True)
class Limits:
    """What a request may be like.

    Attributes:
        rate: requests per second and client, on average; `BURST_SECONDS` times as many at once.
        body_bytes: of a picture.
        body_seconds: within which a body has to arrive.
        at_once: requests that are being received or assessed; each holds a body and a picture in memory. See `Places`.
        connections: open ones, at most; fewer where the process may have few files open.
        connections_of_client: those of one client; more than the requests that it may have under way.
        idle_seconds: within which the whole head of a request has to arrive, after the connection was opened or the
            answer before was sent.
        request_seconds: within which a request has to arrive and is answered.

    Raises:
        UserError: if the rate is no number above 0.
    """

    rate: float = 10
    body_bytes: int = 8_000_000
    body_seconds: float = 20
    at_once: int = 32
    connections: int = 256
    connections_of_client: int = 24
    idle_seconds: float = 10
    request_seconds: float = 60

    def __post_init__(self):
        if not 0 < self.rate < math.inf:
            raise UserError(
                "The rate is no number of requests.",
                rule="A client may send a number of requests a second, above 0.",
                received=self.rate,
                todo="Give --rate a number, such as 10.",
            )


def client_of(host: str) -> str:
    """Return who is at an address: of IPv6 the network of 64 bits, all of which whoever has one address usually has."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return host
    if address.version == 4:
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((address, 64), strict=False))


class Places:
    """The requests under way: of one client no more than are left free for the others.

    So one client has half of the places at most, a second one half of what is left, and so on: of 32 places two
    clients leave 8, and five leave one. Used in one thread only.
    """

    def __init__(self, most: int):
        """Have so many places, all of them free."""
        self._most = most
        self._taken: Counter[str] = Counter()

    def take(self, client: str) -> bool:
        """Take a place for a request of a client; False if it has its share already, or none is free."""
        free = self._most - self._taken.total()
        if self._taken[client] >= free:
            return False
        self._taken[client] += 1
        return True

    def give_back(self, client: str) -> None:
        """Note that a request of a client is answered."""
        self._taken[client] -= 1
        self._taken += Counter()  # drops who has none


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
        now, client = self._clock(), client_of(client)
        with self._lock:
            left, then = self._buckets.pop(client, (self._most, now))
            left = min(self._most, left + (now - then) * self._rate)
            passes = left >= 1
            self._buckets[client] = (left - passes, now)
            if len(self._buckets) > MOST_CLIENTS:
                self._buckets.popitem(last=False)
        return 0 if passes else math.ceil((1 - left) / self._rate)
