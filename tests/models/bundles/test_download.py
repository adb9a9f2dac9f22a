import numpy as np
import pytest

from tests.models.bundles.web import Web, serve
from transferpain.core.errors import UserError
from transferpain.models.bundles import download as module
from transferpain.models.bundles.download import download

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


@pytest.mark.parametrize("etag", ['"one"', ""])
def test_a_file_larger_than_any_model_is_refused(web, tmp_path, monkeypatch, etag):
    monkeypatch.setattr(module, "LARGEST_BYTES", 999_999)
    with pytest.raises(UserError, match="No model is that large"):
        download(web.url, tmp_path)
    assert not list(tmp_path.glob("*.zip"))
