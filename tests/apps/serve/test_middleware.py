import pytest

from tests.apps.serve.drawn import JPEG, check_problem
from tests.apps.serve.running import running
from transferpain.apps.serve.access import decide_access
from transferpain.apps.serve.limits import Limits
from transferpain.apps.serve.middleware import HEADERS

TOKEN = "a token of this test"


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/", None, 200),
        ("GET", "/no", None, 404),
        ("POST", "/v1/assess", b"", 415),
        ("PUT", "/healthz", b"", 405),
    ],
)
def test_every_answer_has_the_headers(server, method, path, body, status):
    found, headers, _ = server.ask(method, path, body)
    assert found == status
    assert {name: headers[name] for name in HEADERS} == HEADERS
    assert "Access-Control-Allow-Origin" not in headers
    assert "Server" not in headers


def test_a_page_elsewhere_is_granted_nothing(server):
    asked = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    status, headers, _ = server.ask("OPTIONS", "/v1/assess", headers=asked)
    assert status == 405
    assert not [name for name in headers if name.lower().startswith("access-control")]


def test_too_many_requests_are_told_when_to_come_again(assessor):
    with running(assessor, Limits(rate=0.5)) as server:
        answers = [server.ask("GET", "/v1/models") for _ in range(3)]
        assert [answer[0] for answer in answers] == [200, 429, 429]
        assert 1 <= int(answers[1][1]["Retry-After"]) <= 2
        check_problem(answers[1][2], "too-many-requests")
        assert server.ask("GET", "/v1/models", headers={"X-Forwarded-For": "10.0.0.1"})[0] == 429
        assert server.ask("GET", "/healthz")[0] == 200


@pytest.mark.parametrize("sent", [None, "Bearer", f"Bearer {TOKEN}x", f"Basic {TOKEN}", "Bearer ü", TOKEN])
def test_a_wrong_token_opens_nothing(assessor, face, sent):
    with running(assessor, access=decide_access("127.0.0.1", 0, token=TOKEN)) as server:
        server.token = None
        headers = {"Authorization": sent.encode()} if sent else {}
        for method, path, body in (("POST", "/v1/assess", face), ("GET", "/v1/models", None), ("GET", "/v1/x", None)):
            status, found, answer = server.ask(method, path, body, JPEG | headers)
            assert (status, found["WWW-Authenticate"]) == (401, "Bearer")
            check_problem(answer, "token")
            assert TOKEN not in str(answer)
        assert server.ask("GET", "/v1/models", headers={"Authorization": f"Bearer {TOKEN}"})[0] == 200
        # The page is no secret; it has the token from its own address.
        assert server.ask("GET", "/")[0] == server.ask("GET", "/healthz")[0] == 200


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "192.168.1.5", ""])
def test_a_foreign_host_is_refused_everywhere(server, host):
    for path in ("/", "/healthz", "/v1/models", "/openapi.json"):
        status, _, answer = server.ask("GET", path, headers={"Host": host})
        assert status == 421
        check_problem(answer, "foreign-host")
    assert server.ask("GET", "/healthz", headers={"Host": f"LOCALHOST:{server.port}"})[0] == 200
