"""Calibration slope and intercept: the logistic regression of the labels on the log odds that a run states.

A slope below 1 says that probabilities are too extreme, above 1 too cautious; the intercept, fitted with a slope of 1,
that a class is answered too rarely (above 0) or too often (Cox, Biometrika 45, 1958; Van Calster et al., Journal of
Clinical Epidemiology 74, 2016).
"""

from dataclasses import replace

import numpy as np
from scipy.special import expit

from transferpain.evaluation.ranking import ranked_classes
from transferpain.evaluation.resampling import Answers, Interval, jackknife

# What is stored as 0 or 1 lies within the precision of float32.
LEAST_PROBABILITY = float(np.finfo(np.float32).eps)
STEPS = 50
CLOSE = 1e-8
SEPARATED = "the probabilities tell the class from the rest without an overlap, or do not vary"
ONE_KIND = "no clip, or every clip, is of the class"


def recalibrate(answers: Answers, number: int) -> tuple[Interval, Interval]:
    """Return the calibration slope and intercept of one class against the rest, means over seeds.

    Args:
        answers: the labelled clips of a run, at least one.
        number: the class.

    Returns:
        Slope and intercept with their 95 % intervals over subjects. A slope is NaN, with the reason, where no line can
        be fitted: the log odds do not vary, or separate the class from the rest. Both are where no clip, or every
        clip, is of the class.
    """
    odds = log_odds(answers.probabilities[:, number])
    is_class = (answers.y_true == number).astype(np.float64)

    def fit(times: np.ndarray) -> dict[str, np.ndarray]:
        counted = times[:, answers.subject]
        of_seed = [answers.seed == seed for seed in range(len(answers.seeds))]
        lines = [fit_line(odds[rows], is_class[rows], counted[:, rows]) for rows in of_seed]
        levels = [fit_level(odds[rows], is_class[rows], counted[:, rows]) for rows in of_seed]
        return {"slope": np.stack(lines, axis=-1), "intercept": np.stack(levels, axis=-1)}

    found = jackknife(fit, answers.subjects)
    reason = SEPARATED if 0 < is_class.mean() < 1 else ONE_KIND
    slope, intercept = (
        replace(one, reason=reason) if np.isnan(one.value) else one for one in (found["slope"], found["intercept"])
    )
    return slope, intercept


def recalibrated_classes(answers: Answers) -> list[int]:
    """Return the classes that can be recalibrated: those that occur, of two classes the second; empty below two."""
    return ranked_classes(answers)


def log_odds(probabilities: np.ndarray) -> np.ndarray:
    """Return log(p / (1 - p)), finite: 0 and 1 count as what float32 can just tell from them."""
    inside = np.clip(probabilities, LEAST_PROBABILITY, 1 - LEAST_PROBABILITY)
    return np.log(inside / (1 - inside))


def fit_line(odds: np.ndarray, is_class: np.ndarray, counted: np.ndarray) -> np.ndarray:
    """Fit the labels by logistic regression on the log odds, by Newton's method.

    Args:
        odds: float64 `(rows,)`.
        is_class: 0 or 1, float64 `(rows,)`.
        counted: how often each row counts in each sample, float64 `(samples, rows)`.

    Returns:
        The slopes, float64 `(samples,)`; NaN where there is no finite one.
    """
    slopes = np.full(len(counted), np.nan)
    fitted = np.flatnonzero([can_be_fitted(odds[times > 0], is_class[times > 0]) for times in counted])
    if len(fitted):
        scale = odds.std()
        x = (odds - odds.mean()) / scale
        # The line of all samples together is close to that of each: most lack one subject.
        start = _damped_newton(x, is_class, counted.sum(axis=0))
        slopes[fitted] = _newton(x, is_class, counted[fitted], start)[:, 1] / scale
    return slopes


