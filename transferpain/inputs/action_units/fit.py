"""Fit the proxies on drawn faces, whose action units are known."""

from dataclasses import asdict, dataclass
from importlib.metadata import version

import numpy as np
from sklearn.linear_model import Ridge
from sklearn.model_selection import GroupKFold, cross_val_predict
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from transferpain.core.seeds import derive_seed
from transferpain.data.synthetic import camera
from transferpain.data.synthetic.camera import Sensor, seat
from transferpain.data.synthetic.face import Pose, draw_face
from transferpain.data.synthetic.subjects import invent_look
from transferpain.data.synthetic.twins import GENERATOR_VERSION
from transferpain.inputs.action_units.geometry import DISTANCES, take_distances
from transferpain.inputs.action_units.mesh import load_still_mesh
from transferpain.inputs.action_units.units import MAXIMA, UNITS

CAMERAS = (camera.UNBC, camera.BIOVID, camera.AI4PAIN, camera.MINTPAIN)
# What is drawn: the proxies' units, and raised brows, which must not pass for the absence of AU4.
DRAWN = (1, *UNITS)
SHARE, EYES_CLOSED = 0.4, 0.15  # of the pictures in which a unit acts; eyes that are closed hide what AU7 does
POSE_SPREAD = {"x": 0.05, "y": 0.05, "roll": 0.1, "yaw": 0.15, "pitch": 0.1}
PENALTIES = tuple(10.0 ** np.arange(-2, 4.5, 0.5))
FOLDS = 5
# By which distances a unit is guessed, and whether its muscles (Facial Action Coding System) lengthen or shorten them:
# a distance may count that way only, so that what is peculiar to drawn faces is not learnt.
DISTANCES_OF = {
    4: {"inner brows above eyes": -1, "middle brows above eyes": -1, "gap between brows": -1},
    6: {"cheeks below eyes": -1, "eye opening": -1, "outer brows above eyes": -1},
    7: {"eye opening": -1, "upper lids above corners": -1},
    9: {"nose wings below eyes": -1, "nose base below eyes": -1, "inner brows above eyes": -1},
    10: {
        "upper lip below nose": -1,
        "sides of the upper lip below nose wings": -1,
        "mouth corners below upper lip": 1,
        "width of the nose": 1,
    },
    12: {
        "mouth width": 1,
        "mouth corners below upper lip": -1,
        "mouth corners below nose": -1,
        "thickness of the upper lip": -1,
    },
    25: {"mouth opening": 1, "mouth corners above lower lip": 1, "chin below lower lip": -1},
    26: {"mouth opening": 1, "mouth corners above lower lip": 1, "chin below nose": 1},
    43: {"eye opening": -1, "upper lids above corners": -1},
}


@dataclass(frozen=True)
class FitSettings:
    """How many people are drawn, how many pictures of each, and the seed of everything random."""

    subjects: int = 60
    pictures: int = 40
    seed: int = 0


@dataclass(frozen=True)
class Examples:
    """Drawn faces: `points` `(pictures, 478, 3)`, NaN without a face; `intensities` `(pictures, len(UNITS))`; whose."""

    points: np.ndarray
    intensities: np.ndarray
    subjects: np.ndarray


def draw_examples(settings: FitSettings) -> Examples:
    """Draw people with known action units, each unit by itself, and find the mesh of each picture."""
    find = load_still_mesh()
    points, intensities, subjects = [], [], []
    for subject in range(settings.subjects):
        parts = (settings.seed, "proxies", subject)
        place = CAMERAS[subject % len(CAMERAS)]
        sitter, sensor = seat(place, invent_look(*parts), *parts), Sensor(place, *parts)
        random = np.random.default_rng(derive_seed(*parts, "acts"))
        for _ in range(settings.pictures):
            acts = {number: _act(number, random) for number in DRAWN}
            pose = Pose(**{name: float(random.normal(0, spread)) for name, spread in POSE_SPREAD.items()})
            drawn = draw_face(sitter, {f"AU{number}": value for number, value in acts.items()}, pose)
            exposure = place.exposure * (1 + place.exposure_spread * random.normal())
            points.append(find(sensor.expose(drawn, exposure, sitter.rest)).points)
            intensities.append([acts[number] for number in UNITS])
            subjects.append(subject)
    return Examples(np.stack(points), np.array(intensities), np.array(subjects))


def _act(number: int, random: np.random.Generator) -> float:
    if number == 43:
        return float((random.random() < EYES_CLOSED) * random.uniform(0, 1))
    return float((random.random() < SHARE) * random.uniform(0, 5))


def fit_proxies(examples: Examples, settings: FitSettings) -> dict:
    """Fit a ridge regression for each unit, and say how well it guesses people it was not fitted on.

    Returns:
        What `proxy.json` holds, as JSON types; `correlation` and `error` (mean absolute) are those of drawn people
        that were left out, five parts of the people by turns; the penalty is the one that is best there.
    """
    taken = take_distances(examples.points)
    found = np.isfinite(taken).all(axis=1)
    folds = list(GroupKFold(FOLDS).split(taken[found], groups=examples.subjects[found]))
    lines = zip(UNITS, MAXIMA, examples.intensities[found].T, strict=True)
    return {
        "units": {
            str(number): _fit_unit(number, maximum, taken[found], acts, folds) for number, maximum, acts in lines
        },
        "fitted_on": {
            **asdict(settings),
            "synthetic": True,
            "generator_version": GENERATOR_VERSION,
            "faces_found": round(float(found.mean()), 4),
            "mediapipe": version("mediapipe"),
        },
    }


def _fit_unit(number: int, maximum: float, taken: np.ndarray, intensity: np.ndarray, folds: list) -> dict:
    signs = np.array(list(DISTANCES_OF[number].values()))
    signed = taken[:, [list(DISTANCES).index(name) for name in DISTANCES_OF[number]]] * signs

    def line(penalty: float) -> Pipeline:
        return make_pipeline(StandardScaler(), Ridge(penalty, positive=True))

    guesses = {
        penalty: cross_val_predict(line(penalty), signed, intensity, cv=folds).clip(0, maximum) for penalty in PENALTIES
    }
    penalty = min(guesses, key=lambda one: np.square(guesses[one] - intensity).mean())
    scaler, ridge = line(penalty).fit(signed, intensity).named_steps.values()
    weights = ridge.coef_ / scaler.scale_
    named = zip(DISTANCES_OF[number], weights * signs, strict=True)
    return {
        "constant": round(float(ridge.intercept_ - weights @ scaler.mean_), 4),
        "weights": {name: round(float(weight), 4) for name, weight in named if round(float(weight), 4)},
        "correlation": round(float(np.corrcoef(guesses[penalty], intensity)[0, 1]), 3),
        "error": round(float(np.abs(guesses[penalty] - intensity).mean()), 3),
    }
