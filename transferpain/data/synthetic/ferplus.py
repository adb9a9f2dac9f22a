"""The twin of FER2013 with the FER+ votes: drawn emotional faces, 48x48 grey, ten simulated raters."""

import os
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
import pandas as pd

from transferpain.core.errors import UserError
from transferpain.core.seeds import derive_seed
from transferpain.core.store import write_atomically
from transferpain.core.workers import run_in_workers
from transferpain.data.synthetic.camera import FERPLUS, Sensor, seat
from transferpain.data.synthetic.face import ACTION_UNITS, Pose, draw_face
from transferpain.data.synthetic.settings import TwinSettings
from transferpain.data.synthetic.subjects import invent_look

EMOTIONS = ("neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt")
VOTE_COLUMNS = (*EMOTIONS, "unknown", "NF")
# How often each emotion is shown: FER+'s order of frequencies, the rare ones lifted (our choice).
SHARES = (0.30, 0.25, 0.13, 0.10, 0.10, 0.03, 0.06, 0.03)
# Full-blown expressions in the action units that can be drawn (our choice after the FACS manual's prototypes).
EXPRESSIONS = {
    "neutral": {},
    "happiness": {"AU6": 3.0, "AU12": 4.5, "AU25": 2.5},
    "surprise": {"AU1": 4.5, "AU25": 3.0, "AU26": 3.5},
    "sadness": {"AU1": 1.5, "AU4": 2.5, "AU43": 0.45},
    "anger": {"AU4": 5.0, "AU7": 3.5},
    "disgust": {"AU4": 1.5, "AU9": 4.5, "AU10": 4.5, "AU25": 1.5},
    "fear": {"AU1": 4.0, "AU4": 2.5, "AU25": 3.0, "AU26": 1.0},
    "contempt": {"AU12": 1.8, "AU7": 2.0, "AU43": 0.15},
}
# What a rater mistakes an emotion for, other than for neutral.
SIMILAR = {
    "neutral": "sadness", "happiness": "surprise", "surprise": "fear", "sadness": "anger",
    "anger": "disgust", "disgust": "anger", "fear": "surprise", "contempt": "happiness",
}  # fmt: skip
# FER2013's own seven labels; it has no contempt, which its collectors' labels call neutral here.
FER2013_CODES = {"anger": 0, "disgust": 1, "fear": 2, "happiness": 3, "sadness": 4, "surprise": 5, "neutral": 6,
                 "contempt": 6}  # fmt: skip
USAGES = ("Training", "PublicTest", "PrivateTest")
TEST_SHARE = 0.1  # of the people, in PublicTest and again in PrivateTest
IMAGES_A_PERSON = 20
SIZE = 48
RATERS = 10
BLANK_SHARE, DUPLICATE_SHARE = 0.005, 0.01


@dataclass(frozen=True)
class ImagePlan:
    """One row: who shows which emotion, for which the raters vote; `kind` is "face", "blank" or "duplicate".

    `unlinked`: of a null twin, whose raters vote on something else than what is shown.
    """

    usage: str
    person: int
    number: int
    shown: str
    voted: str
    kind: str
    seed: int
    unlinked: bool = False


def plan_ferplus(settings: TwinSettings) -> list[ImagePlan]:
    """Plan the rows in the official order Training, PublicTest, PrivateTest; no person is in two of them.

    Raises:
        UserError: if there are fewer than three people, or `seconds`, `fps` or `levels` is given.
    """
    settings.refuse("FER+", "fps", "levels", "uneven", "signals")
    if settings.subjects < len(USAGES):
        raise UserError(
            "FER+'s twin needs more subjects.",
            rule="Training, PublicTest and PrivateTest have at least one person each.",
            received=settings.subjects,
            todo="Ask for 3 subjects or more.",
        )
    if settings.seconds is not None:
        raise UserError(
            "FER+'s twin has no clips.",
            rule="`seconds` is for videos; FER+ holds images.",
            received=f"seconds={settings.seconds}",
            todo="Leave `seconds` out.",
        )
    seed = derive_seed(settings.seed, "ferplus")
    small = max(1, round(TEST_SHARE * settings.subjects))
    usages = [USAGES[0]] * (settings.subjects - 2 * small) + [USAGES[1]] * small + [USAGES[2]] * small
    plans = []
    for person, usage in enumerate(usages):
        generator = np.random.default_rng(derive_seed(seed, person, "plan"))
        for number in range(settings.clips or IMAGES_A_PERSON):
            voted = str(generator.choice(EMOTIONS, p=SHARES))
            other = str(generator.choice(EMOTIONS, p=SHARES))
            chance = generator.random()
            # A duplicate needs a face before it: a person's first row is always a plain face.
            kind = "face"
            if number and chance < BLANK_SHARE:
                kind = "blank"
            elif number and chance < BLANK_SHARE + DUPLICATE_SHARE:
                kind = "duplicate"
            shown = other if settings.null else voted
            plans.append(ImagePlan(usage, person, number, shown, voted, kind, seed, unlinked=settings.null))
    return plans


def _generator(plan: ImagePlan, part: str) -> np.random.Generator:
    return np.random.default_rng(derive_seed(plan.seed, plan.person, plan.number, part))


