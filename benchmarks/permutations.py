"""How often cross-validated answers that know nothing are above chance, by labels that are permuted within people.

In each world features hang on the person and on nothing else, and a learner is cross-validated by people. The toolkit
permutes labels under the given answers; what it makes of them is counted beside other ways.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import binomtest
from threadpoolctl import threadpool_limits

from benchmarks.measure import Figure, main
from benchmarks.null_worlds import deal_hits
from transferpain.evaluation.null_worlds import NullScore, judge_worlds
from transferpain.evaluation.paired_permutation import swap_test
from transferpain.evaluation.permutation import permuted_scores, share_reaching, widen
from transferpain.experiments.null_worlds import DRAWS

ERROR = 0.05
MOST_UPPER = 0.06  # upper end of the exact 95 % interval of the error
WORLDS, REFITTED_WORLDS, PAIRED_WORLDS, FAMILIES = 600, 300, 400, 300
LIKE_WORLDS = 4000  # of the worlds at the edge of what is claimed
PERMUTATIONS = 199
NEIGHBOURS = 5
DIGITS = 9  # rounding leans to no class
CELLS = 6  # of a null check, in each of its worlds
NULL_ERROR = 0.01
TOLD = 0.35  # how far the classes lie apart in one feature, in half standard deviations, where power is measured
# A linear score lies √2 times as far out, the sign of it less, as the sign keeps 2 / π of its variance.
SIGNS = np.sqrt(1 + 2 / np.pi)


@dataclass(frozen=True)
class Design:
    """How a learner is cross-validated.

    Attributes:
        people, clips: people, and clips of each; as many of every class.
        features, folds, classes: how many.
        learner: a name from `LEARNERS`.
        told: how far the label moves the first feature.
        alike: whether each clip has its like among those of a partner; else people differ.
    """

    people: int
    clips: int
    features: int
    folds: int
    classes: int = 2
    learner: str = "linear"
    told: float = 0.0
    alike: bool = False

    @property
    def person(self) -> np.ndarray:
        return np.repeat(np.arange(self.people), self.clips)

    @property
    def fold(self) -> np.ndarray:
        return self.person % self.folds

    @property
    def labels(self) -> np.ndarray:
        return np.tile(np.arange(self.clips) % self.classes, self.people)


DESIGNS = {
    "20 people, 5 folds": Design(20, 10, 20, 5),
    "20 people, 5 folds, 200 features": Design(20, 10, 200, 5),
    "12 people, 4 folds, 50 features": Design(12, 6, 50, 4),
    "20 people, 2 folds": Design(20, 10, 20, 2),
    "10 people, each left out": Design(10, 10, 20, 10),
    "20 people, each left out": Design(20, 10, 20, 20),
    "40 people, each left out": Design(40, 10, 20, 40),
    "10 people, each left out, 5 classes": Design(10, 10, 20, 10, 5),
    "20 people, each left out, 5 classes": Design(20, 10, 20, 20, 5),
    "40 people, each left out, 5 classes": Design(40, 10, 20, 40, 5),
    "20 people, 5 folds, 200 features, 5 classes": Design(20, 10, 200, 5, 5),
    "20 people, each left out, 3 features": Design(20, 10, 3, 20),
    "20 people, each left out, kernel": Design(20, 10, 20, 20, learner="kernel"),
    "20 people, each left out, nearest neighbour": Design(20, 10, 2, 20, learner="neighbour"),
    "20 people, each left out, vote of 5 neighbours": Design(20, 10, 2, 20, learner="vote"),
    "20 people, each left out, nearest neighbours in pairs": Design(20, 10, 5, 20, learner="neighbour", alike=True),
}
TOLD_IN = "20 people, 5 folds"
PAIRED = ("20 people, 5 folds", "20 people, each left out", "40 people, each left out")
FAMILY_DESIGNS = {
    "12 people with 4 clips, 2 folds": Design(12, 4, 20, 2),
    "12 people with 4 clips, each left out": Design(12, 4, 20, 12),
    "24 people with 2 clips, 5 folds, 3 features": Design(24, 2, 3, 5),
}


def ridge(kernel: np.ndarray, penalty: float, labels: np.ndarray, design: Design) -> np.ndarray:
    """Answer each order of labels `(orders, rows)` by ridge regression, in closed form for the rows of a fold."""
    rows, classes = len(kernel), design.classes
    hat = np.linalg.solve(kernel + penalty * np.eye(rows), kernel)
    targets = np.moveaxis(np.eye(classes)[labels] - 1 / classes, 1, 0).reshape(rows, -1)
    rest, said = targets - hat @ targets, np.empty_like(targets)
    for fold in range(design.folds):
        own = np.flatnonzero(design.fold == fold)
        said[own] = targets[own] - np.linalg.solve(np.eye(len(own)) - hat[np.ix_(own, own)], rest[own])
    return said.reshape(rows, len(labels), classes).round(DIGITS).argmax(axis=2).T


def distances(features: np.ndarray) -> np.ndarray:
    """Return squared distances, `(rows, rows)`."""
    squares = np.square(features).sum(axis=1)
    return squares[:, np.newaxis] + squares - 2 * features @ features.T


def linear(features: np.ndarray, labels: np.ndarray, design: Design) -> np.ndarray:
    return ridge(features @ features.T, design.features, labels, design)


def kernel(features: np.ndarray, labels: np.ndarray, design: Design) -> np.ndarray:
    return ridge(np.exp(-distances(features) / (4 * design.features)), 1.0, labels, design)


def vote(features: np.ndarray, labels: np.ndarray, design: Design, neighbours: int = NEIGHBOURS) -> np.ndarray:
    """Answer with the class that most of the nearest clips of other folds have, the lowest of several."""
    apart = np.where(design.fold[:, np.newaxis] == design.fold, np.inf, distances(features))
    nearest = np.argpartition(apart, neighbours, axis=1)[:, :neighbours]
    return np.eye(design.classes)[labels[:, nearest]].sum(axis=2).argmax(axis=2)


def neighbour(features: np.ndarray, labels: np.ndarray, design: Design) -> np.ndarray:
    return vote(features, labels, design, neighbours=1)


LEARNERS: dict[str, Callable[[np.ndarray, np.ndarray, Design], np.ndarray]] = {
    "linear": linear,
    "kernel": kernel,
    "neighbour": neighbour,
    "vote": vote,
}


def draw_features(design: Design, random: np.random.Generator) -> np.ndarray:
    """Draw features `(rows, features)` that know nothing of the label, but for what is told."""
    shape = (design.people, design.clips, design.features)
    features = random.normal(size=shape)
    if design.alike:
        features[1::2] = features[::2] + 1e-3 * random.normal(size=features[1::2].shape)
        order = random.permuted(np.tile(np.arange(design.clips), (design.people, 1)), axis=1)
        features = np.take_along_axis(features, order[:, :, np.newaxis], axis=1)
    else:
        features += random.normal(size=(design.people, 1, design.features))
    features[:, :, 0] += design.told * (2 * design.labels.reshape(shape[:2]) - 1)
    return features.reshape(-1, design.features)


def answer(design: Design, random: np.random.Generator, orders: int = 0) -> np.ndarray:
    """Draw a world, and return the answers to the true labels and whether those to other orders of them are right.

    Returns:
        int64 `(rows,)`, and the scores of the learner fitted anew to `orders` others, `(orders,)`.
    """
    labels = design.labels[np.newaxis]
    if orders:
        by_person = np.argsort(design.person + random.random((orders, labels.size)), axis=1)
        labels = np.concatenate([labels, design.labels[by_person]])
    answers = LEARNERS[design.learner](draw_features(design, random), labels, design)
    return answers[0], (answers == labels).mean(axis=1)[1:]


def table_of(design: Design) -> pd.DataFrame:
    """Return a table of predictions without the answers."""
    person = design.person.astype(str)
    clips = [f"{one}-{number}" for number, one in enumerate(person)]
    known = {"dataset": "drawn", "subject": person, "clip": clips, "frame": -1, "fold": design.fold, "seed": 0}
    return pd.DataFrame(known | {f"p_{one}": 0.0 for one in range(design.classes)}).assign(
        y_true=design.labels, coverage=1.0
    )


def p_values(design: Design, worlds: int, refits: bool = False) -> dict[str, np.ndarray]:
    """Return the p-values of each way to make one, `(worlds,)`; the first two are the toolkit's own."""
    random, table, found = np.random.default_rng([design.people, design.folds, worlds]), table_of(design), []
    for world in range(worlds):
        answers, refitted = answer(design, random, PERMUTATIONS if refits else 0)
        options = {"cross_validated": False, "draws": PERMUTATIONS, "seed": world}
        observed, scores = permuted_scores(table.assign(y_pred=answers), **options)
        mean = scores.mean()
        ways = {
            "as given": scores,
            "spread": widen(scores),
            "spread for signs": mean + SIGNS * (scores - mean),
            "Nadeau and Bengio": mean + np.sqrt(1 + design.folds / (design.folds - 1)) * (scores - mean),
        }
        found.append({way: share_reaching(values, observed) for way, values in ways.items()})
        if refits:
            found[-1]["refitted"] = share_reaching(refitted, observed)
    return {way: np.array([one[way] for one in found]) for way in found[0]}


