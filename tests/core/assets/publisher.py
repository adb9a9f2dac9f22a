"""A server on this machine in the place of one that publishes assets."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@contextmanager
def published(content: bytes, stated_bytes: int | None = None) -> Iterator[tuple[str, list[str]]]:
    """Serve `content` under every path; yields the address of a file, and the list of the paths that were asked for.

    Args:
        stated_bytes: the length that the server claims; its own if `None`. A connection ends after `content` anyway.
    """
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_response(200)
            self.send_header("Content-Length", str(len(content) if stated_bytes is None else stated_bytes))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/small.bin", asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
