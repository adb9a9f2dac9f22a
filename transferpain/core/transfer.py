"""What comes over HTTP(S): bounded while it is read, and led to nothing but the web."""

import http.client
import re
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

PATIENCE_SECONDS = 30  # without an answer
CHUNK_BYTES = 1 << 18
LENGTH = r"\d{1,18}"  # of a file, in digits
AUTHORIZATION = "Authorization"


class SameSafety(urllib.request.HTTPRedirectHandler):
    """Follows to other addresses of HTTP(S) only, and never from an encrypted one to another.

    What authorizes a request goes to the server that it was meant for, and to no other.
    """

    def redirect_request(self, req, fp, code, msg, headers, newurl):
        before, after = urlsplit(req.full_url), urlsplit(newurl)
        wanted = ("https",) if before.scheme == "https" else ("http", "https")
        if after.scheme not in wanted:
            raise ValueError(f"a redirection to {newurl:.200}")
        request = super().redirect_request(req, fp, code, msg, headers, newurl)
        if request is not None and (before.scheme, before.netloc) == (after.scheme, after.netloc):
            keep_authorization(request, req.unredirected_hdrs.get(AUTHORIZATION))
        return request


def keep_authorization(request: urllib.request.Request, authorization: str | None) -> None:
    """Let a request carry what authorizes it, to its own server alone."""
    if authorization is not None:
        request.add_unredirected_header(AUTHORIZATION, authorization)


def open_address(request: urllib.request.Request) -> http.client.HTTPResponse:
    """Send a request; redirections are followed as `SameSafety` says.

    Raises:
        ValueError: if one leads elsewhere.
        OSError, http.client.HTTPException: if the server cannot be reached, or does not answer as asked.
    """
    return urllib.request.build_opener(SameSafety).open(request, timeout=PATIENCE_SECONDS)


def stated_bytes(response: http.client.HTTPResponse) -> int | None:
    """Return how many bytes a server says that it sends; `None` if it says nothing that could be true."""
    length = response.headers.get("Content-Length", "")
    return int(length) if re.fullmatch(LENGTH, length, re.ASCII) else None


def chunks(response: http.client.HTTPResponse, most: int) -> Iterator[bytes]:
    """Yield what a server sends, as it comes; what it says of the length is not relied on.

    Raises:
        ValueError: as soon as it has sent more than `most` bytes.
    """
    left = most
    while chunk := response.read(min(CHUNK_BYTES, left + 1)):
        left -= len(chunk)
        if left < 0:
            raise ValueError(f"more than {most} bytes")
        yield chunk


def save(request: urllib.request.Request, path: Path, most: int) -> None:
    """Write what a server sends for a request to a file, which is whole or not there in the end.

    Raises:
        ValueError: if it sends more than `most` bytes, or fewer than it says.
        OSError, http.client.HTTPException: as `open_address`; or if the file cannot be written.
    """
    try:
        with open_address(request) as response, open(path, "wb") as file:
            for chunk in chunks(response, most):
                file.write(chunk)
            stated, received = stated_bytes(response), file.tell()
        if stated is not None and received < stated:
            raise ValueError(f"{received:,} of {stated:,} bytes")
    except BaseException:
        path.unlink(missing_ok=True)
        raise