def counted(hits: np.ndarray) -> dict[str, float]:
    """Return a share with its exact 95 % interval (Clopper & Pearson)."""
    interval = binomtest(int(hits.sum()), len(hits)).proportion_ci()
    return {"share": float(hits.mean()), "low": float(interval.low), "high": float(interval.high)}


def errors(design: Design, worlds: int, refits: bool = False) -> dict[str, dict[str, float]]:
    """Return in what share of the worlds each way says above chance."""
    return {way: counted(p <= ERROR) for way, p in p_values(design, worlds, refits).items()}


def paired_error(design: Design, worlds: int) -> dict[str, float]:
    """Return how often two learners on features of their own, that both know nothing, differ by swaps of people."""
    random, table = np.random.default_rng([design.people, design.folds]), table_of(design)
    found = []
    for _ in range(worlds):
        test = swap_test(*(table.assign(y_pred=answer(design, random)[0]) for _ in range(2)), "balanced_accuracy")
        found.append(test is not None and test.p is not None and test.p <= ERROR)
    return counted(np.array(found))


def family_errors(design: Design, families: int) -> dict[str, dict[str, float]]:
    """Return how often a null check of cross-validated cells misses chance; permutations from their distribution."""
    random, found = np.random.default_rng([design.people, families]), {"as given": [], "spread": []}
    pain = design.labels[: design.clips] == 1
    each = design.people * int(pain.sum())
    for _ in range(families):
        answers = np.array([answer(design, random)[0] for _ in range(CELLS * DRAWS)])
        answers = answers.reshape(-1, design.people, design.clips)
        said, hits = answers.sum(axis=2), answers[:, :, pain].sum(axis=(1, 2))
        total, dealt = said.sum(axis=1), deal_hits(said, int(pain.sum()), random)
        observed = 0.5 + (2 * hits - total) / (2 * each)
        permuted = 0.5 + (2 * dealt - total[:, np.newaxis]) / (2 * each)
        for way, spread in {"as given": lambda values: values, "spread": widen}.items():
            held = judge_worlds(
                [
                    NullScore(f"c{number // DRAWS}", 1 + number % DRAWS, float(score), spread(values))
                    for number, (score, values) in enumerate(zip(observed, permuted, strict=True))
                ]
            )
            found[way].append(any(not one.holds for one in held))
    return {way: counted(np.array(missed)) for way, missed in found.items()}


