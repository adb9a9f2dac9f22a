"""The server under clients that wish it ill; its assessor needs no network and finds no face."""

import http.client
import socket
import time
from collections.abc import Sequence

import numpy as np
import pytest

from tests.apps.serve.drawn import FACTS, check_problem
from tests.apps.serve.running import running
from transferpain.apps.serve.access import decide_access
from transferpain.apps.serve.certificate import make_certificate
from transferpain.apps.serve.limits import Limits
from transferpain.apps.serve.refusals import Refusal
from transferpain.apps.serve.serve import configure
from transferpain.core.errors import UserError

POST = "POST /v1/assess HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/jpeg\r\n"


class Blind:
    """Finds no face in any picture."""

    facts = FACTS

    def assess(self, pictures: Sequence[np.ndarray]) -> list[Refusal]:
        return [Refusal(422, "no-face", "No face.") for _ in pictures]


def connect(port: int, sent: bytes = b"", host: str = "127.0.0.1") -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port), timeout=20, source_address=(host, 0))
    connection.sendall(sent)
    return connection


def test_silent_connections_keep_nobody_out(capfd):
    with running(Blind(), Limits(rate=1000)) as server:
        silent = [connect(server.port) for _ in range(200)]
        begun = time.monotonic()
        assert server.ask("GET", "/healthz")[0] == 200
        assert time.monotonic() - begun < 5
        ended = [one for one in silent if _has_ended(one)]
        assert len(silent) - len(ended) <= Limits().connections_of_client
        for one in silent:
            one.close()
    assert capfd.readouterr().err == ""


def _has_ended(connection: socket.socket) -> bool:
    connection.settimeout(0.001)
    try:
        return connection.recv(1) == b""
    except TimeoutError:
        return False
    except ConnectionError:
        return True


def test_who_never_sends_a_whole_head_is_not_waited_for():
    with running(Blind(), Limits(rate=1000, idle_seconds=0.1)) as server:
        for sent in (b"", b"GET", b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Long: "):
            with connect(server.port, sent) as connection:
                assert connection.recv(100) == b""


@pytest.mark.slow
def test_who_never_begins_to_speak_tls_is_not_waited_for(tmp_path):
    access = decide_access("127.0.0.1", 0, self_signed=True)
    files, _ = make_certificate(access.names, tmp_path)
    with (
        running(Blind(), Limits(rate=1000, idle_seconds=0.2), access, files) as server,
        connect(server.port) as connection,
    ):
        assert connection.recv(100) == b""
        assert server.ask("GET", "/healthz")[0] == 200


@pytest.mark.slow
def test_slow_bodies_of_two_clients_leave_room_for_their_health_and_for_others():
    limits = Limits(rate=1000, at_once=8, connections_of_client=6)
    with running(Blind(), limits) as server:
        begun = f"{POST}Content-Length: 1000\r\n\r\n".encode()
        slow = [connect(server.port, begun, host) for host in ("127.0.0.1", "127.0.0.2") for _ in range(6)]
        assert server.ask("GET", "/healthz")[0] == 200
        other = http.client.HTTPConnection("127.0.0.1", server.port, source_address=("127.0.0.3", 0), timeout=20)
        other.request("POST", "/v1/assess", b"no picture", {"Content-Type": "image/jpeg"})
        assert other.getresponse().status == 415
        other.close()
        for one in slow:
            one.close()


def test_chunks_are_refused_and_the_connection_ends():
    with running(Blind(), Limits(rate=1000)) as server:
        for place in ("/v1/assess", "/healthz", "/"):
            head = POST.replace("/v1/assess", place) + "Transfer-Encoding: chunked\r\n\r\n"
            with connect(server.port, head.encode()) as connection:
                answer = b""
                while part := connection.recv(10_000):
                    answer += part
            assert answer.startswith(b"HTTP/1.1 411 ")
            assert b'"no-length"' in answer


@pytest.mark.slow
def test_a_body_of_crumbs_is_given_up():
    with running(Blind(), Limits(rate=1000)) as server:
        with connect(server.port, f"{POST}Content-Length: 100000\r\n\r\n".encode()) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            answer = b""
            for _ in range(5000):
                try:
                    connection.sendall(b"x")
                    time.sleep(0.0005)
                except ConnectionError:
                    break
            while part := _received(connection):
                answer += part
        assert answer == b"" or b'"crumbs"' in answer
        assert server.ask("GET", "/healthz")[0] == 200


def _received(connection: socket.socket) -> bytes:
    try:
        return connection.recv(10_000)
    except ConnectionError:
        return b""


@pytest.mark.slow
def test_messages_about_bad_requests_are_bounded(capfd):
    with running(Blind(), Limits(rate=1000)) as server:
        for _ in range(60):
            with connect(server.port, b"\x00\x01\r\n\r\n") as connection:
                _received(connection)
    said = capfd.readouterr().err
    assert 0 < said.count("Invalid HTTP request") <= 20
    assert "further messages of this minute are left out" in said


def test_a_key_with_a_password_is_refused_without_a_question(tmp_path):
    from cryptography.hazmat.primitives import serialization

    files, _ = make_certificate(("localhost",), tmp_path)
    key = serialization.load_pem_private_key(files.key.read_bytes(), None)
    locked = serialization.BestAvailableEncryption(b"secret")
    files.key.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, locked))
    with pytest.raises(UserError, match="certificate cannot be used"):
        configure(lambda *_: None, files)


@pytest.mark.slow
def test_it_stops_within_five_seconds_whatever_is_under_way(capfd):
    with running(Blind(), Limits(rate=1000)) as server:
        slow = [connect(server.port, f"{POST}Content-Length: 1000\r\n\r\n".encode()) for _ in range(3)]
        slow.append(connect(server.port))
        status, answer = server.assess(b"no picture")
        assert status == 415
        check_problem(answer, "not-a-picture")
        begun = time.monotonic()
    assert time.monotonic() - begun < 5
    for one in slow:
        one.close()
    assert "Traceback" not in capfd.readouterr().err
