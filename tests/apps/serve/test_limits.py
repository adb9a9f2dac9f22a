import pytest

from transferpain.apps.serve.limits import BURST_SECONDS, MOST_CLIENTS, Limits, Places, RateLimit, client_of
from transferpain.core.errors import UserError


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_client_may_burst_then_waits_and_others_do_not():
    clock = Clock()
    limit = RateLimit(2, clock)
    assert [limit.wait_seconds("a") for _ in range(2 * BURST_SECONDS)] == [0] * 2 * BURST_SECONDS
    assert limit.wait_seconds("a") == 1
    assert limit.wait_seconds("b") == 0
    clock.now = 0.5
    assert limit.wait_seconds("a") == 0
    assert limit.wait_seconds("a") == 1


def fill(places: Places, client: str) -> int:
    """Take all places that a client gets; returns how many."""
    taken = 0
    while places.take(client):
        taken += 1
    return taken


def test_a_client_gets_half_of_the_places_that_are_left():
    places = Places(32)
    assert [fill(places, client) for client in "abcdefg"] == [16, 8, 4, 2, 1, 1, 0]
    for _ in range(16):
        places.give_back("a")
    assert fill(places, "g") == 8
    assert fill(places, "b") == 0
    places.give_back("b")
    assert fill(places, "b") == 1


def test_places_that_were_given_back_are_forgotten():
    places = Places(3)
    for number in range(1000):
        assert places.take(str(number))
        places.give_back(str(number))
    assert not places._taken
    assert fill(places, "a") == 2
    assert fill(Places(1), "a") == 1


def test_silence_saves_no_more_than_a_burst():
    clock = Clock()
    limit = RateLimit(1, clock)
    limit.wait_seconds("a")
    clock.now = 1000
    assert [limit.wait_seconds("a") for _ in range(BURST_SECONDS + 1)] == [0] * BURST_SECONDS + [1]


def test_a_slow_rate_tells_how_long():
    limit = RateLimit(0.1, Clock())
    assert [limit.wait_seconds("a"), limit.wait_seconds("a")] == [0, 10]


def test_clients_are_forgotten_from_the_one_that_was_silent_longest():
    limit = RateLimit(0.1, Clock())
    for number in range(MOST_CLIENTS + 1):
        limit.wait_seconds(str(number))
    assert limit.wait_seconds("1") > 0
    assert limit.wait_seconds("0") == 0


@pytest.mark.parametrize(
    ("host", "client"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::1", "::/64"),
        ("unknown", "unknown"),
    ],
)
def test_of_ipv6_a_network_is_one_client(host, client):
    assert client_of(host) == client


def test_addresses_of_one_network_share_a_rate():
    limit = RateLimit(1, Clock())
    waits = [limit.wait_seconds(f"2001:db8::{number:x}") for number in range(BURST_SECONDS + 1)]
    assert waits == [0] * BURST_SECONDS + [1]
    assert limit.wait_seconds("2001:db8:0:1::1") == 0


@pytest.mark.parametrize("rate", [float("nan"), float("inf"), 0, -1])
def test_a_rate_that_is_none_is_refused(rate):
    with pytest.raises(UserError, match="no number of requests"):
        Limits(rate=rate)
