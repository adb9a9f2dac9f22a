"""Which connections are open, of whom, and which one ends for a new one: nobody keeps the others out."""

import resource
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import count

from transferpain.apps.serve.limits import Limits, client_of

Address = tuple[str, int]
FILES_SHARE = 4  # of the files that the process may have open, one in so many is a connection
ACCEPTED_IN_TURN = 64  # before whoever is connected gets their turn


@dataclass
class Connection:
    """An open connection.

    Attributes:
        client: who is at the other end, see `client_of`.
        since: the time since when it does what it does: wait for a request, or have one under way.
        under_way: whether a request of it is.
        held: whether its request has arrived and is worked on, so that it is not ended for another one.
    """

    socket: socket.socket
    client: str
    since: float
    under_way: bool = False
    held: bool = False


class Connections:
    """The open connections of a server; used in its event loop only.

    A connection ends when it has waited `Limits.idle_seconds` for the whole head of a request, from the first byte on
    or none at all, or a request has taken `Limits.request_seconds`. Where a client has too many, or all together, its
    longest waiting one ends for the new one; in a crowd, one of the client that has most.
    """

    def __init__(self, limits: Limits, clock: Callable[[], float] = time.monotonic):
        """Hold none yet."""
        files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        self._most = limits.connections
        if files != resource.RLIM_INFINITY:
            self._most = max(1, min(self._most, files // FILES_SHARE))
        self._limits = limits
        self._clock = clock
        self._open: dict[Address, Connection] = {}

    def __len__(self) -> int:
        self._forget_closed()
        return len(self._open)

    def admit(self, connection: socket.socket, address: tuple) -> bool:
        """Take a new connection from an address; False if nothing can end for it, and it has to be closed."""
        self._forget_closed()
        client = client_of(address[0])
        own = [one for one in self._open.values() if one.client == client]
        if len(own) >= self._limits.connections_of_client:
            admitted = self._end_one(own)
        elif len(self._open) >= self._most:
            admitted = self._end_one(self._crowd())
        else:
            admitted = True
        if admitted:
            self._open[address[0], address[1]] = Connection(connection, client, self._clock())
        return admitted

    def begin(self, address: Address) -> None:
        """Note that the whole head of a request has come from an address."""
        self._turn(address, under_way=True)

    def end(self, address: Address) -> None:
        """Note that a request from an address is answered."""
        self._turn(address, under_way=False)

    @contextmanager
    def held(self, address: Address) -> Iterator[None]:
        """End this connection for no other one meanwhile."""
        connection = self._open.get(address)
        if connection is not None:
            connection.held = True
        try:
            yield
        finally:
            if connection is not None:
                connection.held = False

    def end_overdue(self) -> None:
        """End the connections that have waited, or been at work, for too long."""
        now = self._clock()
        for connection in list(self._open.values()):
            allowed = self._limits.request_seconds if connection.under_way else self._limits.idle_seconds
            if now - connection.since > allowed:
                self._shut(connection)
        self._forget_closed()

    def end_waiting(self) -> None:
        """End the connections that wait, or whose request has not arrived."""
        for connection in list(self._open.values()):
            if not connection.held:
                self._shut(connection)

    def _turn(self, address: Address, under_way: bool) -> None:
        connection = self._open.get(address)
        if connection is not None:
            connection.since, connection.under_way = self._clock(), under_way

    def _crowd(self) -> list[Connection]:
        """Return the connections of the client that has most."""
        of_clients: dict[str, list[Connection]] = {}
        for one in self._open.values():
            of_clients.setdefault(one.client, []).append(one)
        return max(of_clients.values(), key=len)

    def _end_one(self, connections: list[Connection]) -> bool:
        """End the one that is missed least: waiting before at work, the longest first. False if all are held."""
        free = [one for one in connections if not one.held]
        if not free:
            return False
        self._shut(min(free, key=lambda one: (one.under_way, one.since)))
        return True

    def _shut(self, connection: Connection) -> None:
        """Shut a connection; whoever reads it learns that it has ended, and closes it, with TLS or without."""
        with suppress(OSError):  # it has ended by itself
            connection.socket.shutdown(socket.SHUT_RDWR)
        self._open = {address: one for address, one in self._open.items() if one is not connection}

    def _forget_closed(self) -> None:
        self._open = {address: one for address, one in self._open.items() if one.socket.fileno() != -1}


class Listener(socket.socket):
    """A listening socket whose connections are counted before a byte of them, TLS' first ones too, is read."""

    def __init__(self, listening: socket.socket, connections: Connections):
        """Take the place of a listening socket."""
        super().__init__(fileno=listening.detach())
        self._connections = connections
        self._asked = count(1)

    def accept(self) -> tuple[socket.socket, tuple]:
        """Return the next connection that is admitted.

        Raises:
            BlockingIOError: if none waits, or, now and then, so that the others get their turn.
        """
        while next(self._asked) % ACCEPTED_IN_TURN:
            connection, address = super().accept()
            if self._connections.admit(connection, address):
                return connection, address
            connection.close()
        raise BlockingIOError

    def close(self) -> None:
        """Listen no longer, and end all connections but those whose request is worked on."""
        self._connections.end_waiting()
        super().close()
