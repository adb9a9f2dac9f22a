"""How many faces each detector finds, and its processor time: `python -m benchmarks.found FER_FOLDER`.

The pictures are real ones of FER+ (only numbers are kept), drawn ones, and noise in which there is no face.
"""

import argparse
import time
from itertools import islice
from pathlib import Path

import cv2
import numpy as np

from benchmarks.agreement import drawn_faces
from transferpain.data.datasets.ferplus import read_images
from transferpain.inputs.action_units.check import enlarge
from transferpain.inputs.faces.detectors import load_detector

DETECTORS = ("mediapipe", "dlib", "yunet")
REAL, DRAWN, NOISE, SEED = 300, 100, 100, 0


def pictures(ferplus: Path) -> dict[str, list[np.ndarray]]:
    generator = np.random.default_rng(SEED)
    images = read_images(ferplus)
    chosen = np.sort(generator.choice(len(images), REAL, replace=False))
    drawn = list(islice(drawn_faces(), DRAWN))
    noise = [generator.integers(0, 256, (240, 320, 3), np.uint8) for _ in range(NOISE)]
    return {"real faces": [enlarge(images[row]) for row in chosen], "drawn faces": drawn, "noise": noise}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.found")
    parser.add_argument("ferplus", type=Path, metavar="FER_FOLDER")
    cv2.setNumThreads(1)
    kinds = pictures(parser.parse_args().ferplus)
    titles = [f"{kind} (of {len(looked_at)})" for kind, looked_at in kinds.items()]
    print(f"| detector | {' | '.join(titles)} | ms, 192x192 | ms, 320x240 |\n|{'---|' * 6}")
    for name in DETECTORS:
        detect = load_detector(name)
        detect(kinds["noise"][0])
        found, spent = [], []
        for looked_at in kinds.values():
            before = time.process_time()
            found.append(sum(detect(picture) is not None for picture in looked_at))
            spent.append(1000 * (time.process_time() - before) / len(looked_at))
        print(f"| `{name}` | {' | '.join(map(str, found))} | {spent[0]:.1f} | {spent[1]:.1f} |")


if __name__ == "__main__":
    main()
