"""The server with three models behind it: how long a phone waits, and how many pictures a second it answers."""

import re
import statistics
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from pathlib import Path

import numpy as np

from benchmarks.measure import Figure, main
from tests.server.hybrid_bundles import save_hybrid
from tests.server.running import JPEG, PAIN, draw_person, encode
from transferpain.sources.backbones import build_resnet18, with_classes
from transferpain.sources.preprocessing import Preprocessing

# As many as one client may have waiting, and as many as go through the network together.
CLIENTS = 8
FULL, QUICK = (96, 200), (32, 8)  # pixels a side of a face, pictures


def measure(folder: Path, quick: bool) -> dict:
    size, number = QUICK if quick else FULL
    network = with_classes(build_resnet18(size, 8), 2, size, seed=0, cut="gap")
    bundle = save_hybrid(folder / "bundle", network, Preprocessing(size=size, margin=0.25))
    pictures = [encode(draw_person(person, PAIN if person % 2 else {})) for person in range(CLIENTS)]
    command = [Path(sys.executable).with_name("transferpain"), "serve", bundle, "--port", "0", "--rate", "1000"]
    process = subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, text=True)
    try:
        port = read_port(process)
        ask(port, pictures)
        alone = ask(port, [pictures[0]] * number)
        began = time.monotonic()
        with ThreadPoolExecutor(CLIENTS) as clients:
            parts = clients.map(lambda picture: ask(port, [picture] * (number // CLIENTS)), pictures)
            together = [wait for part in parts for wait in part]
        whole = time.monotonic() - began
    finally:
        process.terminate()
        process.wait()
    figures = [
        Figure("one client: median wait", 1000 * statistics.median(alone), "ms"),
        Figure("one client: 95 of 100 wait at most", 1000 * float(np.quantile(alone, 0.95)), "ms"),
        Figure(f"{CLIENTS} clients: pictures", len(together) / whole, "a second"),
        Figure(f"{CLIENTS} clients: median wait", 1000 * statistics.median(together), "ms"),
    ]
    return {"figures": figures, "seconds": {"one client": alone, f"{CLIENTS} clients": together}, "face": size}


def read_port(process: subprocess.Popen) -> int:
    """Return the port that a server prints once it listens."""
    for line in process.stdout:
        if found := re.match(r"page: http://[^/]+:(\d+)/", line):
            return int(found[1])
    raise RuntimeError("the server did not start")


def ask(port: int, pictures: list[bytes]) -> list[float]:
    """Send pictures one after the other and return the seconds that each took; every one must be assessed."""
    connection, seconds = HTTPConnection("127.0.0.1", port, timeout=120), []
    for picture in pictures:
        began = time.monotonic()
        connection.request("POST", "/v1/assess", picture, JPEG)
        answer = connection.getresponse()
        body = answer.read()
        seconds.append(time.monotonic() - began)
        if answer.status != 200:
            raise RuntimeError(f"{answer.status}: {body[:200]}")
    connection.close()
    return seconds


if __name__ == "__main__":
    main("server", measure)
