"""The server as a client meets it: a real one, asked over the network."""

import re
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest

from tests.apps.serve.drawn import FACTS, JPEG, PAIN, RuleAssessor, check_problem, draw_person, encode
from tests.apps.serve.running import running
from transferpain.apps.serve.answers import DRAWN, RESEARCH, Assessment
from transferpain.apps.serve.limits import Limits


def send_raw(port: int, request: bytes, pause: float = 0.0) -> bytes:
    """Send bytes, wait, and return what comes until the server closes or says nothing more."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(request)
        time.sleep(pause)
        answer = b""
        while part := connection.recv(65536):
            answer += part
            if answer.endswith(b"}"):
                break
        return answer


def head(length: int, port: int, *more: str) -> bytes:
    lines = ["POST /v1/assess HTTP/1.1", f"Host: 127.0.0.1:{port}", "Content-Type: image/jpeg", *more]
    return ("\r\n".join([*lines, f"Content-Length: {length}"]) + "\r\n\r\n").encode()


def test_a_face_is_assessed(server):
    calm, in_pain = (server.assess(encode(draw_person(units=units))) for units in ({}, PAIN))
    assert calm[0] == in_pain[0] == 200
    answer = Assessment.model_validate(in_pain[1])
    assert answer.p_pain > calm[1]["p_pain"] + 0.15
    assert (answer.label, answer.main, answer.threshold) == ("no pain", "rule", 0.5)
    assert [model.label for model in answer.models] == ["no pain", None]
    assert answer.coverage == 0.5
    assert (answer.model_version, answer.synthetic, answer.notices) == (FACTS.model_version, True, [RESEARCH, DRAWN])
    # The drawn person's eyes stand in the middle of the picture.
    assert answer.face.left < 0.45 < 0.55 < answer.face.right
    assert answer.face.top < 0.5 < answer.face.bottom
    worth = {unit.unit: unit.standing for unit in answer.action_units}
    assert (worth[4], worth[6], worth[12]) == ("failed on real faces", "unvalidated", "checked on real faces")
    assert {unit.unit for unit in answer.action_units if unit.measure == "blendshape"} == {12}
    assert "proxies" in answer.action_units_from


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_other_formats_and_a_face_on_its_side(server, kind):
    picture = draw_person()
    assert server.assess(encode(picture, kind), f"image/{kind.lower()}")[0] == 200
    status, answer = server.assess(encode(np.rot90(picture).copy(), kind), f"image/{kind.lower()}; x=y")
    assert status in (200, 422)
    assert status == 200 or answer["error"] == "no-face"


def test_the_models_and_the_health_and_the_description(server):
    assert server.ask("GET", "/v1/models")[2] == FACTS.model_dump()
    assert server.ask("GET", "/healthz")[2] == {"status": "ok"}
    description = server.ask("GET", "/openapi.json")[2]
    assert set(description["paths"]) == {"/v1/assess", "/v1/models", "/healthz"}
    assert RESEARCH in description["info"]["description"]
    assert DRAWN in description["info"]["description"]
    operation = description["paths"]["/v1/assess"]["post"]
    assert set(operation["requestBody"]["content"]) == {"image/jpeg", "image/png", "image/webp"}
    for status, response in operation["responses"].items():
        schema = response["content"]["application/json"]["schema"]["$ref"]
        assert schema.endswith("/Assessment" if status == "200" else "/Problem")


def test_the_page_loads_nothing_from_elsewhere(server):
    status, headers, page = server.ask("GET", "/")
    assert status == 200
    assert headers["Content-Type"].startswith("text/html")
    parts = re.findall(rb'(?:src|href)="([^"]+)"', page)
    assert len(parts) == 3
    assert not re.search(rb"<script>|<style|style=|onclick", page)
    modules = {name for part in parts for name in [part.decode()]}
    for name in ("api", "camera", "main", "show", "trend"):
        modules.add(f"page/{name}.js")
    for part in modules:
        assert not part.startswith("http")
        status, headers, _ = server.ask("GET", f"/{part}")
        assert (status, headers["X-Content-Type-Options"]) == (200, "nosniff")
        assert headers["Content-Type"].partition(";")[0] in ("text/css", "text/javascript", "image/svg+xml")
    assert server.ask("GET", "/page/../app.py")[0] == 404
    assert server.ask("GET", "/page/%2e%2e/app.py")[0] == 404


@pytest.mark.parametrize(
    ("picture", "error"),
    [
        (np.full((240, 320, 3), 90, np.uint8), "no-face"),
        (np.hstack([draw_person(4)] * 3), "several-faces"),
        (np.vstack([draw_person(4), draw_person(7)]), "several-faces"),
    ],
)
def test_one_face_is_asked_for(server, picture, error):
    status, answer = server.assess(encode(cv2.resize(picture, None, fx=1.5, fy=1.5)))
    assert status == 422
    check_problem(answer, error)


@pytest.mark.parametrize(
    ("body", "kind", "status", "error"),
    [
        (b"", "image/jpeg", 400, "empty"),
        (b"{}", "application/json", 415, "wrong-type"),
        (b"face", "image/gif", 415, "wrong-type"),
        (b"face", "", 415, "wrong-type"),
        (b"face", "image/jpeg", 415, "not-a-picture"),
        (encode(draw_person())[:3000], "image/jpeg", 422, "damaged"),
        (encode(draw_person(), "GIF"), "image/png", 415, "not-a-picture"),
        (encode(draw_person()[:20]), "image/jpeg", 422, "too-small"),
    ],
)
def test_what_is_no_picture_is_refused(server, body, kind, status, error):
    found, answer = server.assess(body, kind)
    assert found == status
    check_problem(answer, error)
    assert server.ask("GET", "/healthz")[0] == 200


def test_addresses_without_anything_answer_in_the_same_form(server):
    for method, path, status in (("GET", "/nowhere", 404), ("GET", "/v1/assess", 405), ("GET", "/docs", 404)):
        found, _, answer = server.ask(method, path)
        assert found == status
        check_problem(answer, "address")


def test_a_body_that_is_too_large_is_not_read(assessor, face):
    with running(assessor, Limits(rate=1000, body_bytes=20_000)) as server:
        answer = send_raw(server.port, head(10**12, server.port))
        assert answer.startswith(b"HTTP/1.1 413 ")
        assert b'"too-large"' in answer
        assert server.assess(face)[0] == 200


def test_a_slow_client_is_not_waited_for(assessor, face):
    with running(assessor, Limits(rate=1000, body_seconds=0.3, at_once=1)) as server:
        answer = send_raw(server.port, head(1000, server.port) + b"\xff\xd8")
        assert answer.startswith(b"HTTP/1.1 408 ")
        assert b'"slow"' in answer
        assert server.assess(face)[0] == 200


def test_who_leaves_in_mid_request_harms_nobody(face, capfd):
    slow = RuleAssessor(delay=0.2)
    with running(slow, Limits(rate=1000, at_once=2)) as server:
        for content in (face[:500], face):
            with socket.create_connection(("127.0.0.1", server.port)) as connection:
                connection.sendall(head(len(face), server.port) + content)
        assert server.ask("GET", "/healthz")[0] == 200
        end = time.monotonic() + 20
        while (status := server.assess(face)[0]) == 503 and time.monotonic() < end:
            time.sleep(0.05)
        assert status == 200
    assert "Traceback" not in capfd.readouterr().err


def test_too_many_at_once_are_told_to_come_again(face):
    with running(RuleAssessor(delay=0.2), Limits(rate=1000, at_once=4)) as server:
        with ThreadPoolExecutor(6) as pool:
            asked = [pool.submit(server.ask, "POST", "/v1/assess", face, JPEG) for _ in range(6)]
            answers = [future.result() for future in asked]
        statuses = [status for status, _, _ in answers]
        assert statuses.count(200) >= 2
        assert set(statuses) == {200, 503}
        refused = next(answer for answer in answers if answer[0] == 503)
        assert refused[1]["Retry-After"] == "1"
        check_problem(refused[2], "busy")
        assert server.assess(face)[0] == 200


def test_what_waits_goes_together(face):
    slow = RuleAssessor(delay=0.15)
    with running(slow) as server:
        ready = threading.Barrier(9)

        def ask(_: int) -> int:
            ready.wait()
            return server.assess(face)[0]

        with ThreadPoolExecutor(9) as pool:
            assert set(pool.map(ask, range(9))) == {200}
    assert sum(slow.batches) == 9
    assert len(slow.batches) < 9
    assert max(slow.batches) <= 8


def test_a_fault_of_ours_is_told_and_the_next_is_served(assessor, face, capfd):
    with running(assessor) as server:
        ones = encode(np.ones((64, 64, 3), np.uint8), "PNG")
        status, headers, answer = server.ask("POST", "/v1/assess", ones, {"Content-Type": "image/png"})
        assert status == 500
        check_problem(answer, "fault")
        assert headers["Content-Security-Policy"]
        assert "this picture breaks" not in str(answer)
        assert server.assess(face)[0] == 200
    assert "this picture breaks the assessor" in capfd.readouterr().err


def test_no_picture_is_written(assessor, face, tmp_path, monkeypatch, capfd):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    noise = np.random.default_rng(0).integers(0, 8, (900, 1200, 3), dtype=np.uint8)
    large = encode(cv2.add(cv2.resize(draw_person(), (1200, 900)), noise), "PNG")
    assert len(large) > 1_100_000  # beyond what web frameworks keep in memory of a form
    with running(assessor) as server:
        assert server.assess(large, "image/png")[0] == 200
        assert server.assess(face[:-2000])[0] in (200, 422)
    assert list(tmp_path.iterdir()) == []
    assert capfd.readouterr() == ("", "")
