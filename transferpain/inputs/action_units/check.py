"""Check the proxies on real faces: whether they tell emotions apart that differ in one action unit (FER+)."""

from importlib.metadata import version
from pathlib import Path

import cv2
import numpy as np

from transferpain.core.errors import UserError
from transferpain.data.datasets.ferplus import EMOTIONS, SPLITS, VOTES, read_images
from transferpain.data.datasets.index import read_index
from transferpain.data.tasks.ferplus_votes import accepted_votes
from transferpain.evaluation.metrics.auc import ranking_statistic
from transferpain.evaluation.resampling import Answers, bootstrap
from transferpain.inputs.action_units.mesh import load_still_mesh
from transferpain.inputs.action_units.proxy import (
    UNITS,
    Coefficients,
    Standing,
    coefficients_hash,
    estimate,
    shipped_coefficients,
)

ENLARGED = 192  # pixels; the mesh finds few faces in the 48 of FER2013
LEAST_AREA = 0.85
SAMPLES = ("Training", "PublicTest")
# Which emotion shows a unit, and which one does not (all others where none is named).
CHECKS = {12: ("happiness", None), 25: ("surprise", "neutral"), 26: ("surprise", "neutral")}


def check_proxies(data_root: Path, pictures: int = 4000, seed: int = 0) -> dict:
    """Measure on real FER+ pictures how well the package's proxies rank those that show a unit.

    The emotion of a picture is the one that more than half of its votes name. A unit is checked if it reaches
    `LEAST_AREA` on Training pictures and on PublicTest ones that are no copies of them: how the measures of the mesh
    behave on some Training pictures was known when they were chosen.

    Args:
        data_root: holds `fer2013.csv` and `fer2013new.csv`, as for `read_index`.
        pictures: how many of each are drawn, at most.
        seed: of the draw and of the bootstrap over pictures, because FER+ knows no subjects.

    Returns:
        What `proxy_check.json` holds, as JSON types: figures, no pixel.

    Raises:
        UserError: if the files are missing, are a twin's, or have no Training or no PublicTest pictures.
    """
    index = read_index("ferplus", data_root)
    if index.synthetic:
        raise UserError(
            "The proxies cannot be checked on drawn faces.",
            rule="They were fitted on such faces: only real ones tell whether they are of use.",
            received=data_root,
            todo="Give the folder of the real fer2013.csv and fer2013new.csv.",
        )
    clips = index.clips
    kept, accepted = accepted_votes(clips[list(VOTES)].to_numpy(), "majority")
    images, find = read_images(data_root), load_still_mesh()
    samples = {}
    for usage in SAMPLES:
        usable = np.flatnonzero(kept & (clips["split"] == SPLITS[usage]) & ~clips["in_training"])
        if not len(usable):
            raise UserError(
                f"The copy of FER+ has no {usage} pictures.",
                rule=f"The proxies are checked on {' and '.join(SAMPLES)}.",
                received=data_root,
                todo="Give the whole fer2013.csv and fer2013new.csv.",
            )
        chosen = np.sort(np.random.default_rng(seed).choice(usable, min(pictures, len(usable)), replace=False))
        points = np.stack([find(enlarge(images[row])) for row in clips["first_frame"].to_numpy()[chosen]])
        emotions = np.array(EMOTIONS)[accepted[chosen].argmax(axis=1)]
        samples[usage] = compare(points, emotions, shipped_coefficients(), seed)
    return {
        "coefficients": coefficients_hash(),
        "seed": seed,
        "enlarged_to": ENLARGED,
        "least_area": LEAST_AREA,
        "mediapipe": version("mediapipe"),
        "samples": samples,
        "units": judge([sample["areas"] for sample in samples.values()]),
    }


def enlarge(image: np.ndarray) -> np.ndarray:
    """Return a grey picture of FER2013, uint8 `(48, 48)`, as the mesh takes it: RGB, four times as large."""
    large = cv2.resize(image, (ENLARGED, ENLARGED), interpolation=cv2.INTER_CUBIC)
    return cv2.cvtColor(large, cv2.COLOR_GRAY2RGB)


def compare(points: np.ndarray, emotions: np.ndarray, coefficients: Coefficients, seed: int) -> dict:
    """Return the area under the ROC curve of each of `CHECKS`, and what the proxies say of neutral faces.

    Faces that the mesh does not find count in `faces_found` only.

    Args:
        points: `(pictures, 478, 3)`, NaN where no face was found.
        emotions: the name of each picture's emotion, `(pictures,)`.
        coefficients: those that are checked.
        seed: of the bootstrap.
    """
    guessed = estimate(points, coefficients)
    found = guessed.found.to_numpy()
    areas = {}
    for number, (shown_by, against) in CHECKS.items():
        shows = emotions == shown_by
        compared = found & (shows | (emotions == against) if against else True)
        area = _area(guessed.intensities[number].to_numpy()[compared], shows[compared], seed)
        areas[str(number)] = {"shown_by": shown_by, "against": against or "all others", **area}
    # They should be near 0: what they are is how far real faces differ from drawn ones.
    at_rest = guessed.intensities[found & (emotions == "neutral")].mean().round(2)
    return {
        "pictures": len(points),
        "faces_found": round(float(found.mean()), 4),
        "areas": areas,
        "mean_of_neutral_faces": {str(number): float(value) for number, value in at_rest.items()},
    }


def judge(samples: list[dict[str, dict]]) -> dict[str, Standing]:
    """Say of each unit what its areas in all samples mean: `checked` needs `LEAST_AREA` in every one of them."""
    standing = dict.fromkeys(map(str, UNITS), "unvalidated")
    for number in map(str, CHECKS):
        enough = all(areas[number]["area"] >= LEAST_AREA for areas in samples)
        standing[number] = f"{'checked' if enough else 'failed'} on real faces"
    return standing


def _area(intensity: np.ndarray, shows: np.ndarray, seed: int) -> dict:
    rows = len(shows)
    answers = Answers(
        y_true=shows.astype(np.int64),
        y_pred=np.zeros(rows, np.int64),
        probabilities=np.stack([-intensity, intensity], axis=1),
        subject=np.arange(rows),
        seed=np.zeros(rows, np.int64),
        subjects=rows,
        seeds=(seed,),
    )
    found = bootstrap(ranking_statistic(answers), rows, seed=seed)["auc"]
    return {
        "area": round(found.value, 3),
        "interval": [round(found.low, 3), round(found.high, 3)],
        "shown_in": int(shows.sum()),
        "not_shown_in": int((~shows).sum()),
    }