def measure(folder: Path, quick: bool) -> dict:
    """Count what is said to be above chance, or to differ, although nothing is known; and what is found where it is."""
    with threadpool_limits(1):
        return _measured(quick)


def _measured(quick: bool) -> dict:
    figures, levels = [], {}
    for name, design in DESIGNS.items():
        worlds = 20 if quick else LIKE_WORLDS if design.alike else WORLDS
        levels[name] = errors(design, worlds)
        given, spread = levels[name]["as given"], levels[name]["spread"]
        least = 0 if quick else 1 - MOST_UPPER
        figures += [
            Figure(f"{name}: not above chance, under given answers", 1 - given["share"]),
            Figure(f"{name}: not above chance, spread", 1 - spread["share"]),
            Figure(f"{name}: ... lower end of its 95 % interval", 1 - spread["high"], least=least),
        ]
    for way in ("spread for signs", "Nadeau and Bengio"):
        highest = max(found[way]["share"] for found in levels.values())
        figures.append(Figure(f"the lowest of all these: not above chance, {way}", 1 - highest))
    told = replace(DESIGNS[TOLD_IN], told=TOLD)
    few = 20 if quick else REFITTED_WORLDS
    exact = errors(DESIGNS[TOLD_IN], few, refits=True)["refitted"]
    figures.append(Figure(f"{TOLD_IN}: not above chance, refitted", 1 - exact["share"]))
    power = errors(told, few, refits=True)
    figures += [Figure(f"{TOLD_IN}, told: found, {way}", found["share"]) for way, found in power.items()]
    paired = {name: paired_error(DESIGNS[name], 20 if quick else PAIRED_WORLDS) for name in PAIRED}
    figures += [
        Figure(f"{name}: two that know nothing, not said to differ at .05", 1 - found["share"])
        for name, found in paired.items()
    ]
    families = {name: family_errors(design, 10 if quick else FAMILIES) for name, design in FAMILY_DESIGNS.items()}
    for name, found in families.items():
        figures.append(
            Figure(f"null check, {name}: all hold chance, under given answers", 1 - found["as given"]["share"])
        )
        figures.append(
            Figure(f"null check, {name}: all hold chance, spread", 1 - found["spread"]["share"], least=1 - NULL_ERROR)
        )
    designs = {name: asdict(design) | levels[name] for name, design in DESIGNS.items()}
    return {
        "figures": figures,
        "designs": designs,
        "refitted": exact,
        "told": asdict(told) | power,
        "paired": paired,
        "families": families,
    }


if __name__ == "__main__":
    main("permutations", measure)
