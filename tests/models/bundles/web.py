"""A web server on this machine alone, which can be told to misbehave."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Web:
    """What is served, and how.

    Attributes:
        content: the bytes of the one file.
        etag: what names this version; empty sends none.
        break_after: the connection is closed after so many bytes; `None` sends everything.
        ranges: whether parts can be asked for.
        redirect: where requests are sent on to; empty answers them.
        length: what is said of the length, in place of the truth.
        requests: the `Range` header of each request, and how many bytes were sent.
    """

    content: bytes
    etag: str = '"one"'
    break_after: int | None = None
    ranges: bool = True
    redirect: str = ""
    length: str | None = None
    url: str = ""
    requests: list[tuple[str | None, int]] = field(default_factory=list)


@contextmanager
def serve(web: Web) -> Iterator[Web]:
    """Serve `web` under its `url` for a while."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if web.redirect:
                self.send_response(302)
                self.send_header("Location", web.redirect)
                self.end_headers()
                return
            asked = self.headers.get("Range")
            same = self.headers.get("If-Range") in (None, web.etag)
            begin = int(re.match(r"bytes=(\d+)-", asked)[1]) if asked and web.ranges and same else 0
            if begin >= len(web.content):
                self.send_error(416)
                return
            self.send_response(206 if begin else 200)
            if begin:
                self.send_header("Content-Range", f"bytes {begin}-{len(web.content) - 1}/{len(web.content)}")
            if web.etag:
                self.send_header("ETag", web.etag)
            self.send_header("Content-Length", web.length or str(len(web.content) - begin))
            self.end_headers()
            sent = web.content[begin:][: web.break_after]
            web.requests.append((asked, len(sent)))
            self.wfile.write(sent)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    web.url = f"http://127.0.0.1:{server.server_address[1]}/model.zip"
    try:
        yield web
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
