from pathlib import Path

import pytest

from transferpain.apps.serve.access import (
    Certificate,
    as_in_header,
    choose_certificate,
    decide_access,
    host_of,
    is_loopback,
)
from transferpain.core.errors import UserError

FILES = Certificate(Path("cert.pem"), Path("key.pem"))


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1", "localhost"])
def test_this_machine_alone_needs_nothing(host):
    access = decide_access(host, 8443)
    assert is_loopback(host)
    assert (access.token, access.tls, access.names[0]) == (None, False, host)
    assert access.url(8443) == f"http://{'[::1]' if host == '::1' else host}:8443/"


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "pain.example"])
def test_others_need_tls_and_get_a_token(host):
    with pytest.raises(UserError, match="needs TLS"):
        decide_access(host, 8443)
    with pytest.raises(UserError, match="needs TLS"):
        decide_access(host, 8443, token="x" * 40)
    first, second = (decide_access(host, 8443, self_signed=True) for _ in range(2))
    assert len(first.token) >= 32
    assert first.token != second.token
    assert first.tls
    assert first.url(443).endswith(f":443/#token={first.token}")
    assert decide_access(host, 8443, certificate=FILES, token="a chosen one, long").token == "a chosen one, long"


def test_a_given_name_is_shown_first():
    access = decide_access("192.168.1.5", 1, names=("Pain.example",), self_signed=True)
    assert access.names[:2] == ("pain.example", "192.168.1.5")
    assert "0.0.0.0" not in decide_access("0.0.0.0", 1, self_signed=True).names


def test_a_token_is_asked_for_on_this_machine_too_if_it_is_given():
    access = decide_access("127.0.0.1", 8443, token="with a # in it and more")
    assert access.url(1) == "http://127.0.0.1:1/#token=with%20a%20%23%20in%20it%20and%20more"


@pytest.mark.parametrize("token", ["", "short", "x" * 15, "ü" * 20, "line\nbreak in a header"])
def test_a_bad_token_is_refused_and_not_shown(token):
    with pytest.raises(UserError, match="characters") as caught:
        decide_access("127.0.0.1", 8443, token=token)
    assert not token or token not in str(caught.value)


def test_one_certificate():
    assert choose_certificate(None, None) is None
    assert choose_certificate(FILES.certificate, FILES.key) == FILES
    for given in ((FILES.certificate, None), (None, FILES.key)):
        with pytest.raises(UserError, match="together"):
            choose_certificate(*given)
    with pytest.raises(UserError, match="both"):
        decide_access("0.0.0.0", 8443, certificate=FILES, self_signed=True)


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("LocalHost:80", "localhost"),
        ("127.0.0.1", "127.0.0.1"),
        ("[::1]:8443", "::1"),
        ("pain.example.:1", "pain.example"),
        ("", ""),
        ("localhost.evil.example", "localhost.evil.example"),
    ],
)
def test_the_name_in_a_host_header(header, name):
    assert host_of(header) == name


@pytest.mark.parametrize(
    ("name", "written"),
    [
        *(("Ü", "xn--tda"), ("pain.example", "pain.example"), ("münchen.example", "xn--mnchen-3ya.example")),
        *(("[::1]", "::1"), ("2001:DB8::0:1", "2001:db8::1"), ("my_host-1", "my_host-1"), ("a" * 63, "a" * 63)),
    ],
)
def test_a_name_stands_as_browsers_write_it(name, written):
    assert as_in_header(name) == written
    assert decide_access("127.0.0.1", 1, names=(name,)).names[0] == written


@pytest.mark.parametrize(
    "name", ["", ".", "a b", "a..b", "-a", "a/b", "a" * 64, "a." * 130, "a\nb", "a:b", "\u202e", "*.x"]
)
def test_a_name_that_no_host_can_have_is_refused(name):
    with pytest.raises(UserError, match="no name of a host"):
        decide_access("127.0.0.1", 1, names=(name,))


def test_a_machine_whose_own_name_no_host_can_have_is_reached_by_its_addresses(monkeypatch):
    monkeypatch.setattr("socket.gethostname", lambda: "my host")
    names = decide_access("0.0.0.0", 1, self_signed=True).names
    assert "my host" not in names
    assert names[-3:] == ("localhost", "127.0.0.1", "::1")
