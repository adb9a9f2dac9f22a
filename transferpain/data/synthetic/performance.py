"""What a drawn person does during a clip: action units, head, gaze, over time.

All times are seconds of the official clip; a twin with shorter clips plays the same course faster.
"""

from dataclasses import dataclass

import numpy as np

from transferpain.core.seeds import derive_seed
from transferpain.data.synthetic.face import ACTION_UNITS, Pose
from transferpain.data.synthetic.subjects import Temperament

COLUMN = {name: position for position, name in enumerate(ACTION_UNITS)}
SCORED = [COLUMN[name] for name in ("AU4", "AU6", "AU7", "AU9", "AU10", "AU43")]  # what PSPI is made of
EYE_UNITS = [COLUMN["AU43"], COLUMN["AU45"]]  # 0..1, the others 0..5
MEMORY = 6.0  # events may have begun so many seconds before the clip


@dataclass(frozen=True)
class Stimulus:
    """A pain stimulus: when the clip's stretch begins (s), how long it is (s), and how strong, 0 (none) .. 1."""

    start: float
    length: float
    strength: float


@dataclass(frozen=True)
class Performance:
    """One clip's course, one row per frame.

    `action_units`: float32 (frames, 11) in the order of `ACTION_UNITS`. `head`: float32 (frames, 8): the fields
    of `Pose` in order, gaze last. `exposure`: float32 (frames,), relative to the camera's own.
    """

    action_units: np.ndarray
    head: np.ndarray
    exposure: np.ndarray

    def frame(self, number: int) -> tuple[dict[str, float], Pose]:
        """Return one frame's action units and pose, as `draw_face` takes them."""
        units = dict(zip(ACTION_UNITS, self.action_units[number].tolist(), strict=True))
        x, y, roll, yaw, pitch, scale, across, down = self.head[number].tolist()
        return units, Pose(x, y, roll, yaw, pitch, scale, (across, down))


def bump(times: np.ndarray, start: float, rise: float, hold: float, fall: float) -> np.ndarray:
    """Return onset, apex and offset as 0..1: a raised-cosine rise, a plateau, a raised-cosine fall."""
    up = np.clip((times - start) / rise, 0, 1)
    down = np.clip((times - start - rise - hold) / fall, 0, 1)
    return (0.5 - 0.5 * np.cos(np.pi * up)) * (0.5 + 0.5 * np.cos(np.pi * down))


def perform(
    temperament: Temperament, stimuli: tuple[Stimulus, ...], times: np.ndarray, *seed_parts: int | str
) -> Performance:
    """Act out one clip.

    Args:
        temperament: how the person moves.
        stimuli: what is felt, and when; strength 0 is no pain.
        times: (frames,) seconds of the official clip.
        seed_parts: what the randomness depends on.
    """
    # Own generators: what a stimulus draws never shifts the blinks, smiles and head motion of the clip.
    generator = np.random.default_rng(derive_seed(*seed_parts, "everyday"))
    units = _rest(temperament, times, generator)
    for event in _everyday_events(temperament, times, generator):
        units = np.maximum(units, event)
    units[:, SCORED] *= temperament.everyday_tension
    for number, stimulus in enumerate(stimuli):
        reaction = np.random.default_rng(derive_seed(*seed_parts, "reaction", number))
        units = np.maximum(units, _reaction(temperament, stimulus, times, reaction))
    limits = np.full(len(ACTION_UNITS), 5.0)
    limits[EYE_UNITS] = 1.0
    motion = np.random.default_rng(derive_seed(*seed_parts, "motion"))
    head = _head(temperament, times, motion)
    exposure = 0.75 * motion.normal() + 0.65 * _wander(times, motion, 1)[:, 0]
    return Performance(np.clip(units, 0, limits).astype(np.float32), head, exposure.astype(np.float32))


def _wander(times: np.ndarray, generator: np.random.Generator, channels: int) -> np.ndarray:
    """Return a stationary course (frames, channels) of unit variance, from slow sines of random phase."""
    periods = generator.uniform(2.0, 11.0, (3, channels))
    phases = generator.uniform(0, 2 * np.pi, (3, channels))
    return np.sqrt(2 / 3) * np.sin(2 * np.pi * times[:, None, None] / periods + phases).sum(1)


