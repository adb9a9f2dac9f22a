"""What a drawn person does during a clip: action units, skin, head, gaze, over time.

All times are seconds of the official clip; a twin with shorter clips plays the same course faster. What a person is
like stands in `Temperament`, what the people of a twin are like in `behaviour/`.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from transferpain.core.seeds import derive_seed
from transferpain.data.synthetic.behaviour.model import Answers
from transferpain.data.synthetic.face import ACTION_UNITS, SKIN, Pose
from transferpain.data.synthetic.subjects import Temperament

COLUMN = {name: position for position, name in enumerate(ACTION_UNITS)}
SCORED = [COLUMN[name] for name in ("AU4", "AU6", "AU7", "AU9", "AU10", "AU43")]  # what PSPI is made of
EYE_UNITS = [COLUMN["AU43"], COLUMN["AU45"]]  # 0..1, the others 0..5
FLUSH, STRAIN = range(len(SKIN))
MEMORY = 6.0  # events may have begun so many seconds before the clip


@dataclass(frozen=True)
class Stimulus:
    """A pain stimulus: when the clip's stretch begins (s), how long it is (s), and how strong, 0 (none) .. 1.

    All of its answer lies within the stretch.
    """

    start: float
    length: float
    strength: float


@dataclass(frozen=True)
class Performance:
    """One clip's course, one row per frame.

    `action_units`: float32 (frames, 11) in the order of `ACTION_UNITS`. `skin`: float32 (frames, 2), 0..1, in the
    order of `SKIN`. `head`: float32 (frames, 8): the fields of `Pose` in order, gaze last. `exposure`: float32
    (frames,), relative to the camera's own.
    """

    action_units: np.ndarray
    skin: np.ndarray
    head: np.ndarray
    exposure: np.ndarray

    def frame(self, number: int) -> tuple[dict[str, float], Pose]:
        """Return one frame's action units and skin, and the pose, as `draw_face` takes them."""
        acts = dict(zip(ACTION_UNITS, self.action_units[number].tolist(), strict=True))
        acts |= dict(zip(SKIN, self.skin[number].tolist(), strict=True))
        x, y, roll, yaw, pitch, scale, across, down = self.head[number].tolist()
        return acts, Pose(x, y, roll, yaw, pitch, scale, (across, down))


@dataclass(frozen=True)
class Course:
    """The units (frames, 11) and the skin (frames, 2) of one event or of a whole clip."""

    units: np.ndarray
    skin: np.ndarray

    @classmethod
    def still(cls, frames: int) -> "Course":
        return cls(np.zeros((frames, len(ACTION_UNITS))), np.zeros((frames, len(SKIN))))

    def act(self, shape: np.ndarray, peaks: dict[str, float]) -> None:
        """Add an event: `shape` 0..1 (frames,) times the intensity of each unit; the stronger of two holds."""
        for name, peak in peaks.items():
            column = self.units[:, COLUMN[name]]
            np.maximum(column, peak * shape, out=column)

    def strain(self, shape: np.ndarray) -> None:
        """Strain the skin; the stronger of two holds."""
        np.maximum(self.skin[:, STRAIN], shape, out=self.skin[:, STRAIN])


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
    course = _rest(temperament, times, generator)
    _live(course, temperament, times, generator)
    course.units[:, SCORED] *= temperament.everyday_tension
    for number, stimulus in enumerate(stimuli):
        if stimulus.strength > 0:
            _answer(
                course,
                temperament,
                stimulus,
                times,
                np.random.default_rng(derive_seed(*seed_parts, "reaction", number)),
            )
    limits = np.full(len(ACTION_UNITS), 5.0)
    limits[EYE_UNITS] = 1.0
    motion = np.random.default_rng(derive_seed(*seed_parts, "motion"))
    head = _head(temperament, times, motion)
    exposure = 0.75 * motion.normal() + 0.65 * _wander(times, motion, 1)[:, 0]
    return Performance(
        np.clip(course.units, 0, limits).astype(np.float32),
        np.clip(course.skin, 0, 1).astype(np.float32),
        head,
        exposure.astype(np.float32),
    )


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


def _rest(temperament: Temperament, times: np.ndarray, generator: np.random.Generator) -> Course:
    """Return the resting face: a person's own slight tension and colour, and small movements of every muscle."""
    spread = np.full(len(ACTION_UNITS), 0.3)
    spread[EYE_UNITS] = 0.03
    units = spread * (_wander(times, generator, len(ACTION_UNITS)) + generator.normal(size=len(ACTION_UNITS)))
    for name, level in temperament.resting.items():
        units[:, COLUMN[name]] += level
    skin = np.array((0.06, 0.05)) * (_wander(times, generator, 2) + generator.normal(size=2))
    skin[:, FLUSH] += temperament.resting_flush
    skin[:, STRAIN] += 0.08
    return Course(units, skin)


