"""Tables of predictions drawn at random, in the layout that a run writes."""

import numpy as np
import pandas as pd


def draw_predictions(
    clips_per_class=(4, 4, 4), *, subjects=10, seeds=(0,), skill=0.6, spread=0.0, seed=0
) -> pd.DataFrame:
    """Draw a run: an answer is right with the probability `skill`, which varies by `spread` between subjects.

    Otherwise the answer is one of the other classes. Each subject has `clips_per_class[k]` clips of class k.
    """
    generator = np.random.default_rng(seed)
    num_classes = len(clips_per_class)
    labels = np.repeat(np.arange(num_classes), clips_per_class)
    answers, probabilities = [], []
    for _ in range(subjects):
        own_skill = np.clip(skill + spread * generator.normal(), 0, 1)
        for _ in seeds:
            right = generator.random(labels.size) < own_skill
            wrong = (labels + generator.integers(1, num_classes, labels.size)) % num_classes
            answers.append(np.where(right, labels, wrong))
            scores = generator.random((labels.size, num_classes)) + 2 * np.eye(num_classes)[answers[-1]]
            probabilities.append(scores / scores.sum(axis=1, keepdims=True))
    # One table from whole columns: a table a subject, put together, takes ten times as long.
    names = [f"S{subject:02d}" for subject in range(subjects)]
    columns = dict(zip((f"p_{k}" for k in range(num_classes)), np.concatenate(probabilities).T, strict=True))
    columns |= {
        "dataset": "ai4pain",
        "subject": np.repeat(np.array(names, dtype=object), len(seeds) * labels.size),
        "clip": [f"{name}-{number:03d}" for name in names for _ in seeds for number in range(labels.size)],
        "frame": -1,
        "fold": 0,
        "seed": np.tile(np.repeat(seeds, labels.size), subjects),
        "y_true": pd.array(np.tile(labels, subjects * len(seeds)), dtype="Int64"),
        "y_pred": np.concatenate(answers),
        "coverage": 1.0,
    }
    return pd.DataFrame(columns)


def draw_counts(subjects: int, samples: int, *, seed: int) -> np.ndarray:
    """Draw subjects with replacement and return how often each counts in each sample, float `(samples, subjects)`."""
    counts = np.random.default_rng(seed).multinomial(subjects, np.full(subjects, 1 / subjects), size=samples)
    return counts.astype(np.float64)


def from_confusion(confusion, subjects=12) -> pd.DataFrame:
    """Write the predictions that have this confusion matrix, dealt out to the subjects in turn."""
    confusion = np.asarray(confusion)
    num_classes = len(confusion)
    true, predicted = np.indices(confusion.shape).reshape(2, -1)
    y_true, y_pred = np.repeat(true, confusion.ravel()), np.repeat(predicted, confusion.ravel())
    table = pd.DataFrame({f"p_{k}": (y_pred == k).astype(float) for k in range(num_classes)})
    return table.assign(
        dataset="ai4pain",
        subject=[f"S{row % subjects:02d}" for row in range(y_true.size)],
        clip=[f"clip{row:03d}" for row in range(y_true.size)],
        frame=-1,
        fold=0,
        seed=0,
        y_true=pd.array(y_true, dtype="Int64"),
        y_pred=y_pred,
        coverage=1.0,
    )