def _head(temperament: Temperament, times: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    spread = np.array((0.05, 0.04, 0.035, 0.07, 0.05, 0.012, 0.3, 0.25))
    course = 0.6 * generator.normal(size=8).clip(-2, 2) + 0.7 * _wander(times, generator, 8)
    course *= spread * temperament.head_motion
    course[:, 5] += 1
    course[:, 6:] = course[:, 6:].clip(-1, 1)
    return course.astype(np.float32)


def _rest(temperament: Temperament, times: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Return the resting face: a person's own slight tension, and small movements of every muscle."""
    spread = np.full(len(ACTION_UNITS), 0.3)
    spread[EYE_UNITS] = 0.03
    units = spread * (_wander(times, generator, len(ACTION_UNITS)) + generator.normal(size=len(ACTION_UNITS)))
    for name, level in temperament.resting.items():
        units[:, COLUMN[name]] += level
    return units


def _starts(rate: float, times: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Draw when events begin: a Poisson process that was running before the clip, so that no frame is special."""
    begin, end = times[0] - MEMORY, times[-1]
    return generator.uniform(begin, end, generator.poisson(rate * (end - begin)))


def _everyday_events(temperament: Temperament, times: np.ndarray, generator: np.random.Generator):
    """Yield blinks, smiles, talking, frowns and grimaces, each as (frames, 11)."""
    for start in _starts(temperament.blink_rate, times, generator):
        yield _event(bump(times, start, 0.1, 0.08, 0.16), {"AU45": 1.0})
    for start in _starts(temperament.smile_rate, times, generator):
        shape = bump(times, start, *generator.uniform((0.4, 0.5, 0.5), (0.9, 2.0, 1.0)))
        wide = generator.uniform(1.5, 4.5)
        yield _event(shape, {"AU12": wide, "AU6": wide * generator.uniform(0.3, 0.9),
                             "AU25": wide * generator.uniform(0, 0.7)})  # fmt: skip
    for start in _starts(temperament.talk_rate, times, generator):
        shape = bump(times, start, 0.2, generator.uniform(0.8, 2.5), 0.2)
        syllables = 0.55 + 0.45 * np.sin(2 * np.pi * generator.uniform(2.5, 4.5) * times + generator.uniform(0, 6))
        yield _event(shape * syllables, {"AU25": generator.uniform(1.5, 4), "AU26": generator.uniform(0.5, 2.2)})
    for start in _starts(temperament.frown_rate, times, generator):
        shape = bump(times, start, *generator.uniform((0.3, 0.3, 0.3), (0.8, 1.8, 1.0)))
        yield _event(shape, {"AU4": generator.uniform(1, 3.5), "AU7": generator.uniform(0, 3),
                             "AU10": max(0.0, generator.uniform(-2, 2))})  # fmt: skip
    for start in _starts(temperament.grimace_rate, times, generator):
        # Squeezed eyes, a sniff, a stretched mouth: what makes a face at rest look like pain for a moment.
        shape = bump(times, start, *generator.uniform((0.4, 0.4, 0.5), (1.2, 2.5, 1.2)))
        height = generator.uniform(0.2, 0.8)
        yield _event(shape, {name: peak * height * generator.lognormal(0, 0.3)
                             for name, peak in temperament.pain_pattern.items()})  # fmt: skip


def _event(shape: np.ndarray, peaks: dict[str, float]) -> np.ndarray:
    units = np.zeros((len(shape), len(ACTION_UNITS)))
    for name, peak in peaks.items():
        units[:, COLUMN[name]] = peak * shape
    return units


def _reaction(
    temperament: Temperament, stimulus: Stimulus, times: np.ndarray, generator: np.random.Generator
) -> np.ndarray:
    """Return the answer to a stimulus: late (from about 2 s of 5.5 s), and not to every one."""
    felt = stimulus.strength * generator.lognormal(0, 0.3)
    answers = generator.random() < temperament.answer_rate * min(1.0, 0.35 + 0.75 * felt)
    scale = stimulus.length / 5.52
    onset = stimulus.start + scale * generator.uniform(1.6, 2.6)
    rise, hold, fall = scale * generator.uniform(0.5, 1.1), scale * generator.uniform(1.0, 2.6), scale * 0.9
    strength = temperament.expressiveness * min(felt, 1.4) * answers
    units = np.zeros((len(times), len(ACTION_UNITS)))
    for name, peak in temperament.pain_pattern.items():
        delay = scale * abs(generator.normal(0, 0.15))
        height = strength * peak * generator.lognormal(0, 0.25)
        units[:, COLUMN[name]] = height * bump(times, onset + delay, rise, hold, fall)
    return units
