"""What the true facial action of each twin is worth: the ceilings of every method that reads its pictures.

Nothing is drawn. A linear probe reads a clip's true course as its mean, its mean and maximum, its values in any order,
or as it is; of the action units, of the skin (redness, strained lines), or of both; on people it has not seen. Of null
twins it is to learn nothing.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks.measure import Figure, main
from benchmarks.shuffles import Judged, judge, judge_together
from transferpain.data.synthetic.behaviour.model import STATED_ON
from transferpain.data.synthetic.camera import AI4PAIN, BIOVID, MINTPAIN, UNBC
from transferpain.data.synthetic.settings import TwinSettings
from transferpain.data.synthetic.twins import PLANS
from transferpain.data.synthetic.unbc import code, score
from transferpain.evaluation.resampling import Interval
from transferpain.evaluation.statistics import paired_difference, score_subjects

METRIC = "balanced_accuracy"
FOLDS = 5
STRENGTH = 0.03  # C of the logistic regression, the same everywhere
STRETCHES = 16  # into which a course is cut
QUANTILES = (0.25, 0.5, 0.75, 0.9)
WINDOW = 90  # frames of a UNBC window, as in experiments/unbc-lstm.yaml
AI4PAIN_RATE = 10  # frames per second are enough for a course of 10 s
ORDER, FUSION = 0.05, 0.05  # by how much order, and both kinds of cues, are to be worth more


@dataclass(frozen=True)
class Stretch:
    """What is classified: whose it is, of which clip, its class, and its course: units and skin, a row a frame."""

    subject: str
    clip: str
    label: int
    units: np.ndarray
    skin: np.ndarray


def biovid(settings: TwinSettings) -> Iterator[Stretch]:
    for plan in PLANS["biovid"](settings):
        course = plan.performance(BIOVID)
        level = ("BL1", "PA1", "PA2", "PA3", "PA4").index(plan.clip.split("-")[1])
        yield Stretch(plan.person.name, plan.clip, level, course.action_units, course.skin)


def ai4pain(settings: TwinSettings) -> Iterator[Stretch]:
    camera = replace(AI4PAIN, fps=AI4PAIN_RATE)
    for plan in PLANS["ai4pain"](replace(settings, fps=AI4PAIN_RATE, levels=("none", "low", "high"))):
        course = plan.performance(camera)
        label = 0 if "Baseline" in plan.clip else 1 if "LOW" in plan.clip else 2
        frames = 10 * AI4PAIN_RATE
        for start in range(0, plan.frames, frames):
            part = slice(start, start + frames)
            yield Stretch(plan.person.name, plan.clip, label, course.action_units[part], course.skin[part])


def mintpain(settings: TwinSettings) -> Iterator[Stretch]:
    for plan in PLANS["mintpain"](settings):
        course = plan.performance(MINTPAIN)
        yield Stretch(plan.person.name, plan.clip, int(plan.clip[-1]), course.action_units, course.skin)


def unbc(settings: TwinSettings) -> Iterator[Stretch]:
    """Yield windows of 90 frames; pain is a PSPI of 1 or more in any of them."""
    for plan in PLANS["unbc"](settings):
        course, scores = plan.performance(UNBC), score(code(plan))
        for start in range(0, plan.frames - WINDOW + 1, WINDOW):
            part = slice(start, start + WINDOW)
            label = int(scores[part].max() >= 1)
            yield Stretch(plan.person.name, plan.clip, label, course.action_units[part], course.skin[part])


def unbc_frames(settings: TwinSettings) -> Iterator[Stretch]:
    """Yield every tenth frame; pain is a PSPI of 1 or more."""
    for plan in PLANS["unbc"](settings):
        course, scores = plan.performance(UNBC), score(code(plan))
        for frame in range(0, plan.frames, 10):
            part = slice(frame, frame + 1)
            label = int(scores[frame] >= 1)
            yield Stretch(plan.person.name, plan.clip, label, course.action_units[part], course.skin[part])


def stretches_of(course: np.ndarray) -> np.ndarray:
    """Return the means of a course's parts in their order, a shorter course drawn out."""
    if len(course) < STRETCHES:
        at, places = np.linspace(0, 1, STRETCHES), np.linspace(0, 1, len(course))
        return np.stack([np.interp(at, places, column) for column in course.T], 1).ravel()
    edges = np.linspace(0, len(course), STRETCHES + 1).astype(int)
    return np.stack([course[first:last].mean(0) for first, last in pairwise(edges)]).ravel()


