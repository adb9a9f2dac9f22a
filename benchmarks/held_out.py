"""What the shared emotion networks score on PrivateTest, which no recipe was trained, chosen or reported on.

    python -m benchmarks.held_out FOLDER     # holds fer2013.csv and fer2013new.csv

Rows with a majority of votes; with and without those that stand in Training, too; as the network answers, and with the
answer for the mirrored picture averaged in.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from sklearn.metrics import accuracy_score, balanced_accuracy_score, recall_score

from transferpain.data.datasets.ferplus import read_images
from transferpain.data.datasets.index import read_index
from transferpain.data.tasks.task import label_clips, load_task

WEIGHTS = Path(__file__).parents[1] / "weights"
MODELS = ("ferplus-resnet18", "ferplus-vgg16")
ROWS = "PrivateTest"
HEADER = "| model | answers | rows | accuracy | balanced accuracy | weakest class |\n|---|---|---|---|---|---|"


def row(name: str, answers: str, y: np.ndarray, p: np.ndarray, classes: Sequence[str]) -> str:
    """Return a line of the table.

    Args:
        y: true classes, int `(rows,)`.
        p: probabilities, `(rows, classes)`.
    """
    found = p.argmax(axis=1)
    occurring = np.unique(y)
    recalls = recall_score(y, found, labels=occurring, average=None)
    weakest = int(recalls.argmin())
    count = int((y == occurring[weakest]).sum())
    scores = f"{accuracy_score(y, found):.4f} | {balanced_accuracy_score(y, found):.3f}"
    return (
        f"| {name} | {answers} | {len(y):,} | {scores} | "
        f"{classes[occurring[weakest]]}: recall {recalls[weakest]:.2f} ({count} rows) |"
    )


def measure(folder: Path) -> list[str]:
    """Return the lines of the table of all shared models."""
    from transferpain.models.sources.source import load_source, picture_input

    task = load_task("ferplus-emotions")
    clips = label_clips(task, read_index("ferplus", folder))
    clips = clips[(clips["split"] == "test") & clips["y"].notna()]
    images = read_images(folder)[clips["first_frame"].to_numpy(int)]
    y, copies = clips["y"].to_numpy(int), clips["in_training"].eq(True).to_numpy()
    lines = []
    for name in MODELS:
        source = load_source(WEIGHTS / name)
        pictures = np.concatenate([picture_input(source, np.stack([image] * 3, axis=-1)) for image in images])
        plain, mirrored = source.predict(pictures), source.predict(pictures[:, :, ::-1])
        for answers, p in (("one picture", plain), ("with the mirrored one", (plain + mirrored) / 2)):
            lines.append(row(name, answers, y, p, task.classes))
            lines.append(row(name, f"{answers}, without copies", y[~copies], p[~copies], task.classes))
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.held_out", description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="holds fer2013.csv and fer2013new.csv")
    print(HEADER, *measure(parser.parse_args().folder), sep="\n")


if __name__ == "__main__":
    main()
