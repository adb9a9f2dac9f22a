"""Check how action units are measured on real faces: whether emotions are told apart that differ in one unit (FER+)."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import cv2
import numpy as np
import pandas as pd

from transferpain.core.errors import UserError
from transferpain.data.datasets.ferplus import EMOTIONS, SPLITS, VOTES, read_images
from transferpain.data.datasets.index import read_index
from transferpain.data.tasks.ferplus_votes import accepted_votes
from transferpain.evaluation.metrics.auc import ranking_statistic
from transferpain.evaluation.resampling import Answers, jackknife
from transferpain.inputs.action_units.blendshapes import blendshape_intensities
from transferpain.inputs.action_units.measures import measured_with
from transferpain.inputs.action_units.mesh import Mesh, load_still_mesh, stack_meshes
from transferpain.inputs.action_units.proxy import proxy_intensities
from transferpain.inputs.action_units.units import MEASURES, UNITS, Measure, Standing

ENLARGED = 192  # pixels; the mesh finds few faces in the 48 of FER2013
LEAST_AREA = 0.85
CHOOSES, CONFIRMS = "Training", "PublicTest"
# Which emotion shows a unit, and which one does not (all others where none is named). Only units that the Facial Action
# Coding System names in every variant of the emotion: disgust has AU9 or AU10, and a smile may be without AU6.
CHECKS = {
    4: ("anger", "neutral"),
    12: ("happiness", None),
    25: ("surprise", "neutral"),
    26: ("surprise", "neutral"),
}


@dataclass(frozen=True)
class Sample:
    """Pictures of one usage of FER+.

    Attributes:
        emotions: the name of each one's emotion, `(pictures,)`.
        guesses: measure -> float64 `(pictures, len(UNITS))`, NaN where no face was found.
    """

    emotions: np.ndarray
    guesses: Mapping[Measure, np.ndarray]

    @property
    def found(self) -> np.ndarray:
        """Bool `(pictures,)`, whether a face was found."""
        return np.isfinite(self.guesses["proxy"]).all(axis=1)


def check_units(data_root: Path, pictures: int = 4000, seed: int = 0) -> dict:
    """Measure on real FER+ pictures how well proxies and blendshapes rank those that show a unit, and choose.

    The emotion of a picture is the one that more than half of its votes name. Of the two measures of a unit the one
    with the larger area on Training pictures is chosen; a unit that no emotion shows stays with its proxy. What was
    chosen, and nothing else, is looked at on PublicTest pictures that are no copies of Training ones. It is checked if
    it reaches `LEAST_AREA` on both: how the measures behave on some Training pictures was known when they were made.

    Args:
        data_root: holds `fer2013.csv` and `fer2013new.csv`, as for `read_index`.
        pictures: how many of each are drawn, at most.
        seed: of the draw of pictures; intervals are over pictures, because FER+ knows no subjects.

    Returns:
        What `measures.json` holds, as JSON types: figures, no pixel.

    Raises:
        UserError: if the files are missing, are a twin's, or have no Training or no PublicTest pictures.
    """
    index = read_index("ferplus", data_root)
    if index.synthetic:
        raise UserError(
            "How action units are measured cannot be checked on drawn faces.",
            rule="The proxies were fitted on such faces: only real ones tell whether they are of use.",
            received=data_root,
            todo="Give the folder of the real fer2013.csv and fer2013new.csv.",
        )
    rows = {usage: _draw(index.clips, usage, pictures, seed, data_root) for usage in (CHOOSES, CONFIRMS)}
    images, find = read_images(data_root), load_still_mesh()

    def look(usage: str) -> Sample:
        drawn = rows[usage]
        meshes = stack_meshes([find(enlarge(images[number])) for number in drawn["first_frame"]])
        return Sample(drawn["emotion"].to_numpy(), guess(meshes))

    training = look(CHOOSES)
    compared = compare(training, dict.fromkeys(CHECKS, MEASURES))
    measures = choose(compared)
    public = look(CONFIRMS)
    confirmed = compare(public, {number: (measures[number],) for number in CHECKS})
    samples = {CHOOSES: (training, compared), CONFIRMS: (public, confirmed)}
    return {
        "measured_with": measured_with(),
        "seed": seed,
        "enlarged_to": ENLARGED,
        "least_area": LEAST_AREA,
        "mediapipe": version("mediapipe"),
        "samples": {
            usage: {
                "pictures": len(sample.emotions),
                "faces_found": round(float(sample.found.mean()), 4),
                "areas": areas,
                "mean_of_neutral_faces": at_rest(sample, measures),
            }
            for usage, (sample, areas) in samples.items()
        },
        "units": judge(measures, [compared, confirmed]),
    }


def _draw(clips: pd.DataFrame, usage: str, pictures: int, seed: int, data_root: Path) -> pd.DataFrame:
    """Return `first_frame` and `emotion` of some pictures on whose emotion most agree."""
    kept, accepted = accepted_votes(clips[list(VOTES)].to_numpy(), "majority")
    usable = np.flatnonzero(kept & (clips["split"] == SPLITS[usage]) & ~clips["in_training"])
    if not len(usable):
        raise UserError(
            f"The copy of FER+ has no {usage} pictures.",
            rule=f"How action units are measured is chosen on {CHOOSES} and confirmed on {CONFIRMS}.",
            received=data_root,
            todo="Give the whole fer2013.csv and fer2013new.csv.",
        )
    chosen = np.sort(np.random.default_rng(seed).choice(usable, min(pictures, len(usable)), replace=False))
    emotions = np.array(EMOTIONS)[accepted[chosen].argmax(axis=1)]
    return pd.DataFrame({"first_frame": clips["first_frame"].to_numpy()[chosen], "emotion": emotions})


def enlarge(image: np.ndarray) -> np.ndarray:
    """Return a grey picture of FER2013, uint8 `(48, 48)`, as the mesh takes it: RGB, four times as large."""
    large = cv2.resize(image, (ENLARGED, ENLARGED), interpolation=cv2.INTER_CUBIC)
    return cv2.cvtColor(large, cv2.COLOR_GRAY2RGB)


def guess(meshes: Mesh) -> dict[Measure, np.ndarray]:
    """Return what both measures say of each of `UNITS`, as `Sample` holds it."""
    return {
        "proxy": proxy_intensities(meshes.points),
        "blendshape": blendshape_intensities(meshes.blendshapes),
    }


def compare(sample: Sample, asked: Mapping[int, tuple[Measure, ...]]) -> dict[str, dict]:
    """Return the area under the ROC curve of measures of some of `CHECKS`; faces that were not found do not count.

    Args:
        sample: what was measured.
        asked: unit -> which measures of it.
    """
    areas = {}
    for number, measures in asked.items():
        shown_by, against = CHECKS[number]
        shows = sample.emotions == shown_by
        compared = sample.found & (shows | (sample.emotions == against) if against else True)
        areas[str(number)] = {
            "shown_by": shown_by,
            "against": against or "all others",
            "shown_in": int(shows[compared].sum()),
            "not_shown_in": int((~shows[compared]).sum()),
        } | {
            measure: _area(sample.guesses[measure][compared, UNITS.index(number)], shows[compared])
            for measure in measures
        }
    return areas


def choose(areas: Mapping[str, dict]) -> dict[int, Measure]:
    """Return the measure of each of `UNITS`: the one with the larger area, the proxy where there is none or both equal.

    Args:
        areas: of both measures, as `compare` returns them.
    """
    chosen: dict[int, Measure] = dict.fromkeys(UNITS, "proxy")
    for number, found in areas.items():
        if found["blendshape"]["area"] > found["proxy"]["area"]:
            chosen[int(number)] = "blendshape"
    return chosen


def judge(measures: Mapping[int, Measure], samples: list[Mapping[str, dict]]) -> dict[str, dict[str, str]]:
    """Say of each unit's measure what its areas mean: `checked` needs `LEAST_AREA` in every sample.

    Args:
        measures: the one of each unit.
        samples: the areas of each sample, as `compare` returns them.
    """
    found = {}
    for number, measure in measures.items():
        standing: Standing = "unvalidated"
        if number in CHECKS:
            enough = all(areas[str(number)][measure]["area"] >= LEAST_AREA for areas in samples)
            standing = "checked on real faces" if enough else "failed on real faces"
        found[str(number)] = {"measure": measure, "standing": standing}
    return found


def at_rest(sample: Sample, measures: Mapping[int, Measure]) -> dict[str, float]:
    """Return the mean of neutral faces by the measure of each unit: a coder would write about 0."""
    rows = sample.found & (sample.emotions == "neutral")
    return {
        str(number): round(float(sample.guesses[measures[number]][rows, place].mean()), 2)
        for place, number in enumerate(UNITS)
    }


def _area(intensity: np.ndarray, shows: np.ndarray) -> dict:
    rows = len(shows)
    answers = Answers(
        y_true=shows.astype(np.int64),
        y_pred=np.zeros(rows, np.int64),
        probabilities=np.stack([-intensity, intensity], axis=1),
        subject=np.arange(rows),
        seed=np.zeros(rows, np.int64),
        subjects=rows,
        seeds=(0,),
    )
    found = jackknife(ranking_statistic(answers), rows, {"auc": (0, 1)})["auc"]
    return {
        "area": round(found.value, 3),
        "interval": None if np.isnan(found.low) else [round(found.low, 3), round(found.high, 3)],
    }