VIEWS = {
    "mean": lambda course: course.mean(0),
    "mean + maximum": lambda course: np.concatenate([course.mean(0), course.max(0)]),
    "any order": lambda course: np.concatenate(
        [course.mean(0), course.max(0), np.quantile(course, QUANTILES, axis=0).ravel()]
    ),
    "course": stretches_of,
}
KINDS = {
    "units": lambda stretch: stretch.units,
    "skin": lambda stretch: stretch.skin,
    "both": lambda stretch: np.concatenate([stretch.units, stretch.skin], 1),
}


@dataclass(frozen=True)
class Task:
    """A task: its stretches, at which size, and which of its classes.

    `least` and `most` bound what true units, and all cues, are worth. `views`: how a course is looked at; one frame has
    no order. `answers`: whether a label is about a whole answer, so that order and skin are worth something; PSPI is
    what the units of a frame add up to.
    """

    stretches: Callable[[TwinSettings], Iterator[Stretch]]
    settings: TwinSettings
    classes: tuple[int, ...]
    least: float
    most: float = 0.95
    views: tuple[str, ...] = tuple(VIEWS)
    answers: bool = True


TASKS = {
    "BioVid, BL1 v PA4": Task(biovid, TwinSettings(87, STATED_ON, clips=6, levels=("BL1", "PA4")), (0, 4), 0.75),
    "BioVid, five levels": Task(biovid, TwinSettings(87, STATED_ON, clips=6), (0, 1, 2, 3, 4), 0.45, 0.7),
    "AI4Pain, none, low, high": Task(ai4pain, TwinSettings(65, STATED_ON), (0, 1, 2), 0.5, 0.8),
    "MIntPAIN, five levels": Task(mintpain, TwinSettings(20, STATED_ON), (0, 1, 2, 3, 4), 0.45, 0.7),
    "UNBC, 3 s with pain v without": Task(unbc, TwinSettings(25, STATED_ON), (0, 1), 0.8, answers=False),
    "UNBC, frames with pain v without": Task(
        unbc_frames, TwinSettings(25, STATED_ON), (0, 1), 0.8, 0.98, ("mean",), False
    ),
}


QUICK = ("BioVid, BL1 v PA4", "UNBC, frames with pain v without")  # with an order, and without


# What is compared: its name, the better one, and the one without.
GAINS = (
    ("order, of units", "units, course", "units, any order"),
    ("order, of both", "both, course", "both, any order"),
    ("skin beside units", "both, course", "units, course"),
    ("units beside skin", "both, course", "skin, course"),
)


def answers(features: np.ndarray, stretches: list[Stretch], classes: tuple[int, ...]) -> pd.DataFrame:
    """Return the predictions of a linear probe on people it has not seen, as a run has them."""
    labels = np.array([classes.index(stretch.label) for stretch in stretches])
    people = np.array([stretch.subject for stretch in stretches])
    chances = np.zeros((len(labels), len(classes)))
    for train, test in GroupKFold(FOLDS, shuffle=True, random_state=0).split(features, groups=people):
        probe = make_pipeline(
            StandardScaler(), LogisticRegression(C=STRENGTH, class_weight="balanced", max_iter=200)
        ).fit(features[train], labels[train])
        chances[test[:, None], probe.classes_] = probe.predict_proba(features[test])
    return predictions_of(chances, labels, people)


