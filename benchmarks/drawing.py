"""What a frame of each twin takes to write, beside another checkout: `python -m benchmarks.drawing FOLDER`.

Everything counts: people, clips, video or picture files, labels. The checkouts take turns, each time in a new process.
Of processor time, what a small twin takes is taken off a larger one's, so that starting and loading do not count; the
rate is that of a twin as large as a demo's, in as many processes as cores, from its start to its end.
"""

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from transferpain.data.synthetic.settings import TwinSettings
from transferpain.data.synthetic.twins import write_twin

# No more than 600 frames, which are drawn by the process itself.
SIZES = {
    "biovid": (TwinSettings(2, clips=1, seconds=2.2, fps=8), TwinSettings(6, clips=1, seconds=2.2, fps=8)),
    "ai4pain": (TwinSettings(3, clips=1, seconds=2, fps=5), TwinSettings(7, clips=1, seconds=2, fps=5)),
    "unbc": (TwinSettings(2, clips=4, seconds=0.6), TwinSettings(8, clips=4, seconds=0.6)),
    "mintpain": (TwinSettings(2, clips=1, seconds=2), TwinSettings(7, clips=1, seconds=2)),
}
WHOLE = {
    "biovid": TwinSettings(40, clips=1, seconds=2.2, fps=8),
    "ai4pain": TwinSettings(30, clips=1, seconds=2, fps=5),
    "unbc": TwinSettings(12, clips=4, seconds=2),
    "mintpain": TwinSettings(20, clips=2, seconds=2),
}
TURNS = 3
ONE = "--one"


def seconds_used() -> float:
    """Return the processor time of this process and those that it started and saw end."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def draw(dataset: str, settings: TwinSettings, clock: Callable[[], float]) -> tuple[float, int]:
    """Return the seconds that a twin takes, by a clock, and its frames."""
    frames = []
    with tempfile.TemporaryDirectory() as folder:
        before = clock()
        write_twin(dataset, Path(folder), settings, frames.append)
        return clock() - before, sum(frames)


def milliseconds_a_frame(dataset: str) -> float:
    (little, few), (much, many) = (draw(dataset, settings, seconds_used) for settings in SIZES[dataset])
    return 1000 * (much - little) / (many - few)


def frames_a_second(dataset: str) -> float:
    seconds, frames = draw(dataset, WHOLE[dataset], time.monotonic)
    return frames / seconds


def measure_one(checkout: Path) -> list[float]:
    """Return the milliseconds a frame of each twin, then its frames a second, drawn by the code of a checkout."""
    command = [sys.executable, __file__, ONE]
    environment = {**os.environ, "PYTHONPATH": str(checkout)}
    result = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return [float(value) for value in result.stdout.split()]


def table(times: list[list[list[float]]]) -> str:
    """Return the medians in Markdown.

    Args:
        times: of each turn, of each checkout, what `measure_one` returns.
    """
    lines = ["| twin | there | here | there | here |", "|---|---:|---:|---:|---:|"]
    for place, dataset in enumerate(SIZES):
        cells = [dataset]
        for what, text in ((place, "{:.1f} ms"), (len(SIZES) + place, "{:.0f} frames/s")):
            cells += [text.format(statistics.median(turn[which][what] for turn in times)) for which in (0, 1)]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.drawing", description="Times of a frame, in turns.")
    parser.add_argument("other", type=Path, help="folder of the checkout to compare with")
    checkouts = [parser.parse_args().other.resolve(), Path(__file__).parents[1]]
    print(table([[measure_one(checkout) for checkout in checkouts] for _ in range(TURNS)]))


if __name__ == "__main__":
    if ONE in sys.argv:
        milliseconds_a_frame("biovid")  # what is loaded and painted once
        print(*map(milliseconds_a_frame, SIZES), *map(frames_a_second, WHOLE))
    else:
        main()