def expression(plan: ImagePlan) -> tuple[dict[str, float], float]:
    """Return the action units of a row, and how strongly the emotion shows, 0..1."""
    generator = _generator(plan, "expression")
    strength = float(generator.uniform(0.35, 1.0))
    limits = {"AU43": 1.0, "AU45": 1.0}
    units = {name: abs(float(generator.normal(0, 0.25 * limits.get(name, 5) / 5))) for name in ACTION_UNITS}
    for name, peak in EXPRESSIONS[plan.shown].items():
        units[name] += peak * strength * float(generator.lognormal(0, 0.2))
    return {name: min(value, limits.get(name, 5.0)) for name, value in units.items()}, strength


def votes(plan: ImagePlan) -> np.ndarray:
    """Return the ten votes of a row, int64 (10,) in the order of `VOTE_COLUMNS`; a weak emotion divides the raters."""
    if plan.kind == "blank":
        return np.eye(len(VOTE_COLUMNS), dtype=np.int64)[-1] * RATERS
    generator = _generator(plan, "votes")
    # The raters of a null twin agree as much as an emotion deserves that nobody is shown.
    _, strength = expression(replace(plan, number=-1 - plan.number) if plan.unlinked else plan)
    chances = np.zeros(len(VOTE_COLUMNS))
    right = 0.45 + 0.5 * strength
    chances[EMOTIONS.index(plan.voted)] = right
    chances[EMOTIONS.index("neutral")] += 0.5 * (1 - right)
    chances[EMOTIONS.index(SIMILAR[plan.voted])] += 0.3 * (1 - right)
    chances[: len(EMOTIONS)] += 0.1 * (1 - right) / len(EMOTIONS)
    chances[VOTE_COLUMNS.index("unknown")] = 0.09 * (1 - right)
    chances[VOTE_COLUMNS.index("NF")] = 0.01 * (1 - right)
    return generator.multinomial(RATERS, chances / chances.sum())


def draw_person(plans: list[ImagePlan]) -> np.ndarray:
    """Draw all rows of one person: uint8 (rows, 48, 48)."""
    cv2.setNumThreads(1)
    first = plans[0]
    look = invent_look(first.seed, first.person)
    sitter = seat(FERPLUS, look, first.seed, first.person)
    sensor = Sensor(FERPLUS, first.seed, first.person)
    images = np.zeros((len(plans), SIZE, SIZE), np.uint8)
    for row, plan in enumerate(plans):
        if plan.kind == "duplicate":
            images[row] = next(image for image in images[:row][::-1] if image.any())
        elif plan.kind == "face":
            generator = _generator(plan, "pose")
            x, y, roll, yaw, pitch, scale = generator.normal(0, (0.06, 0.05, 0.08, 0.09, 0.06, 0.04)).clip(-0.2, 0.2)
            gaze = tuple(float(value) for value in generator.uniform(-0.6, 0.6, 2))
            exposure = FERPLUS.exposure * (1 + FERPLUS.exposure_spread * float(generator.normal()))
            pose = Pose(x, y, roll, yaw, pitch, 1 + scale, gaze)
            picture = sensor.expose(draw_face(sitter, expression(plan)[0], pose), exposure, sitter.rest)
            grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
            images[row] = cv2.resize(grey, (SIZE, SIZE), interpolation=cv2.INTER_AREA)
    return images


def _by_person(plans: list[ImagePlan]) -> list[list[ImagePlan]]:
    people = sorted({plan.person for plan in plans})
    return [[plan for plan in plans if plan.person == person] for person in people]


def write_ferplus(folder: Path, settings: TwinSettings, advance: Callable[[int], object]) -> None:
    """Write fer2013.csv, fer2013new.csv (joined by row order, as the official ones are) and the true action units."""
    people = _by_person(plan_ferplus(settings))
    pictures = {}
    with closing(run_in_workers(draw_person, people, os.cpu_count() or 1)) as results:
        for person, images in results:
            pictures[person[0].person] = images
            advance(len(images))
    plans = [plan for person in people for plan in person]
    images = np.concatenate([pictures[person[0].person] for person in people])
    tables = {"fer2013.csv": pixel_table(plans, images), "fer2013new.csv": vote_table(plans)}
    for name, table in tables.items():
        write_atomically(folder / name, lambda path, table=table: table.to_csv(path, index=False))
    truth = pd.DataFrame([
        {"subject": str(plan.person), "clip": f"row{row:05d}", "frame": 0, **expression(plan)[0]}
        for row, plan in enumerate(plans) if plan.kind == "face"
    ])  # fmt: skip
    write_atomically(folder / "true_action_units.parquet", lambda path: truth.to_parquet(path, index=False))


def pixel_table(plans: list[ImagePlan], images: np.ndarray) -> pd.DataFrame:
    """Return fer2013.csv: emotion, pixels (2,304 numbers, row by row), Usage."""
    return pd.DataFrame({
        "emotion": [FER2013_CODES[plan.voted] for plan in plans],
        "pixels": [" ".join(map(str, image.ravel().tolist())) for image in images],
        "Usage": [plan.usage for plan in plans],
    })  # fmt: skip


def vote_table(plans: list[ImagePlan]) -> pd.DataFrame:
    """Return fer2013new.csv: Usage, Image name, ten vote columns.

    A blank image has no name, and the numbers in the names fall behind the row numbers at each of them.
    """
    names, number = [], 0
    for plan in plans:
        names.append("" if plan.kind == "blank" else f"fer{number:07d}.png")
        number += plan.kind != "blank"
    table = pd.DataFrame(np.array([votes(plan) for plan in plans]), columns=VOTE_COLUMNS)
    table.insert(0, "Image name", names)
    table.insert(0, "Usage", [plan.usage for plan in plans])
    return table
