import socket

import pytest

from transferpain.apps.serve.connections import Connections, Listener
from transferpain.apps.serve.limits import Limits


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


class Ends:
    """Connections of clients, and whether each is still open at the client's end."""

    def __init__(self, **limits: float):
        self.clock = Clock()
        self.connections = Connections(Limits(**limits), self.clock)
        self.pairs: dict[tuple[str, int], tuple[socket.socket, socket.socket]] = {}

    def open(self, host: str, port: int) -> bool:
        self.clock.now += 0.001
        self.pairs[host, port] = socket.socketpair()
        return self.connections.admit(self.pairs[host, port][0], (host, port, 0, 0))

    def ended(self) -> list[tuple[str, int]]:
        """Return which connections have ended, and close them as a server does."""
        gone = []
        for address, (_, there) in self.pairs.items():
            there.setblocking(False)
            try:
                closed = there.recv(1) == b""
            except BlockingIOError:
                closed = False
            if closed:
                gone.append(address)
        for address in gone:
            for end in self.pairs.pop(address):
                end.close()
        return gone


@pytest.fixture
def make():
    made = []

    def start(**limits: float) -> Ends:
        made.append(Ends(**limits))
        return made[-1]

    yield start
    for ends in made:
        for pair in ends.pairs.values():
            for end in pair:
                end.close()


def test_one_that_never_sends_a_byte_ends(make):
    ends = make(idle_seconds=10)
    ends.open("a", 1)
    ends.clock.now += 9.9
    ends.connections.end_overdue()
    assert ends.ended() == []
    ends.clock.now += 0.2
    ends.connections.end_overdue()
    assert ends.ended() == [("a", 1)]
    assert len(ends.connections) == 0


def test_a_request_may_take_longer_than_silence_but_not_for_ever(make):
    ends = make(idle_seconds=10, request_seconds=60)
    ends.open("a", 1)
    ends.connections.begin(("a", 1))
    ends.clock.now += 59
    ends.connections.end_overdue()
    assert ends.ended() == []
    ends.connections.end(("a", 1))
    ends.clock.now += 9
    ends.connections.end_overdue()
    assert ends.ended() == []
    ends.connections.begin(("a", 1))
    ends.clock.now += 61
    ends.connections.end_overdue()
    assert ends.ended() == [("a", 1)]


def test_a_client_that_has_too_many_loses_its_longest_waiting_one_and_nobody_elses(make):
    ends = make(connections_of_client=3)
    ends.open("other", 1)
    for port in range(3):
        ends.open("a", port)
    ends.connections.begin(("a", 0))
    assert ends.open("a", 3)
    assert ends.ended() == [("a", 1)]
    assert ends.open("a", 4)
    assert ends.ended() == [("a", 2)]
    assert len(ends.connections) == 4


def test_a_crowd_ends_at_the_expense_of_whoever_has_most(make):
    ends = make(connections=6, connections_of_client=4)
    for port in range(4):
        ends.open("many", port)
    for host in ("b", "c"):
        ends.open(host, 1)
    assert ends.open("d", 1)
    assert ends.ended() == [("many", 0)]
    assert len(ends.connections) == 6


def test_what_is_worked_on_ends_for_nobody(make):
    ends = make(connections_of_client=1)
    ends.open("a", 1)
    with ends.connections.held(("a", 1)):
        assert not ends.open("a", 2)
    assert ends.ended() == []
    assert ends.open("a", 3)
    assert ends.ended() == [("a", 1)]


def test_addresses_of_one_ipv6_network_are_one_client(make):
    ends = make(connections_of_client=2)
    for port, host in enumerate(("2001:db8::1", "2001:db8::2", "2001:db8::ffff", "2001:db8:0:1::1")):
        ends.open(host, port)
    assert ends.ended() == [("2001:db8::1", 0)]


def test_at_the_end_only_what_is_worked_on_stays(make):
    ends = make()
    for port in range(3):
        ends.open("a", port)
    ends.connections.begin(("a", 1))
    with ends.connections.held(("a", 2)):
        ends.connections.end_waiting()
        assert ends.ended() == [("a", 0), ("a", 1)]


def test_an_unknown_address_changes_nothing(make):
    ends = make()
    ends.connections.begin(("nobody", 1))
    ends.connections.end(("nobody", 1))
    with ends.connections.held(("nobody", 1)):
        assert len(ends.connections) == 0


def test_a_listener_closes_whom_nothing_can_end_for_and_goes_on():
    connections = Connections(Limits(connections_of_client=1))
    with Listener(socket.create_server(("127.0.0.1", 0)), connections) as listener:
        listener.settimeout(5)
        with socket.create_connection(listener.getsockname()) as first:
            taken, address = listener.accept()
            with taken, connections.held(address):
                refused = socket.create_connection(listener.getsockname())
                listener.settimeout(0)
                with refused, pytest.raises(BlockingIOError):
                    listener.accept()
                assert len(connections) == 1
                assert connections.admit(taken, address) is False
        assert first.fileno() == -1
        assert len(connections) == 0
