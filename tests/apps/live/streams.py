"""Streams of JPEG pictures over http, as network cameras send them, and files."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np

from transferpain.inputs.faces.jpeg import encode_jpeg

BOUNDARY = b"frame"


@contextmanager
def serve_pictures(
    connection: Callable[[int], Iterable[np.ndarray | bytes]], pause: float = 0.02
) -> Iterator[tuple[str, list[int]]]:
    """Serve a stream on this machine.

    Args:
        connection: takes the number of the connection, from 0; returns the pictures to send before it is cut: uint8
            RGB, or bytes in place of a JPEG. Without any the connection is refused.
        pause: seconds after each picture.

    Yields:
        The URL, and how many pictures each connection sent.
    """
    sent: list[int] = []

    class Camera(BaseHTTPRequestHandler):
        def do_GET(self):
            sent.append(0)
            number = len(sent) - 1
            pictures = connection(number)
            if not pictures:
                self.send_error(503)
                return
            self.send_response(200)
            self.send_header("Content-Type", f"multipart/x-mixed-replace; boundary={BOUNDARY.decode()}")
            self.end_headers()
            try:
                for picture in pictures:
                    jpeg = picture if isinstance(picture, bytes) else encode_jpeg(picture)
                    head = b"--%s\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n" % (BOUNDARY, len(jpeg))
                    self.wfile.write(head + jpeg + b"\r\n")
                    sent[number] += 1
                    time.sleep(pause)
            except OSError:
                pass  # nobody listens any more

        def log_message(self, *_: object) -> None:
            pass

    with _served(Camera) as url:
        yield f"{url}/stream", sent


@contextmanager
def serve_folder(folder: Path) -> Iterator[str]:
    """Serve the files of a folder on this machine; yields the URL of the folder."""

    class Files(SimpleHTTPRequestHandler):
        def __init__(self, *arguments):
            super().__init__(*arguments, directory=folder)

        def log_message(self, *_: object) -> None:
            pass

    with _served(Files) as url:
        yield url


@contextmanager
def _served(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
