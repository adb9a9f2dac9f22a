"""Each backbone: the features stage against a bare compiled loop of its own, its memory, and its int8 file.

Weights are random, which take as long as trained ones.
"""

import os
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from benchmarks.data import twin_faces, untrained
from benchmarks.extraction import stage_and_loop
from benchmarks.measure import Figure, in_turn, main, speed_ratio
from benchmarks.memory import extract, memory_curve
from transferpain.apps.edge.export import ExportOptions, export_model
from transferpain.core.store import read_json
from transferpain.data.synthetic.settings import TwinSettings
from transferpain.models.bundles.bundle import save_bundle
from transferpain.models.sources.preprocessing import Preprocessing
from transferpain.networks.backbones.base import Backbone
from transferpain.networks.backbones.registry import BACKBONES
from transferpain.networks.compute import choose_compute_dtype
from transferpain.networks.training.determinism import make_deterministic

LABELS = ("no pain", "pain")
LEAST = 0.95
FEWEST_CLIPS = 3


class Sizes(NamedTuple):
    """A twin, the side of its faces, clips that a network of a thousand million multiply-adds reads, repetitions."""

    twin: TwinSettings
    side: int
    clips: int
    repetitions: int

    def clips_for(self, backbone: Backbone) -> int:
        """Return how many clips a network reads: dearer ones fewer, or VGGs would take half of the time."""
        return min(self.clips, max(FEWEST_CLIPS, round(self.clips * 1e9 / backbone.cost)))


FULL = Sizes(TwinSettings(subjects=10, clips=2, seconds=1), 224, 12, 3)
QUICK = Sizes(TwinSettings(subjects=3, clips=1, seconds=0.3), 32, 1, 1)
QUICK_NAMES = ("shufflenet_v2",)


def measure(folder: Path, quick: bool) -> dict:
    sizes = QUICK if quick else FULL
    make_deterministic()
    faces = twin_faces(folder, sizes.twin, sizes.side)
    faces = faces[faces["level"] != "none"]
    dtype, reason = choose_compute_dtype("auto")
    figures, seconds = [], {}
    for name in QUICK_NAMES if quick else BACKBONES:
        measured, seconds[name] = measure_backbone(folder / name, faces, BACKBONES[name], sizes, dtype)
        figures += measured
    return {"figures": figures, "seconds": seconds, "compute_dtype": {"name": dtype, "reason": reason}}


def measure_backbone(
    folder: Path, faces: pd.DataFrame, backbone: Backbone, sizes: Sizes, dtype: str
) -> tuple[list[Figure], dict[str, list[float]]]:
    """Measure one network; returns its figures, and the seconds of every repetition."""
    origin = untrained(sizes.side, backbone.name)
    faces = faces.head(sizes.clips_for(backbone))
    stage = stage_and_loop(folder, faces, origin, dtype)
    in_turn(stage.contestants, 1)  # what is loaded or compiled once is nobody's time
    seconds = in_turn(stage.contestants, sizes.repetitions)
    seconds["stage"] = stage.stage_seconds(seconds)
    per_frame = 1000 * float(np.median(seconds["stage"])) / int(faces["num_frames"].sum())
    memory = max(memory_curve(extract, folder / "memory", faces, sizes.side, backbone.name)["gigabytes"])
    int8 = int8_file(folder, backbone, sizes.side)
    return [
        Figure(f"{backbone.name}: the stage v a bare loop", speed_ratio(seconds, "stage", "bare loop"), least=LEAST),
        Figure(f"{backbone.name}: the stage", per_frame, "ms a frame"),
        Figure(f"{backbone.name}: once for an extraction", stage.once, "s"),
        Figure(f"{backbone.name}: largest RssAnon", memory, "GB"),
        Figure(f"{backbone.name}: int8 file", int8["megabytes"], "MB"),
        Figure(f"{backbone.name}: int8, one picture", int8["median_ms"], "ms"),
    ], seconds


def int8_file(folder: Path, backbone: Backbone, side: int) -> dict:
    """Convert a network to int8; returns its line of `edge.json`.

    Raises:
        RuntimeError: if it cannot be converted.
    """
    network = backbone.build(side, len(LABELS), 0)
    save_bundle(folder / "bundle", network, Preprocessing(size=side).model_dump(), LABELS, {"synthetic": True})
    export_model(str(folder / "bundle"), folder / "edge", ExportOptions(("int8",), os.cpu_count() or 1, per_class=4))
    (row,) = (row for row in read_json(folder / "edge" / "edge.json")["rows"] if row["kind"] == "int8")
    if row["problem"]:
        raise RuntimeError(f"{backbone.name}: {row['problem']}")
    return row


if __name__ == "__main__":
    main("backbones", measure)
