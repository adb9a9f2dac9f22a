"""A stream of JPEG pictures over http, as network cameras send it."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np

from transferpain.faces.crop import encode_jpeg

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

    server = ThreadingHTTPServer(("127.0.0.1", 0), Camera)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/stream", sent
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
