"""Verifying and loading shared models of the sizes of those in weights/, after the imports."""

import statistics
from pathlib import Path
from typing import NamedTuple

from benchmarks.measure import Figure, in_turn, main
from transferpain.models.bundles.bundle import read_bundle, save_bundle
from transferpain.models.bundles.guard import check_model_file
from transferpain.models.bundles.manifest import read_manifest
from transferpain.models.sources.preprocessing import Preprocessing
from transferpain.networks.backbones.resnet18 import build_resnet18
from transferpain.networks.backbones.vgg16 import build_vgg16_gap

EMOTIONS = 8
REPETITIONS = 5
MOST_SECONDS = 5


class Sizes(NamedTuple):
    """Pixels a side of the two networks, and their features; the weights of either do not depend on the pixels."""

    resnet18: int
    vgg16: int
    embedding: int


FULL = Sizes(96, 48, 1024)
QUICK = Sizes(32, 32, 8)


def measure(folder: Path, quick: bool) -> dict:
    sizes = QUICK if quick else FULL
    networks = {
        "ResNet-18": (build_resnet18(sizes.resnet18, EMOTIONS, embedding=sizes.embedding), sizes.resnet18),
        "VGG16-GAP-1024": (build_vgg16_gap(sizes.vgg16, EMOTIONS, embedding=sizes.embedding), sizes.vgg16),
    }
    figures, times = [], {}
    for what, (model, size) in networks.items():
        bundle = folder / what
        labels = tuple(f"emotion {number}" for number in range(EMOTIONS))
        save_bundle(bundle, model, Preprocessing(size=size).model_dump(), labels, {"synthetic": True})
        seconds = in_turn(calls(bundle), 1 if quick else REPETITIONS)
        megabytes = (bundle / "model.keras").stat().st_size / 1e6
        figures += [
            Figure(f"{what}, {megabytes:.0f} MB: verify", statistics.median(seconds["verify"]), "s"),
            Figure(f"{what}: verify and load", max(seconds["verify and load"]), "s", most=MOST_SECONDS),
        ]
        times[what] = seconds
    return {"figures": figures, "seconds": times, "sizes": sizes._asdict()}


def calls(bundle: Path) -> dict:
    """Return what is timed: hashes and the check for code; and `read_bundle`, which does both and then loads."""

    def verify() -> None:
        read_manifest(bundle)
        check_model_file(bundle / "model.keras")

    return {"verify": verify, "verify and load": lambda: read_bundle(bundle)}


if __name__ == "__main__":
    main("sharing", measure)
