"""Fetches a file over HTTP(S). A transfer that was interrupted resumes where it stopped, or starts clean."""

import hashlib
import http.client
import re
import urllib.error
import urllib.request
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote, urlsplit, urlunsplit

from transferpain.core.errors import UserError
from transferpain.core.foreign import reason_of
from transferpain.core.store import open_to_write, write_text
from transferpain.core.transfer import LENGTH, chunks, open_address, stated_bytes
from transferpain.models.bundles.archive import LARGEST_BYTES

STAY_AS_THEY_ARE = "/%:@!$&'()*+,;=~-._"


def download(url: str, folder: Path) -> Path:
    """Fetch a file into `folder` and return its path; the caller removes it.

    What arrived of an interrupted transfer stays in `folder`. It is continued if the server still has the very same
    file (its ETag or date), else dropped. What is refused is dropped at once.

    Raises:
        UserError: if the server cannot be reached, refuses, breaks off, or sends more than any model would have.
    """
    name = hashlib.sha256(url.encode()).hexdigest()[:16]
    part, tag = folder / f"{name}.part", folder / f"{name}.tag"
    folder.mkdir(parents=True, exist_ok=True)
    address = as_sent(url)
    try:
        with open_from(address, part, tag) as response:
            resumed = response.status == 206
            total = total_bytes(response)
            if total is not None and total > LARGEST_BYTES:
                raise failed(url, f"a file of {total} bytes", "No model is that large: check the address.")
            write_text(tag, validator(response))
            copy(response, part, "ab" if resumed else "wb")
    except UserError:
        part.unlink(missing_ok=True)
        tag.unlink(missing_ok=True)
        raise
    except (http.client.HTTPException, OSError, ValueError) as error:
        if isinstance(error, OSError) and error.filename is not None and not isinstance(error, urllib.error.URLError):
            raise  # a file of ours
        answered = isinstance(error, urllib.error.HTTPError | ValueError)
        todo = "Check the address." if answered else "Give the same command again: it goes on where it was."
        raise failed(url, reason_of(error), todo) from error
    received = part.stat().st_size
    if total is not None and received < total:
        raise failed(
            url, f"{received} of {total} bytes", "The transfer was interrupted; the same command goes on from there."
        )
    tag.unlink()
    return part.replace(folder / f"{name}.zip")


def as_sent(url: str) -> str:
    """Return an address as it is sent: letters beyond ASCII are encoded, in the host's name as browsers do.

    Raises:
        UserError: if it is no address of HTTP(S).
    """
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").encode("idna").decode("ascii"), parts.port
        known = parts.scheme in ("http", "https") and host and "@" not in parts.netloc
    except ValueError:  # UnicodeError is one
        known = False
    if not known or not re.fullmatch(r"[\w.:-]+", host):
        raise failed(url, "no address of HTTP(S)", "It is written https://host/path; names and passwords are not sent.")
    place = (f"[{host}]" if ":" in host else host) + ("" if port is None else f":{port}")
    path, query = (quote(part, safe=STAY_AS_THEY_ARE + "?") for part in (parts.path, parts.query))
    return urlunsplit((parts.scheme, place, path, query, ""))


def open_from(url: str, part: Path, tag: Path) -> http.client.HTTPResponse:
    """Open a URL behind what has arrived already; a server that has another file now sends all of it."""
    headers = {}
    known = tag.read_text(encoding="utf-8") if tag.is_file() and part.is_file() else ""
    if known and part.stat().st_size:
        headers = {"Range": f"bytes={part.stat().st_size}-", "If-Range": known}
    request = urllib.request.Request(url, headers=headers)
    try:
        response = open_address(request)
    except urllib.error.HTTPError as error:
        if error.code != 416:
            raise
        part.unlink()  # the file is shorter than what has arrived: it is another one
        return open_address(urllib.request.Request(url))
    if response.status == 206 and content_range(response)[0] != part.stat().st_size:
        response.close()
        part.unlink()
        return open_address(urllib.request.Request(url))
    return response


def copy(response: http.client.HTTPResponse, part: Path, mode: str) -> None:
    """Write what arrives, as far as it comes, but never more than any model has; a full disk keeps nothing."""
    with open_to_write(part, mode) as file:
        try:
            for chunk in chunks(response, LARGEST_BYTES - file.tell()):
                _write(file, chunk, part)
        except ValueError as error:
            raise failed(response.url, f"more than {LARGEST_BYTES} bytes", "No model is that large.") from error


def _write(file: BinaryIO, chunk: bytes, part: Path) -> None:
    try:
        file.write(chunk)
        file.flush()
    except OSError as error:
        part.unlink()
        error.filename = str(part)  # a fault of the disk, not of the transfer
        raise


def total_bytes(response: http.client.HTTPResponse) -> int | None:
    """Return how large the whole file is; `None` if the server does not say."""
    if response.status == 206:
        return content_range(response)[1]
    return stated_bytes(response)


def content_range(response: http.client.HTTPResponse) -> tuple[int, int | None]:
    """Return where a part begins and how large the whole is, from `Content-Range: bytes 5-9/10`."""
    found = re.match(rf"bytes ({LENGTH})-{LENGTH}/({LENGTH}|\*)", response.headers.get("Content-Range", ""))
    if found is None:
        return -1, None
    return int(found[1]), None if found[2] == "*" else int(found[2])


def validator(response: http.client.HTTPResponse) -> str:
    """Return what names this version of the file, by which a resumed transfer is checked; empty if nothing does."""
    tag = response.headers.get("ETag", "")
    return tag if tag and not tag.startswith("W/") else response.headers.get("Last-Modified", "")


def failed(url: str, received: object, todo: str) -> UserError:
    """Return the error for a transfer that did not end well."""
    return UserError("The model could not be fetched.", rule=url, received=received, todo=todo)
