import hashlib
import os
import socket
import subprocess
import sys
from dataclasses import replace

import pytest

from tests.core.assets.publisher import published
from transferpain.core.assets.asset import Asset, Place
from transferpain.core.assets.fetch import locate, read
from transferpain.core.errors import NotHere, UserError

CONTENT = bytes(range(256)) * 40
SMALL = Asset(
    name="small",
    file="small.bin",
    bytes=len(CONTENT),
    algorithm="sha256",
    digest=hashlib.sha256(CONTENT).hexdigest(),
    licence="MIT",
    url="http://127.0.0.1:1/small.bin",
    serves="these tests",
)
OTHER = bytes(len(CONTENT))


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """An assets folder that does not exist yet."""
    monkeypatch.setenv("TRANSFERPAIN_ASSETS", str(tmp_path / "assets"))
    return tmp_path / "assets"


def carried(path) -> Asset:
    """The asset, carried by a package that can be installed."""
    return replace(SMALL, places=(Place("the package carrier", lambda: path, "pip install carrier==1.0"),))


def closed_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def test_a_missing_file_is_fetched_once_and_then_found(folder):
    with published(CONTENT) as (url, asked):
        asset = replace(SMALL, url=url)
        assert locate(asset) == folder / "small.bin"
        assert locate(asset).read_bytes() == CONTENT
        assert len(asked) == 1


def test_the_package_that_carries_it_comes_before_the_network(tmp_path, folder):
    path = tmp_path / "carried.bin"
    path.write_bytes(CONTENT)
    assert locate(carried(path)) == path
    assert not folder.exists()


def test_other_bytes_in_the_package_are_passed_over(tmp_path, folder):
    path = tmp_path / "carried.bin"
    path.write_bytes(OTHER)
    with published(CONTENT) as (url, _):
        assert locate(replace(carried(path), url=url)) == folder / "small.bin"


@pytest.mark.parametrize(
    ("content", "received"),
    [(CONTENT[:-1], "has 10,239 bytes in place of 10,240"), (OTHER, "has the sha256"), (b"", "has 0 bytes")],
    ids=["cut short", "another file", "empty"],
)
def test_other_bytes_in_the_assets_folder_are_refused_though_a_package_has_it(tmp_path, folder, content, received):
    path = tmp_path / "carried.bin"
    path.write_bytes(CONTENT)
    folder.mkdir()
    (folder / "small.bin").write_bytes(content)
    with pytest.raises(UserError, match=f"not the one that was published(.|\n)*Received: .*small.bin {received}"):
        locate(carried(path))
    assert (folder / "small.bin").read_bytes() == content


def test_a_file_that_is_changed_later_in_the_process_is_refused(folder):
    folder.mkdir()
    (folder / "small.bin").write_bytes(CONTENT)
    locate(SMALL)
    (folder / "small.bin").write_bytes(OTHER)
    with pytest.raises(UserError, match="not the one that was published"):
        locate(SMALL)


def test_a_file_that_is_replaced_unseen_is_not_read(folder):
    folder.mkdir()
    path = folder / "small.bin"
    path.write_bytes(CONTENT)
    assert read(SMALL) == CONTENT
    times = path.stat().st_mtime_ns
    for other in (OTHER, CONTENT[::-1]):
        path.write_bytes(other)
        os.utime(path, ns=(times, times))
        # What was hashed once is not hashed again for its path, but what is used is.
        assert locate(SMALL) == path
        with pytest.raises(UserError, match="not the one that was published"):
            read(SMALL)


@pytest.mark.parametrize(
    ("content", "stated", "received"),
    [
        (CONTENT[:100], len(CONTENT), "100 of 10,240 bytes"),
        (CONTENT[:100], None, "100 of 10,240 bytes"),
        (CONTENT + b"x", None, "more than 10240 bytes"),
        (OTHER, None, "another file, whose sha256 is"),
    ],
    ids=["broken off", "cut short", "too long", "another file"],
)
def test_what_a_server_sends_wrongly_is_not_kept(folder, content, stated, received):
    with published(content, stated) as (url, _), pytest.raises(NotHere, match=f"Received: .*{received}"):
        locate(replace(SMALL, url=url))
    assert [path.name for path in folder.iterdir()] == ["small.lock"]


def test_offline_the_message_names_the_address_the_folder_and_the_package(tmp_path, folder):
    path = tmp_path / "carried.bin"
    path.write_bytes(OTHER)
    url = f"http://127.0.0.1:{closed_port()}/small.bin"
    with pytest.raises(NotHere) as caught:
        locate(replace(carried(path), url=url))
    message = str(caught.value)
    assert "small.bin is not on this machine and could not be fetched; it serves these tests." in message
    assert f"{path} has the sha256" in message  # why the package's own file does not do
    assert "Connection refused" in message
    assert "pip install carrier==1.0" in message
    assert f"Download {url} elsewhere and put it into {folder}" in message
    assert "TRANSFERPAIN_ASSETS" in message


def test_a_folder_that_cannot_be_written_is_named(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("TRANSFERPAIN_ASSETS", str(tmp_path / "file" / "assets"))
    with published(CONTENT) as (url, _), pytest.raises(NotHere, match=r"Received: .*Not a directory(.|\n)*file/assets"):
        locate(replace(SMALL, url=url))


def test_two_processes_that_fetch_at_once_ask_the_server_once_and_both_have_it(folder):
    script = (
        "import sys; from dataclasses import replace; from tests.core.assets.test_fetch import SMALL, locate;"
        "print(locate(replace(SMALL, url=sys.argv[1])))"
    )
    with published(CONTENT) as (url, asked):
        two = [
            subprocess.Popen([sys.executable, "-c", script, url], stdout=subprocess.PIPE, text=True) for _ in range(2)
        ]
        said = [process.communicate()[0].strip() for process in two]
    assert said == [str(folder / "small.bin")] * 2
    assert len(asked) == 1
    assert (folder / "small.bin").read_bytes() == CONTENT
