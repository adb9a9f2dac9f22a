import numpy as np
import pytest

from tests.models.bundles.web import Web, serve
from transferpain.core.errors import UserError
from transferpain.models.bundles import download as module
from transferpain.models.bundles.download import as_sent, download

CONTENT = np.random.default_rng(0).integers(0, 256, 1_000_000, dtype=np.uint8).tobytes()


@pytest.fixture
def web():
    with serve(Web(CONTENT)) as web:
        yield web


def break_off(web, folder, after: int = 400_000) -> None:
    """Fetch until the connection breaks."""
    web.break_after = after
    with pytest.raises(UserError, match="could not be fetched"):
        download(web.url, folder)
    web.break_after = None


def test_a_file_is_fetched_whole(web, tmp_path):
    assert download(web.url, tmp_path / "new").read_bytes() == CONTENT
    assert len(list((tmp_path / "new").iterdir())) == 1


def test_a_link_in_the_place_of_a_transfer_is_not_written_through(web, tmp_path):
    mine = tmp_path / "mine.txt"
    mine.write_text("mine")
    (tmp_path / "new").mkdir()
    path = download(web.url, tmp_path / "new")
    path.unlink()
    path.with_suffix(".part").symlink_to(mine)
    with pytest.raises(OSError, match="symbolic link"):
        download(web.url, tmp_path / "new")
    assert mine.read_text() == "mine"


def test_an_interrupted_transfer_goes_on_where_it_was(web, tmp_path):
    break_off(web, tmp_path)
    assert download(web.url, tmp_path).read_bytes() == CONTENT
    assert web.requests == [(None, 400_000), ("bytes=400000-", 600_000)]
    assert [path.suffix for path in tmp_path.iterdir()] == [".zip"]


def test_it_may_be_interrupted_again_and_again(web, tmp_path):
    for _ in range(3):
        break_off(web, tmp_path, 300_000)
    assert download(web.url, tmp_path).read_bytes() == CONTENT
    assert sum(sent for _, sent in web.requests) == len(CONTENT)


def test_another_file_on_the_server_starts_clean(web, tmp_path):
    break_off(web, tmp_path)
    web.content, web.etag = CONTENT[::-1], '"two"'
    assert download(web.url, tmp_path).read_bytes() == CONTENT[::-1]


def test_a_shorter_file_on_the_server_starts_clean(web, tmp_path):
    break_off(web, tmp_path)
    web.content = CONTENT[:100]
    assert download(web.url, tmp_path).read_bytes() == CONTENT[:100]


def test_a_server_without_parts_or_versions_starts_clean(web, tmp_path):
    break_off(web, tmp_path)
    web.ranges = False
    assert download(web.url, tmp_path / "a").read_bytes() == CONTENT
    web.ranges, web.etag = True, ""
    break_off(web, tmp_path / "b")
    assert download(web.url, tmp_path / "b").read_bytes() == CONTENT
    assert web.requests[-1] == (None, len(CONTENT))


def test_a_server_that_is_not_there_is_named(tmp_path):
    with pytest.raises(UserError, match=r"could not be fetched\.\nhttp://127.0.0.1:9/model.zip"):
        download("http://127.0.0.1:9/model.zip", tmp_path)


@pytest.mark.parametrize("length", [None, "x"])
def test_a_file_larger_than_any_model_is_refused_and_nothing_of_it_stays(web, tmp_path, monkeypatch, length):
    monkeypatch.setattr(module, "LARGEST_BYTES", 999_999)
    web.length = length
    with pytest.raises(UserError, match="No model is that large"):
        download(web.url, tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "url",
    [
        *("http://", "https:///model.zip", "http://[::1", "http://[nonsense]/x", "http://a b/x", "http://host:port/x"),
        *("http://host:99999/x", "http://user:secret@127.0.0.1/x", "http://" + "a" * 300 + "/x", "ftp://host/x"),
        *("file:///etc/passwd", "http://\n/x", "http://../x", "http://.x/"),
    ],
)
def test_an_address_that_is_none_is_refused_before_anything_is_sent(url, tmp_path):
    with pytest.raises(UserError, match="could not be fetched"):
        download(url, tmp_path)


@pytest.mark.parametrize(
    ("url", "sent"),
    [
        ("https://münchen.example/ä b?q=ü#x", "https://xn--mnchen-3ya.example/%C3%A4%20b?q=%C3%BC"),
        ("http://[::1]:80/a%20b", "http://[::1]:80/a%20b"),
        ("http://HOST/a\nb", "http://host/a%0Ab"),
    ],
)
def test_letters_beyond_ascii_are_encoded(url, sent):
    assert as_sent(url.replace("\n", "%0A")) == sent


def test_an_address_beyond_ascii_is_fetched(web, tmp_path):
    assert download(web.url.replace("model", "mödel"), tmp_path).read_bytes() == CONTENT


@pytest.mark.parametrize(
    "place", ["file:///etc/passwd", "ftp://127.0.0.1/x", "data:,x", "gopher://x/", "//", "http://[::1"]
)
def test_a_redirection_to_anything_but_the_web_is_refused(place, web, tmp_path):
    web.redirect = place
    with pytest.raises(UserError, match="could not be fetched"):
        download(web.url, tmp_path)
    assert not [path for path in tmp_path.iterdir() if path.stat().st_size]


def test_redirections_without_end_are_given_up(web, tmp_path):
    web.redirect = web.url
    with pytest.raises(UserError, match="could not be fetched"):
        download(web.url, tmp_path)


@pytest.mark.parametrize("length", ["9" * 5000, "²", "-1", "x"])
def test_a_length_that_is_none_is_not_believed(length, web, tmp_path):
    web.length = length
    assert download(web.url, tmp_path).read_bytes() == CONTENT
