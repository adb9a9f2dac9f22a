"""Processor time to write a frame of each twin, beside another checkout: `python -m benchmarks.drawing FOLDER`.

Everything counts: people, clips, video or picture files, labels. The checkouts take turns, each time in a new process;
what a small twin takes is taken off a larger one's, so that starting and loading do not count.
"""

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
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
TURNS = 3
ONE = "--one"


def seconds_used() -> float:
    """Return the processor time of this process and those that it started and saw end."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def milliseconds_a_frame(dataset: str) -> float:
    found = []
    for settings in SIZES[dataset]:
        frames = []
        with tempfile.TemporaryDirectory() as folder:
            before = seconds_used()
            write_twin(dataset, Path(folder), settings, frames.append)
            found.append((seconds_used() - before, sum(frames)))
    (little, few), (much, many) = found
    return 1000 * (much - little) / (many - few)


def measure_one(checkout: Path) -> list[float]:
    """Return the milliseconds of each twin, drawn by the code of a checkout."""
    command = [sys.executable, __file__, ONE]
    environment = {**os.environ, "PYTHONPATH": str(checkout)}
    result = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return [float(value) for value in result.stdout.split()]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.drawing", description="Times of a frame, in turns.")
    parser.add_argument("other", type=Path, help="folder of the checkout to compare with")
    checkouts = [parser.parse_args().other.resolve(), Path(__file__).parents[1]]
    times = [[measure_one(checkout) for checkout in checkouts] for _ in range(TURNS)]
    print("| twin | there | here |\n|---|---:|---:|")
    for place, dataset in enumerate(SIZES):
        there, here = (statistics.median(turn[which][place] for turn in times) for which in (0, 1))
        print(f"| {dataset} | {there:.1f} ms | {here:.1f} ms |")


if __name__ == "__main__":
    if ONE in sys.argv:
        milliseconds_a_frame("biovid")  # what is loaded and painted once
        print(*(milliseconds_a_frame(dataset) for dataset in SIZES))
    else:
        main()