def predictions_of(chances: np.ndarray, labels: np.ndarray, people: np.ndarray) -> pd.DataFrame:
    """Return probabilities `(rows, classes)` of labels, int `(rows,)`, as the table of predictions that a run has."""
    return pd.DataFrame({
        "dataset": "twin", "subject": people, "clip": np.arange(len(labels)).astype(str), "frame": -1, "fold": "all",
        "seed": 0, "part": "test", "y_true": labels, "y_pred": chances.argmax(1),
        **{f"p_{number}": column for number, column in enumerate(chances.T)}, "coverage": 1.0,
    })  # fmt: skip


def ceilings(task: Task, settings: TwinSettings) -> dict[str, Interval]:
    """Return the balanced accuracy of each view of each kind of cues, and what order and fusion add."""
    stretches = [stretch for stretch in task.stretches(settings) if stretch.label in task.classes]
    tables = {
        f"{kind}, {view}": answers(np.array([VIEWS[view](take(one)) for one in stretches]), stretches, task.classes)
        for kind, take in KINDS.items()
        for view in task.views
    }
    found = {name: score_subjects(table, (METRIC,))[METRIC] for name, table in tables.items()}
    for what, better, worse in GAINS if task.answers else ():
        found[what] = paired_difference(tables[better], tables[worse], METRIC)
    return found


def measure(folder: Path, quick: bool) -> dict:
    results, null = {}, {}
    for name in QUICK if quick else TASKS:
        task = TASKS[name]
        settings = replace(task.settings, subjects=8, clips=2) if quick else task.settings
        results[name] = ceilings(task, settings)
        null[name] = taught(task, replace(settings, null=True))
    null = judge_together(null)
    held = np.mean([row.at_chance for row in null.values()])
    return {
        "figures": [
            *figures(results),
            Figure("null twins: share of tasks in which true action tells nothing", float(held), least=1),
        ],
        "ceilings": {name: _facts(ceiling) for name, ceiling in results.items()},
        "null": {name: row.facts() for name, row in null.items()},
    }


def taught(task: Task, settings: TwinSettings) -> Judged:
    """Return what a probe reads from all true cues together, of one stretch a clip.

    Stretches of the same clip are alike, and so are their labels, so that they cannot be shuffled with others.
    """
    stretches = [stretch for stretch in task.stretches(settings) if stretch.label in task.classes]
    generator = np.random.default_rng(settings.seed)
    of_clips = defaultdict(list)
    for stretch in stretches:
        of_clips[stretch.subject, stretch.clip].append(stretch)
    chosen = [of_clip[generator.integers(len(of_clip))] for of_clip in of_clips.values()]
    features = [VIEWS[task.views[-1]](KINDS["both"](stretch)) for stretch in chosen]
    return judge(features, [stretch.label for stretch in chosen], [stretch.subject for stretch in chosen])


def _facts(found: dict[str, Interval]) -> dict[str, list[float]]:
    return {what: [round(float(one), 4) for one in (i.value, i.low, i.high)] for what, i in found.items()}


def figures(results: dict[str, dict[str, Interval]]) -> list[Figure]:
    """Return the figures that have targets: what can be reached, and what order and fusion are worth."""
    found = []
    for name, ceiling in results.items():
        task = TASKS[name]
        units, both = (max(ceiling[f"{kind}, {view}"].value for view in task.views) for kind in ("units", "both"))
        found.append(Figure(f"{name}: true action units", units, least=task.least))
        found.append(Figure(f"{name}: all cues", both, most=task.most))
        if task.answers:
            found.append(Figure(f"{name}: order", ceiling["order, of both"].value, least=ORDER))
            alone = min(ceiling[what].value for what in ("skin beside units", "units beside skin"))
            found.append(Figure(f"{name}: both kinds of cues beside the better one", alone, least=FUSION))
    return found


if __name__ == "__main__":
    main("twins", measure)
