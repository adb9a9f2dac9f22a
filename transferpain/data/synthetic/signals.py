"""Signals of a twin: skin conductance, heart and three muscles at BioVid's rate, in BioVid's tables.

What links them to a stimulus is written here and nowhere else, and all of it is invented. A person's body answers by a
gain of its own, which has nothing to do with how much the face shows, so that signals tell what a face may not, and the
other way round. With s, the strength of what is felt (0 none .. 1 the strongest):

gsr              with a chance of .85 a response of gain x s uS (times scatter), whose foot lies 1 to 2.5 s in
ecg              the heart goes gain x s beats a minute faster, from 1.5 s in on
emg_corrugator,  a burst of gain x s times the resting activity (times scatter), of one to two seconds; of the
emg_zygomaticus,   zygomaticus half, of the trapezius a quarter of the gain
emg_trapezius

Responses and bursts of nothing in particular come at equal rates whatever is felt, and levels drift. A shorter twin has
shorter videos, and signals of the official length: a heart cannot play faster.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from transferpain.core.seeds import derive_seed
from transferpain.core.store import write_text
from transferpain.data.synthetic.videos import ClipPlan

RATE = 512
SAMPLES = 2816  # 5.5 s
FIRST_MICROSECOND = 1250
FOLDER = "biosignals_raw"
MUSCLES = {"emg_trapezius": 0.25, "emg_corrugator": 1.0, "emg_zygomaticus": 0.5}  # share of the gain
RISE, DECAY = 0.75, 2.0  # seconds, of a response of the skin
ANSWERS = 0.85
# Of the heart's complex: height (mV), when it stands (s from the R peak), how wide (s).
WAVES = ((0.12, -0.16, 0.025), (-0.12, -0.03, 0.01), (1.0, 0.0, 0.012), (-0.2, 0.03, 0.01), (0.25, 0.25, 0.04))


@dataclass(frozen=True)
class Body:
    """How one person's body is, and answers.

    Attributes:
        conductance: of the skin at rest, uS.
        skin_gain: height of the response to the strongest stimulus, uS.
        skin_unrest: responses a second to nothing in particular.
        heart_rate: at rest, beats a minute.
        heart_gain: beats a minute that the strongest stimulus adds.
        heart_scatter: from one distance of beats to the next, s.
        tone: of each muscle at rest, uV.
        muscle_gain: of the strongest stimulus' burst, in units of the tone.
        muscle_unrest: bursts a second to nothing in particular.
    """

    conductance: float
    skin_gain: float
    skin_unrest: float
    heart_rate: float
    heart_gain: float
    heart_scatter: float
    tone: tuple[float, ...]
    muscle_gain: float
    muscle_unrest: float


def invent_body(*seed_parts: int | str) -> Body:
    """Draw how a person's body is."""
    generator = np.random.default_rng(derive_seed(*seed_parts, "body"))
    return Body(
        conductance=generator.uniform(2.0, 12.0),
        skin_gain=0.35 * np.exp(0.5 * generator.standard_normal()),
        skin_unrest=generator.uniform(0.05, 0.2),
        heart_rate=generator.uniform(58, 85),
        heart_gain=generator.uniform(1.0, 7.0),
        heart_scatter=generator.uniform(0.01, 0.03),
        tone=tuple(2.0 * np.exp(0.4 * generator.standard_normal(len(MUSCLES)))),
        muscle_gain=generator.uniform(0.2, 1.5),
        muscle_unrest=generator.uniform(0.05, 0.2),
    )


def draw_signals(body: Body, strength: float, *seed_parts: int | str) -> pd.DataFrame:
    """Return a clip's table: time (us), gsr (uS), ecg (mV) and the muscles (uV), a row for each sample.

    Args:
        body: whose it is.
        strength: of what is felt, 0 .. 1.
        seed_parts: the seed and the clip's name.
    """
    generator = np.random.default_rng(derive_seed(*seed_parts, "signals"))
    seconds = np.arange(SAMPLES) / RATE
    columns = {
        "time": np.round(FIRST_MICROSECOND + 1e6 * seconds).astype(np.int64),
        "gsr": _skin(body, strength, seconds, generator),
        "ecg": _heart(body, strength, seconds, generator),
    }
    for (name, share), tone in zip(MUSCLES.items(), body.tone, strict=True):
        columns[name] = _muscle(body, share * strength, tone, seconds, generator)
    return pd.DataFrame(columns)