def can_be_fitted(odds: np.ndarray, is_class: np.ndarray) -> bool:
    """Return whether both kinds of labels occur and their log odds overlap: otherwise the slope is infinite or none."""
    of_class, others = odds[is_class == 1], odds[is_class == 0]
    if not len(of_class) or not len(others):
        return False
    return bool(of_class.min() < others.max() and others.min() < of_class.max())


def fit_level(odds: np.ndarray, is_class: np.ndarray, counted: np.ndarray) -> np.ndarray:
    """Return what has to be added to the log odds for the mean probability to be the class's share.

    Arguments are those of `fit_line`.

    Returns:
        The levels, float64 `(samples,)`; NaN where the labels of a sample are of one kind.
    """
    of_class, rows = counted @ is_class, counted.sum(axis=1)
    # The mean probability grows with the level, and beyond these two it is below or above any share.
    high = np.full(len(counted), abs(odds).max() + 40)
    low, level = -high, np.zeros(len(counted))
    for _ in range(STEPS):
        expected = expit(odds + level[:, np.newaxis])
        too_much = (counted * expected).sum(axis=1) - of_class
        low, high = np.where(too_much > 0, low, level), np.where(too_much > 0, level, high)
        with np.errstate(divide="ignore", invalid="ignore"):
            step = level - too_much / (counted * expected * (1 - expected)).sum(axis=1)
        former, level = level, np.where((low <= step) & (step <= high), step, (low + high) / 2)
        if abs(level - former).max() < CLOSE:
            break
    return np.where((of_class > 0) & (of_class < rows), level, np.nan)


def _newton(x: np.ndarray, is_class: np.ndarray, counted: np.ndarray, start: np.ndarray) -> np.ndarray:
    """Fit all samples at once from a line that is close to each: intercepts and slopes `(samples, 2)`.

    Samples for which a whole step goes too far are fitted one by one.
    """
    lines = np.tile(start, (len(counted), 1))
    step = np.full_like(lines, np.inf)
    for _ in range(STEPS):
        expected = expit(lines[:, :1] + lines[:, 1:] * x)
        missed, weight = counted * (is_class - expected), counted * expected * (1 - expected)
        gradient = missed.sum(axis=1), missed @ x
        corner, side, end = weight.sum(axis=1), weight @ x, weight @ x**2
        with np.errstate(all="ignore"):
            step = np.stack([end * gradient[0] - side * gradient[1], corner * gradient[1] - side * gradient[0]], axis=1)
            step /= (corner * end - side**2)[:, np.newaxis]
            lines += step
        if not abs(step).max() >= CLOSE:
            break
    for place in np.flatnonzero(~(abs(step) < CLOSE).all(axis=1)):
        lines[place] = _damped_newton(x, is_class, counted[place])
    return lines


def _damped_newton(x: np.ndarray, is_class: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Fit one sample from the start, never to a larger loss: intercept and slope, NaN where they cannot be told."""
    inputs = np.stack([np.ones(len(x)), x])
    line = np.zeros(2)
    best = _loss(inputs, is_class, times, line)
    for _ in range(STEPS):
        expected = expit(line @ inputs)
        gradient = inputs @ (times * (is_class - expected))
        curvature = (inputs * (times * expected * (1 - expected))) @ inputs.T
        # Where two clips alone overlap, and hardly do, the line is too steep for its curvature to be told from 0.
        if np.linalg.cond(curvature) > 1 / CLOSE:
            break
        step = np.linalg.solve(curvature, gradient)
        while (loss := _loss(inputs, is_class, times, line + step)) > best + 1e-12 and abs(step).max() > CLOSE:
            step = step / 2
        line, best = line + step, loss
        if abs(step).max() < CLOSE:
            return line
    return np.full(2, np.nan)


def _loss(inputs: np.ndarray, is_class: np.ndarray, times: np.ndarray, line: np.ndarray) -> float:
    return float((times * (np.logaddexp(0, line @ inputs) - is_class * (line @ inputs))).sum())
