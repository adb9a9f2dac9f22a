"""Measures the first hour of a new user, and writes it into docs/own-data.md: `python docs/first_hour.py [ROUTE...]`.

60 clips of 10 people are put into an empty folder under names that a clinic may give them: drawn videos, or a file of
numbers for each. Then the commands of the page are given, one after the other, until the report stands there.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd

from transferpain.core.store import write_json, write_text
from transferpain.data.synthetic.settings import TwinSettings
from transferpain.data.synthetic.twins import write_twin

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "own-data.md"
BEGIN, END = "<!-- made by docs/first_hour.py -->", "<!-- end -->"
HEAD = ("what stands in the folder", "commands", "files written by hand", "minutes", "beside others")
COMMANDS = ("init data/our-clinic", "run experiments/our-clinic/loso.yaml")
PEOPLE, TAKES, RATE, SECONDS = 10, 3, 25, 5.5
CLASSES = {"rest": "BL1", "pain": "PA4"}
UNITS = (4, 6, 7, 9, 10, 12, 25, 26)


def clips() -> list[tuple[str, str]]:
    """Return name and class of each clip."""
    return [
        (f"P{person:02d}_{label}_{take}", label)
        for person in range(1, PEOPLE + 1)
        for label in CLASSES
        for take in range(1, TAKES + 1)
    ]


def put_videos(folder: Path) -> None:
    """Draw a twin of BioVid, and copy its videos."""
    with tempfile.TemporaryDirectory() as scratch:
        twin, levels = Path(scratch) / "biovid", tuple(CLASSES.values())
        write_twin(
            "biovid", twin.parent, TwinSettings(PEOPLE, 5, clips=TAKES, seconds=SECONDS, levels=levels), lambda _: None
        )
        videos = sorted((twin / "video").rglob("*.mp4"))
        for label, level in CLASSES.items():
            drawn = [video for video in videos if f"-{level}-" in video.name]
            names = [name for name, own in clips() if own == label]
            for name, video in zip(names, drawn, strict=True):
                shutil.copyfile(video, folder / f"{name}.mp4")
        shutil.copyfile(twin / "SYNTHETIC.json", folder / "SYNTHETIC.json")


def put_features(folder: Path) -> None:
    """Write 128 drawn numbers for each of a clip's frames."""
    random = np.random.default_rng(0)
    for name, label in clips():
        rows = random.normal(size=(round(RATE * SECONDS), 128)).astype(np.float32)
        np.save(folder / f"{name}.npy", rows + (label == "pain") * 0.1)
    write_json(folder / "SYNTHETIC.json", {"of": "features"})


def put_tables(folder: Path) -> None:
    """Write a table as OpenFace has it for each clip, of drawn intensities; in one frame of ten no face was found."""
    random = np.random.default_rng(0)
    for name, label in clips():
        frames = round(RATE * SECONDS)
        table = pd.DataFrame({"frame": range(1, frames + 1), "confidence": 0.98, "success": 1})
        for unit in UNITS:
            table[f"AU{unit:02d}_r"] = (random.gamma(1.0, 0.3, frames) * (1 + 0.3 * (label == "pain"))).clip(0, 5)
        table.loc[random.random(frames) < 0.1, ["confidence", "success"]] = 0
        table.to_csv(folder / f"{name}.csv", index=False)
    write_json(folder / "SYNTHETIC.json", {"of": "action units"})


ROUTES = {
    "videos": ("60 videos of 5.5 s", put_videos),
    "features": ("60 files of own features, 138 frames x 128", put_features),
    "tables": ("60 tables of OpenFace, 8 action units", put_tables),
}


def measure(route: str) -> list[str]:
    """Run the commands on one kind of clips, and return the cells of its row.

    Raises:
        RuntimeError: if a command fails, or there is no report.
    """
    title, put = ROUTES[route]
    with tempfile.TemporaryDirectory() as scratch:
        workspace = Path(scratch)
        folder = workspace / "data" / "our-clinic"
        folder.mkdir(parents=True)
        put(folder)
        (workspace / "weights").symlink_to(ROOT / "weights")
        load, start = os.getloadavg()[0], time.monotonic()
        for command in COMMANDS:
            subprocess.run([Path(sys.executable).parent / "transferpain", *command.split()], cwd=workspace, check=True)
        minutes = (time.monotonic() - start) / 60
        if not (workspace / "reports" / "our-clinic-loso" / "index.html").is_file():
            raise RuntimeError("no report was written")
    beside = f"load {load:.0f} to {os.getloadavg()[0]:.0f} on {os.cpu_count()} cores, {datetime.now(UTC):%Y-%m-%d}"
    return [title, str(len(COMMANDS)), "none", f"{minutes:.1f}", beside]


def row_of(cells: list[str]) -> str:
    """Return cells as a line of a table in Markdown."""
    return f"| {' | '.join(cells)} |"


def put_in(page: str, rows: dict[str, str]) -> str:
    """Return the page with rows in its table, by their titles; other rows stay as they are."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    former = {line.split(" | ")[0].removeprefix("| "): line for line in rest.splitlines() if line.startswith("| 60 ")}
    both = former | rows
    lines = [row_of(list(HEAD)), "|" + "---|" * len(HEAD)]
    lines += [both[title] for title, _ in ROUTES.values() if title in both]
    return f"{before}{BEGIN}\n\n" + "\n".join(lines) + f"\n\n{END}{after}"


if __name__ == "__main__":
    measured = [measure(route) for route in sys.argv[1:] or ROUTES]
    write_text(PAGE, put_in(PAGE.read_text(encoding="utf-8"), {cells[0]: row_of(cells) for cells in measured}))
    print("\n".join(map(row_of, measured)))
