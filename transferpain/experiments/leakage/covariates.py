"""The recording instead of pain."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd

from transferpain.core.progress import progress_bar
from transferpain.data.media.paths import resolve_media
from transferpain.evaluation.confusion import count_confusions
from transferpain.evaluation.formatting import with_interval
from transferpain.evaluation.metrics.balanced_accuracy import balanced_accuracy
from transferpain.evaluation.predictions import WHOLE_CLIP
from transferpain.evaluation.resampling import Interval
from transferpain.evaluation.statistics import bootstrap_subjects
from transferpain.experiments.leakage.evidence import (
    NO_SUBJECTS,
    Evidence,
    LeakageCheck,
    Verdict,
    not_applicable,
)

SIGNIFICANT = 0.05
# Brightness and frame size need a decoded frame: on more clips than these the check would take minutes.
MAX_PROBED = 2000
FOLDS = 5
PERMUTATIONS = 200


def run(evidence: Evidence) -> Verdict:
    """Check that length, brightness and frame size alone do not predict the label of people who were not trained on."""
    if not evidence.has_subjects:
        return not_applicable(NO_SUBJECTS)
    if evidence.labels_frames:
        reason = "Single frames are predicted; what is measured here is the same for all frames of a video."
        return not_applicable(reason)
    probed = _probed(evidence)
    labels = evidence.samples["y"].iloc[probed].to_numpy(dtype=np.int64)
    subjects = evidence.subjects[probed]
    if len(set(labels)) < 2 or len(set(subjects)) < 2:
        return not_applicable("It takes two labelled classes and two subjects.")
    table = measure_covariates(evidence, probed)
    chance = 1 / len(set(labels))
    interval, p = predict_from(table, labels, subjects, chance)
    permuted = f", p = {p:.3f}" if p < 1 else ""
    figure = (
        f"balanced accuracy {with_interval(interval.value, interval.low, interval.high)} from "
        f"{', '.join(table.columns)}; chance {chance:.3f}{permuted}; {len(probed)} clips"
    )
    explanation = (
        "A decision tree on these values alone, cross-validated over groups of subjects. It fails where the 95 % "
        f"interval over subjects lies above chance and permuted labels reach it with p < {SIGNIFICANT}. The time "
        "within a session is not in the data."
    )
    return Verdict("fail" if p < SIGNIFICANT else "pass", figure, explanation)


def measure_covariates(evidence: Evidence, positions: np.ndarray) -> pd.DataFrame:
    """Measure what a recording shows besides the face: one row per position.

    Columns: `brightness` (mean grey of the whole first frame), `brightness within subject` (minus the subject's
    mean), `frame width`, `frame height`; and `seconds`, of the stretch that a head on features sees: an image model
    judges single pictures and sees no length.
    """
    files = evidence.file_of[positions]
    with progress_bar("covariates", len(positions), "clips") as advance, ThreadPoolExecutor() as threads:

        def measure(row) -> tuple[float, float, float]:
            frame = _first_frame(evidence.data_root, row)
            advance()
            return (np.nan, np.nan, np.nan) if frame is None else (float(frame.mean()), *map(float, frame.shape[1::-1]))

        measured = list(threads.map(measure, evidence.files.iloc[files].itertuples()))
    table = pd.DataFrame(measured, columns=["brightness", "frame width", "frame height"])
    subjects = evidence.subjects[positions]
    means = table["brightness"].groupby(subjects).transform("mean")
    table.insert(1, "brightness within subject", table["brightness"] - means)
    if evidence.stage is not None and "features" in evidence.stage:
        stage = evidence.stage.iloc[files]
        seconds = (stage["num_frames"] / stage["fps"]).to_numpy(dtype=float)
        table["seconds"] = np.minimum(seconds, evidence.experiment.window.seconds)
    return table


def predict_from(
    table: pd.DataFrame, labels: np.ndarray, subjects: np.ndarray, chance: float
) -> tuple[Interval, float]:
    """Predict labels from a table of numbers by a small decision tree, for groups of subjects not trained on.

    Cross-validated answers hang together, because each fold is trained on the others' labels: an interval over
    subjects alone is too narrow. So where it lies above chance, the whole procedure is repeated with permuted labels.

    Returns:
        The balanced accuracy with its interval over subjects, and the share p of permutations that reach it; 1 where
        the interval does not lie above chance.
    """
    from sklearn.model_selection import GroupKFold
    from sklearn.tree import DecisionTreeClassifier

    tree = DecisionTreeClassifier(max_depth=3, min_samples_leaf=2, class_weight="balanced", random_state=0)
    values = table.fillna(table.median()).fillna(0.0).to_numpy()
    folds = list(GroupKFold(min(FOLDS, len(set(subjects)))).split(values, labels, subjects))
    num_classes = int(labels.max()) + 1

    def predict(y: np.ndarray) -> np.ndarray:
        answers = np.empty_like(y)
        for train, test in folds:
            answers[test] = tree.fit(values[train], y[train]).predict(values[test])
        return answers

    def reached(y: np.ndarray) -> float:
        counts = count_confusions(np.zeros(len(y), dtype=np.int64), y, predict(y), (1, num_classes))
        return float(balanced_accuracy(counts)[0])

    rows = pd.DataFrame({"subject": subjects, "y_true": pd.array(labels, dtype="Int64"), "y_pred": predict(labels)})
    rows = rows.assign(dataset="", clip=np.arange(len(rows)), frame=WHOLE_CLIP, fold="", seed=0, coverage=1.0)
    rows[[f"p_{label}" for label in range(num_classes)]] = 0.0
    interval = bootstrap_subjects(rows, ("balanced_accuracy",))["balanced_accuracy"]
    if not interval.low > chance:
        return interval, 1.0
    generator = np.random.default_rng(0)
    beaten_by = sum(reached(generator.permutation(labels)) >= interval.value - 1e-12 for _ in range(PERMUTATIONS))
    return interval, (1 + beaten_by) / (1 + PERMUTATIONS)


def _probed(evidence: Evidence) -> np.ndarray:
    """Return positions of labelled samples that could be read: all, or `MAX_PROBED` spread evenly over them."""
    usable = evidence.samples["y"].notna().to_numpy()
    if evidence.stage is not None:
        usable = usable & (evidence.stage["problem"] == "").to_numpy()[evidence.file_of]
    positions = np.flatnonzero(usable)
    if len(positions) > MAX_PROBED:
        positions = positions[np.linspace(0, len(positions) - 1, MAX_PROBED).round().astype(int)]
    return positions


def _first_frame(data_root: Path, row) -> np.ndarray | None:
    """Return the first frame of a clip, uint8 `(height, width, 3)`; `None` if it cannot be read."""
    import cv2

    from transferpain.data.media.medium import UnreadableMedium
    from transferpain.data.media.pictures import open_pictures

    media = resolve_media(data_root, row.media)
    if row.kind in ("images", "image_span"):
        start = row.first_frame if row.kind == "image_span" else 0
        try:
            # OpenCV's own reader would print the path, which may hold a person's name.
            return next(open_pictures(media, (start, 1)))
        except UnreadableMedium:
            return None
    capture = cv2.VideoCapture(str(media))
    try:
        if row.first_frame > 0:
            capture.set(cv2.CAP_PROP_POS_FRAMES, row.first_frame)
        read, frame = capture.read()
        return frame if read else None
    finally:
        capture.release()


COVARIATES = LeakageCheck("Recording instead of pain", run)
