import urllib.request

import pytest

from tests.models.bundles.web import Web, serve
from transferpain.core.transfer import AUTHORIZATION, SameSafety, chunks, keep_authorization, open_address, save

CONTENT = bytes(range(256)) * 4000


@pytest.fixture(scope="module")
def server():
    with serve(Web(CONTENT)) as web:
        yield web


@pytest.fixture
def web(server):
    yield server
    server.length, server.break_after, server.redirect = None, None, ""


def request_for(url: str) -> urllib.request.Request:
    return urllib.request.Request(url)


@pytest.mark.parametrize("length", [None, "x", "9" * 400])
def test_a_file_is_saved_whole_whatever_is_said_of_its_length(length, web, tmp_path):
    web.length = length
    save(request_for(web.url), tmp_path / "file", len(CONTENT))
    assert (tmp_path / "file").read_bytes() == CONTENT


@pytest.mark.parametrize("length", [None, "x"])
@pytest.mark.parametrize("most", [len(CONTENT) - 1, 0])
def test_no_more_is_read_than_is_allowed_and_half_a_file_does_not_stay(most, length, web, tmp_path):
    web.length = length
    with pytest.raises(ValueError, match=f"^more than {most} bytes$"):
        save(request_for(web.url), tmp_path / "file", most)
    with open_address(request_for(web.url)) as response, pytest.raises(ValueError, match="more than"):
        assert sum(map(len, chunks(response, most))) <= most
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_breaks_off_does_not_stay(web, tmp_path):
    web.break_after = 1000
    (tmp_path / "file").write_text("before")
    with pytest.raises(ValueError, match="1,000 of 1,024,000 bytes"):
        save(request_for(web.url), tmp_path / "file", len(CONTENT))
    assert list(tmp_path.iterdir()) == []


def test_a_server_that_is_not_there_leaves_nothing(tmp_path):
    with pytest.raises(OSError, match="Connection refused"):
        save(request_for("http://127.0.0.1:9/file"), tmp_path / "file", 10)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("place", ["file:///etc/passwd", "ftp://127.0.0.1/x", "data:,x"])
def test_a_redirection_to_anything_but_the_web_is_refused(place, web, tmp_path):
    web.redirect = place
    with pytest.raises((ValueError, OSError), match=f"(?i)redirection to .*{place}"):
        save(request_for(web.url), tmp_path / "file", 10)


def test_a_redirection_from_an_encrypted_address_to_another_is_refused():
    request = request_for("https://host/model.zip")
    with pytest.raises(ValueError, match="a redirection to http://host/x"):
        SameSafety().redirect_request(request, None, 302, "", {}, "http://host/x")
    assert SameSafety().redirect_request(request, None, 302, "", {}, "https://other/x").full_url == "https://other/x"


@pytest.mark.parametrize(
    ("place", "goes"),
    [
        ("https://host/x", True),
        ("https://host:444/x", False),
        ("https://other/x", False),
        ("https://host.other/x", False),
    ],
)
def test_what_authorizes_a_request_goes_to_its_own_server_alone(place, goes):
    request = request_for("https://host/model.zip")
    keep_authorization(request, "Bearer secret")
    sent_on = SameSafety().redirect_request(request, None, 302, "", {}, place)
    assert dict(sent_on.header_items()).get(AUTHORIZATION) == ("Bearer secret" if goes else None)
    keep_authorization(request_for(place), None)
