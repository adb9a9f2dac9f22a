"""The server with three models behind it: how long a phone waits, its pictures per second, and its memory."""

import re
import statistics
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks.measure import Figure, main
from benchmarks.memory import anonymous_gigabytes
from tests.apps.serve.drawn import JPEG, PAIN, draw_person, encode
from tests.apps.serve.hybrid_bundles import save_hybrid
from transferpain.models.sources.preprocessing import Preprocessing
from transferpain.networks.backbones.resnet18 import build_resnet18
from transferpain.networks.backbones.surgery import with_classes

CLIENTS = 16
ROUNDS = 3
GROWTH = 1.05  # our reading of "flat" over the requests of a long day


class Sizes(NamedTuple):
    """Pixels a side of a face, pictures of one client and of all clients a round, and requests for the memory."""

    face: int
    alone: int
    together: int
    watched: int


FULL, QUICK = Sizes(96, 100, 320, 5000), Sizes(32, 4, 16, 16)


def measure(folder: Path, quick: bool) -> dict:
    sizes = QUICK if quick else FULL
    network = with_classes(build_resnet18(sizes.face, 8), 2, sizes.face, seed=0, feature_layer="gap")
    bundle = save_hybrid(folder / "bundle", network, Preprocessing(size=sizes.face, margin=0.25))
    pictures = [encode(draw_person(person, PAIN if person % 2 else {})) for person in range(CLIENTS)]
    # One machine asks for all clients here, so that the limit of a client's rate is out of the way.
    command = [Path(sys.executable).with_name("transferpain"), "serve", bundle, "--port", "0", "--rate", "100000"]
    began = time.monotonic()
    process = subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, text=True)
    try:
        port = read_port(process)
        ask(port, pictures[:1])
        start_up = time.monotonic() - began
        ask_together(port, pictures, sizes.together)  # what is set aside once is not growth
        rounds = [measure_round(port, pictures, sizes) for _ in range(1 if quick else ROUNDS)]
        memory = memory_curve(process.pid, port, pictures, sizes.watched)
    finally:
        process.terminate()
        process.wait()
    alone = [wait for one, _, _ in rounds for wait in one]
    together = [wait for _, many, _ in rounds for wait in many]
    ratio = statistics.median(ratio for _, _, ratio in rounds)
    figures = [
        Figure("start-up, first answer included", start_up, "s", most=15),
        Figure("one client: median wait", 1000 * statistics.median(alone), "ms", most=120),
        Figure("one client: 95 of 100 wait at most", 1000 * float(np.quantile(alone, 0.95)), "ms"),
        Figure(f"{CLIENTS} clients: pictures a second v one client's, median of rounds", ratio, "times", least=1.5),
        Figure(f"{CLIENTS} clients: median wait", 1000 * statistics.median(together), "ms"),
        Figure(f"{CLIENTS} clients: 95 of 100 wait at most", float(np.quantile(together, 0.95)), "s", most=2),
        Figure(
            f"memory after {sizes.watched} requests v after a quarter", memory[-1] / memory[0], "times", most=GROWTH
        ),
    ]
    seconds = {"one client": alone, f"{CLIENTS} clients": together}
    return {"figures": figures, "seconds": seconds, "memory_gigabytes": memory, "face": sizes.face}


def measure_round(port: int, pictures: list[bytes], sizes: Sizes) -> tuple[list[float], list[float], float]:
    """Return the waits of one client and of all, one after the other, and how many more answers per second all get."""
    began = time.monotonic()
    alone = ask(port, [pictures[0]] * sizes.alone)
    between = time.monotonic()
    together = ask_together(port, pictures, sizes.together)
    ratio = (len(together) / (time.monotonic() - between)) / (len(alone) / (between - began))
    return alone, together, ratio


def memory_curve(pid: int, port: int, pictures: list[bytes], requests: int) -> list[float]:
    """Return the server's memory in GB after each quarter of so many requests."""
    curve = []
    for _ in range(4):
        ask_together(port, pictures, requests // 4)
        curve.append(anonymous_gigabytes(pid))
    return curve


def ask_together(port: int, pictures: list[bytes], number: int) -> list[float]:
    """Let every client send its picture again and again, all at once; return the seconds of each request."""
    with ThreadPoolExecutor(CLIENTS) as clients:
        parts = clients.map(lambda picture: ask(port, [picture] * (number // CLIENTS)), pictures)
        return [wait for part in parts for wait in part]


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