def _starts(rate: float, times: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Draw when events begin: a Poisson process that was running before the clip, so that no frame is special."""
    begin, end = times[0] - MEMORY, times[-1]
    return generator.uniform(begin, end, generator.poisson(rate * (end - begin)))


def _live(course: Course, temperament: Temperament, times: np.ndarray, generator: np.random.Generator) -> None:
    """Add what faces do of their own accord: it happens at equal rates whatever is felt."""
    rates, pattern = temperament.rates, temperament.pain_pattern

    def starts(habit: str) -> Iterator[float]:
        yield from _starts(rates[habit], times, generator)

    for start in starts("blink"):
        course.act(bump(times, start, 0.1, 0.08, 0.16), {"AU45": 1.0})
    for start in starts("smile"):
        shape = bump(times, start, *generator.uniform((0.4, 0.5, 0.5), (0.9, 2.0, 1.0)))
        wide = generator.uniform(1.5, 4.5)
        course.act(shape, {"AU12": wide, "AU6": wide * generator.uniform(0.3, 0.9),
                           "AU25": wide * generator.uniform(0, 0.7)})  # fmt: skip
    for start in starts("talk"):
        shape = bump(times, start, 0.2, generator.uniform(0.8, 2.5), 0.2)
        syllables = 0.55 + 0.45 * np.sin(2 * np.pi * generator.uniform(2.5, 4.5) * times + generator.uniform(0, 6))
        course.act(shape * syllables, {"AU25": generator.uniform(1.5, 4), "AU26": generator.uniform(0.5, 2.2)})
    for start in starts("swallow"):
        shape = bump(times, start, 0.25, generator.uniform(0.2, 0.5), 0.3)
        course.act(shape, {"AU26": generator.uniform(0.4, 1.0), "AU7": generator.uniform(0, 0.8)})
    for start in starts("frown"):
        shape = bump(times, start, *generator.uniform((0.3, 0.3, 0.3), (0.8, 1.8, 1.0)))
        course.act(shape, {"AU4": generator.uniform(1, 3.5), "AU7": generator.uniform(0, 3),
                           "AU10": max(0.0, generator.uniform(-2, 2))})  # fmt: skip
    for habit, shortest, longest in (
        # As short as a blink; and squeezed eyes, a sniff, a stretched mouth, as long as an answer.
        ("twitch", (0.08, 0.05, 0.1), (0.15, 0.25, 0.25)),
        ("grimace", (0.3, 0.5, 0.4), (0.8, 2.2, 1.0)),
    ):
        for start in starts(habit):
            shape = bump(times, start, *generator.uniform(shortest, longest))
            height = generator.uniform(0.3, 0.9)
            course.act(shape, {name: peak * height * np.exp(0.3 * generator.standard_normal())
                               for name, peak in pattern.items()})  # fmt: skip
    for start in starts("strain"):
        shape = bump(times, start, *generator.uniform((0.1, 0.2, 0.2), (0.3, 1.2, 0.5)))
        course.strain(shape * generator.uniform(0.3, 0.9))
    for start in starts("flush"):
        shape = bump(times, start, 2.5, generator.uniform(1.0, 4.0), 3.0)
        course.skin[:, FLUSH] += shape * generator.uniform(0.2, 0.5)


def _answer(
    course: Course, temperament: Temperament, stimulus: Stimulus, times: np.ndarray, generator: np.random.Generator
) -> None:
    """Add the answer to a stimulus: not to every one, late, and in pieces where it is weak."""
    answers = temperament.answers
    felt = stimulus.strength * float(np.exp(answers.felt_scatter * generator.standard_normal()))
    after = times - stimulus.start
    felt_here = (after >= 0) & (after < stimulus.length)
    moves = generator.random() < temperament.answer_rate * answers.rate.at(felt)
    strength = temperament.expressiveness * answers.peak.draw(felt, generator) * moves
    shape = _pieces(answers, felt, temperament.haste, after, generator) * felt_here
    course.act(strength * shape, {name: peak * np.exp(0.2 * generator.standard_normal())
                                  for name, peak in temperament.pain_pattern.items()})  # fmt: skip
    leaks = generator.random() < answers.leak.at(felt)
    start = temperament.haste * answers.latency.draw(felt, generator)
    strained = bump(after, start, 0.3, answers.strain_length.draw(felt, generator), 0.4)
    course.strain(strained * felt_here * answers.strain.draw(felt, generator) * leaks)
    reddening = temperament.flush * answers.flush.draw(felt, generator)
    course.skin[:, FLUSH] += reddening * felt_here * bump(after, answers.flush_delay, 2.5, 30.0, 1.0)


def _pieces(
    answers: Answers, felt: float, haste: float, after: np.ndarray, generator: np.random.Generator
) -> np.ndarray:
    """Return the course 0..1 of one answer: pieces one after the other, together as long as `length` says."""
    pieces = max(1, round(answers.pieces.at(felt) + generator.uniform(-0.5, 0.5)))
    hold = answers.length.draw(felt, generator) / pieces
    start = haste * answers.latency.draw(felt, generator)
    shape = np.zeros(len(after))
    for _ in range(pieces):
        rise, fall = generator.uniform((0.25, 0.4), (0.6, 0.9)) / pieces
        np.maximum(shape, bump(after, start, rise, hold, fall), out=shape)
        start += rise + hold + fall + generator.uniform(0.1, 0.5)
    return shape
