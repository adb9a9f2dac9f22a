"""How often intervals over subjects hold the true score, in drawn worlds of people who differ and have many clips.

A person has a skill and leans to some classes; two models share most of what a person and a clip are like. The true
scores of a world are those of a very large sample of its people.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.special import softmax

from benchmarks.measure import Figure, main
from transferpain.evaluation.metrics.metric import statistic_of
from transferpain.evaluation.metrics.registry import METRICS
from transferpain.evaluation.resampling import Answers, Statistic, jackknife

# Drawn worlds for each number of subjects: of the small ones, which are at the edge of what is claimed, more.
REPETITIONS = {8: 4000, 12: 4000, 26: 2000, 87: 1200}
QUICK = {8: 3}
NAMES = {"balanced_accuracy": "balanced accuracy", "auc": "AUC", "mae": "MAE"}
DIFFERENCE = "paired difference of "
LEAST, MOST = 0.93, 0.97
PEOPLE = 60_000
SKILL_SPREAD, LEANING = 0.7, 0.5  # standard deviations of what both models see of a person
OWN_SPREAD = 0.4  # of what one model alone sees of a person
LEAD = 0.25  # how much more skill the one model has than the mean of both
SHARED_CLIPS = 0.6  # share of the clips that are as hard for both models


@dataclass(frozen=True)
class World:
    """A population of subjects.

    Attributes:
        classes: how many ordered classes there are.
        skill: mean weight of the truth in an answer, against noise of scale 1.
        counts: draws the clips of each class, from a generator and a number of subjects to `(subjects, classes)`.
        claimed: whether intervals are claimed to hold there.
    """

    classes: int
    skill: float
    counts: Callable[[np.random.Generator, int], np.ndarray]
    claimed: bool = True


def equal(*clips: int) -> Callable[[np.random.Generator, int], np.ndarray]:
    """Give every subject these numbers of clips."""
    return lambda random, subjects: np.tile(clips, (subjects, 1))


def few(random: np.random.Generator, subjects: int) -> np.ndarray:
    """Give a subject one to seven clips, of one class or of two."""
    return random.integers(0, 4, (subjects, 2)) + np.eye(2, dtype=int)[random.integers(0, 2, subjects)]


def unequal(random: np.random.Generator, subjects: int) -> np.ndarray:
    """Give unequal numbers of five levels; the upper two are missing in many subjects."""
    clips = [random.integers(low, high, subjects) for low, high in ((3, 9), (2, 7), (0, 6), (0, 5), (1, 4))]
    shows = random.random((2, subjects)) < [[0.8], [0.6]]
    return np.stack([*clips[:3], clips[3] * shows[0], clips[4] * shows[1]], axis=1)


def rare(random: np.random.Generator, subjects: int) -> np.ndarray:
    """Give three classes, the last to three in ten subjects."""
    shown = random.integers(1, 5, subjects) * (random.random(subjects) < 0.3)
    return np.stack([np.full(subjects, 8), np.full(subjects, 8), shown], axis=1)


WORLDS = {
    "two classes, 10 clips each": World(2, 0.9, equal(10, 10)),
    "three classes, 1, 12 and 12 clips": World(3, 1.0, equal(1, 12, 12)),
    "two classes, 1 to 7 clips a subject": World(2, 0.8, few),
    "four classes, 5 clips each": World(4, 1.1, equal(5, 5, 5, 5)),
    "five levels, unequal numbers": World(5, 1.2, unequal),
    "nearly faultless answers": World(2, 3.6, equal(8, 8), claimed=False),
    "a class of three in ten subjects": World(3, 1.2, rare, claimed=False),
}


def draw_models(world: World, random: np.random.Generator, subjects: int) -> tuple[Answers, Answers]:
    """Draw subjects of a world, and what two models answer for their clips."""
    counts, levels = world.counts(random, subjects), np.arange(world.classes)
    subject = np.repeat(np.arange(subjects), counts.sum(axis=1))
    y_true = np.concatenate([np.repeat(levels, of_subject) for of_subject in counts])
    skill = random.normal(0, SKILL_SPREAD, subjects)
    leaning = random.normal(0, LEANING, (subjects, world.classes))
    shared = random.gumbel(size=(len(y_true), world.classes))
    models = []
    for lead in (LEAD, -LEAD):
        weight = world.skill + lead + skill + random.normal(0, OWN_SPREAD, subjects)
        leans = leaning + random.normal(0, OWN_SPREAD, leaning.shape)
        own = random.gumbel(size=shared.shape)
        noise = np.where(random.random((len(y_true), 1)) < SHARED_CLIPS, shared, own)
        away = np.minimum(np.abs(levels - y_true[:, np.newaxis]), 2)
        scores = noise + leans[subject] - weight[subject, np.newaxis] * away
        answers = (scores.argmax(axis=1), softmax(scores, axis=1))
        models.append(Answers(y_true, *answers, subject, np.zeros(len(subject), np.int64), subjects, (0,)))
    return models[0], models[1]


def both(models: tuple[Answers, Answers]) -> Statistic:
    """Return what scores the first model, and its lead over the second, by each metric."""
    first, second = (statistic_of([METRICS[name] for name in NAMES], answers) for answers in models)

    def score(times: np.ndarray) -> dict[str, np.ndarray]:
        one, other = first(times), second(times)
        return one | {DIFFERENCE + name: one[name] - other[name] for name in NAMES}

    return score


def cover(world: World, subjects: int, repetitions: int, truth: dict[str, float]) -> dict[str, dict]:
    """Count how often the intervals hold the truth: name -> `{share, intervals, without}`."""
    random = np.random.default_rng([subjects, world.classes])
    held = dict.fromkeys(truth, 0)
    without = dict.fromkeys(truth, 0)
    for _ in range(repetitions):
        found = jackknife(both(draw_models(world, random, subjects)), subjects, bounds_of())
        for name, interval in found.items():
            held[name] += bool(interval.low <= truth[name] <= interval.high)
            without[name] += bool(np.isnan(interval.low))
    return {
        name: {
            "share": held[name] / max(1, repetitions - without[name]),
            "intervals": repetitions - without[name],
            "without": without[name],
        }
        for name in truth
    }


def bounds_of() -> dict[str, tuple[float, float]]:
    """Return the bounds of the metrics; differences have none."""
    return {name: METRICS[name].bounds for name in NAMES}


def measure(folder: Path, quick: bool) -> dict:
    """Count the coverage in every world, for every number of subjects."""
    people, repetitions = (300, QUICK) if quick else (PEOPLE, REPETITIONS)
    results: dict[str, dict] = {}
    for name, world in WORLDS.items():
        large = both(draw_models(world, np.random.default_rng(99), people))(np.ones((1, people)))
        truth = {metric: float(values[0, 0]) for metric, values in large.items()}
        found = {str(number): cover(world, number, times, truth) for number, times in repetitions.items()}
        results[name] = {"truth": truth, "claimed": world.claimed, "coverage": found}
    return {"figures": figures(results, tuple(repetitions)), "worlds": results, "repetitions": repetitions}


def figures(results: dict[str, dict], numbers: tuple[int, ...]) -> list[Figure]:
    """Return for each number of subjects the lowest and the highest coverage of the worlds, differences together."""
    found = []
    for number in numbers:
        for title, metrics in {**{title: (name,) for name, title in NAMES.items()}, "paired differences": ()}.items():
            metrics = metrics or tuple(DIFFERENCE + name for name in NAMES)
            for claimed in (True, False):
                shares = [
                    one["coverage"][str(number)][name]["share"]
                    for one in results.values()
                    for name in metrics
                    if one["claimed"] == claimed
                ]
                what = f"{title}, {number} subjects"
                if claimed:
                    found.append(Figure(f"{what}: lowest coverage", min(shares), least=LEAST))
                    found.append(Figure(f"{what}: highest coverage", max(shares), most=MOST))
                else:
                    found.append(Figure(f"{what}: lowest beyond the claim", min(shares)))
    return found


if __name__ == "__main__":
    main("coverage", measure)