def write_signals(folder: Path, plans: Sequence[ClipPlan]) -> None:
    """Write the table of every clip that has none yet: `biosignals_raw/<subject>/<clip>_bio.csv`."""
    bodies = {plan.person.name: invent_body(plan.seed, plan.person.name) for plan in plans}
    for plan in plans:
        path = folder / FOLDER / plan.person.name / f"{plan.clip}_bio.csv"
        if not path.exists():
            (stimulus,) = plan.stimuli
            table = draw_signals(bodies[plan.person.name], stimulus.strength, plan.seed, plan.clip)
            write_text(path, table.to_csv(sep="\t", index=False, float_format="%.6g", lineterminator="\n"))


def _response(since: np.ndarray) -> np.ndarray:
    """Return a response of the skin, 1 at its top, at seconds since its foot."""
    top = np.log(DECAY / RISE) * DECAY * RISE / (DECAY - RISE)
    since = np.maximum(since, 0.0)
    return (np.exp(-since / DECAY) - np.exp(-since / RISE)) / (np.exp(-top / DECAY) - np.exp(-top / RISE))


def _skin(body: Body, strength: float, seconds: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    drift = 0.02 * generator.standard_normal() * seconds + 0.3 * generator.standard_normal()
    signal = body.conductance + drift + 0.003 * generator.standard_normal(len(seconds))
    answers, foot = generator.random() < ANSWERS, generator.uniform(1.0, 2.5)
    height = body.skin_gain * strength * np.exp(0.4 * generator.standard_normal())
    signal += answers * height * _response(seconds - foot)
    before = 6.0  # responses may have begun so many seconds before the clip
    for _ in range(generator.poisson(body.skin_unrest * (before + seconds[-1]))):
        height = 0.5 * body.skin_gain * np.exp(0.4 * generator.standard_normal())
        signal += height * _response(seconds - generator.uniform(-before, seconds[-1]))
    return signal


def _heart(body: Body, strength: float, seconds: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    rate = body.heart_rate + 3.0 * generator.standard_normal()
    breath, wander = 2 * np.pi * generator.random(2)
    signal = 0.1 * np.sin(2 * np.pi * 0.2 * seconds + wander) + 0.02 * generator.standard_normal(len(seconds))
    at = -generator.uniform(0, 60 / rate)
    while at < seconds[-1] + 0.5:
        for height, delay, width in WAVES:
            signal += height * np.exp(-0.5 * ((seconds - at - delay) / width) ** 2)
        faster = body.heart_gain * strength * np.clip((at - 1.5) / 1.5, 0, 1)
        distance = 60 / (rate + faster) + 0.03 * np.sin(2 * np.pi * 0.25 * at + breath)
        at += max(0.35, distance + body.heart_scatter * generator.standard_normal())
    return signal


def _muscle(
    body: Body, strength: float, tone: float, seconds: np.ndarray, generator: np.random.Generator
) -> np.ndarray:
    active = np.ones(len(seconds))
    bursts = [(generator.uniform(1.5, 3.5), body.muscle_gain * strength)]
    bursts += [
        (generator.uniform(-1.0, seconds[-1]), 0.5 * body.muscle_gain)
        for _ in range(generator.poisson(body.muscle_unrest * (1.0 + seconds[-1])))
    ]
    for start, height in bursts:
        length = generator.uniform(1.0, 2.0)
        rise = 1 / (1 + np.exp(-(seconds - start) / 0.1)) - 1 / (1 + np.exp(-(seconds - start - length) / 0.1))
        active += height * np.exp(0.4 * generator.standard_normal()) * rise
    return tone * active * generator.standard_normal(len(seconds))
