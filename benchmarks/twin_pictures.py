"""What pictures of BioVid's twin keep of its ceiling, BL1 v PA4: `python -m benchmarks.twin_pictures`.

The same linear probe as for the ceilings reads, of the same clips: the true action; gradient histograms of the faces
that are found, at 48 and 96 pixels; and the embeddings of the networks that ship, which were trained on real faces and
stay as they are.
"""

import argparse
import tempfile
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from benchmarks.twins import KINDS, METRIC, VIEWS, Stretch, answers
from transferpain.data.datasets.index import read_index
from transferpain.data.synthetic.behaviour.model import STATED_ON
from transferpain.data.synthetic.camera import BIOVID
from transferpain.data.synthetic.settings import TwinSettings
from transferpain.data.synthetic.twins import PLANS, write_twin
from transferpain.data.tasks.task import label_clips, load_task
from transferpain.evaluation.statistics import score_subjects
from transferpain.inputs.faces.cache import read_faces
from transferpain.inputs.faces.stage import compute_faces
from transferpain.models.sources.face_settings import FaceSettings
from transferpain.models.sources.source import embedder, load_source

WEIGHTS = Path(__file__).parents[1] / "weights"
NETWORKS = {"ferplus-vgg16": 48, "ferplus-resnet18": 96}
SIDES = (48, 96)
FULL = TwinSettings(40, STATED_ON, clips=4, fps=3, levels=("BL1", "PA4"))
QUICK = TwinSettings(8, STATED_ON, clips=1, seconds=1, fps=3, levels=("BL1", "PA4"))


def shrunk(images: np.ndarray, side: int) -> np.ndarray:
    """Return faces uint8 (n, height, width, 3) at another size."""
    return np.array([cv2.resize(image, (side, side), interpolation=cv2.INTER_AREA) for image in images])


def histograms(images: np.ndarray, side: int) -> np.ndarray:
    """Return the oriented gradients of 8x8 cells, float32 (n, D)."""
    cell, block = side // 8, side // 4
    hog = cv2.HOGDescriptor((side, side), (block, block), (cell, cell), (cell, cell), 9)
    return np.array([hog.compute(image).ravel() for image in shrunk(images, side)])


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.twin_pictures", description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="tiny sizes: shows that the script works, no more")
    settings = QUICK if parser.parse_args().quick else FULL
    plans = {plan.clip: plan for plan in PLANS["biovid"](settings)}
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        write_twin("biovid", root, settings, lambda frames: None)
        clips = label_clips(load_task("biovid-bl1-pa4"), read_index("biovid", root, root / "cache"), "majority")
        faces = compute_faces(clips, root, FaceSettings(size=max(SIDES)), root / "cache")
        images = [read_faces(Path(path)).images for path in faces["faces"]]
    camera = replace(BIOVID, fps=settings.fps)
    courses = [plans[clip].performance(camera) for clip in faces["clip"]]
    stretches = [
        Stretch(plans[clip].person.name, int("PA4" in clip), course.action_units, course.skin)
        for clip, course in zip(faces["clip"], courses, strict=True)
    ]
    rows = {f"true {kind}": [take(stretch) for stretch in stretches] for kind, take in KINDS.items()}
    rows |= {f"gradient histograms, {side} px": [histograms(one, side) for one in images] for side in SIDES}
    for name, side in NETWORKS.items():
        network = embedder(load_source(WEIGHTS / name), "float32")
        rows[f"`{name}`, {side} px"] = [network.predict(shrunk(one, side), verbose=0) for one in images]
    print("| what is read | mean | mean + maximum | course |\n|---|---|---|---|")
    for name, found in rows.items():
        cells = []
        for view in ("mean", "mean + maximum", "course"):
            table = answers(np.array([VIEWS[view](one) for one in found]), stretches, (0, 1))
            interval = score_subjects(table, (METRIC,))[METRIC]
            cells.append(f"{interval.value:.3f} [{interval.low:.3f}, {interval.high:.3f}]".replace("0.", "."))
        print(f"| {name} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
