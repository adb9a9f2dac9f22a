"""Checks 8, 9 and 10: what could stand in for pain: the person, the recording, a face that was not found."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd

from transferpain.core.progress import progress_bar
from transferpain.data.media.paths import resolve_media
from transferpain.evaluation.confusion import count_confusions
from transferpain.evaluation.metrics.balanced_accuracy import balanced_accuracy
from transferpain.evaluation.permutation import permute_within_subjects
from transferpain.evaluation.predictions import WHOLE_CLIP, clip_rows, subject_names
from transferpain.evaluation.resampling import Interval
from transferpain.evaluation.scores import score
from transferpain.evaluation.statistics import bootstrap_subjects
from transferpain.experiments.leakage.evidence import NO_SUBJECTS, CheckLine, Evidence, percent
from transferpain.inputs.faces.cache import read_faces
from transferpain.inputs.features.cache import read_features

NO_LABELS = "No tested clip has a label."
SIGNIFICANT = 0.05
# Shares of frames without a face may differ between classes by this much (our choice).
MAX_GAP = 0.05
# Brightness and frame size need a decoded frame: on more clips than these the check would take minutes.
MAX_PROBED = 2000
FOLDS = 5
PERMUTATIONS = 200


def check_identity(evidence: Evidence) -> CheckLine:
    """Check 8: the score beats labels permuted within each subject; how well features tell people apart is reported."""
    name = "Identity instead of pain"
    if not evidence.has_subjects:
        return CheckLine(8, name, "not applicable", "", NO_SUBJECTS)
    if not len(evidence.tested):
        return CheckLine(8, name, "not applicable", "", NO_LABELS)
    test = permute_within_subjects(evidence.predictions, in_series=evidence.labels_frames)
    if np.isnan(test.p):
        return CheckLine(8, name, "not applicable", "", "No tested subject has clips of two classes.")
    figure = f"balanced accuracy {test.observed:.3f}, with permuted labels {test.mean:.3f}, p = {test.p:.4f}"
    known = identify_subjects(evidence)
    if known is not None:
        figure += f"; features name the right one of {known[1]} subjects in {percent(known[0])} of the clips"
    explanation = (
        "Features that know the person are common. The line fails if the score does not beat labels permuted within "
        f"subject (p < {SIGNIFICANT})."
    )
    return CheckLine(8, name, "pass" if test.p < SIGNIFICANT else "fail", figure, explanation)


def identify_subjects(evidence: Evidence) -> tuple[float, int] | None:
    """Name the subject of each clip by the most similar other clip (mean features, nearest neighbour).

    Returns:
        Share of right answers, and number of subjects; `None` where no features were cached, or fewer than two
        subjects have two clips with a face.
    """
    if evidence.stage is None or "features" not in evidence.stage:
        return None
    means, subjects = [], []
    for path, subject in zip(evidence.stage["features"], subject_names(evidence.files), strict=True):
        features = read_features(Path(path)) if path else np.empty((0, 1))
        found = features[~np.isnan(features[:, 0])]
        if len(found):
            means.append(found.mean(axis=0, dtype=np.float32))
            subjects.append(subject)
    subject, names = pd.factorize(np.array(subjects, dtype=object))
    repeated = np.bincount(subject, minlength=len(names))[subject] >= 2
    if len(set(subject[repeated])) < 2:
        return None
    from sklearn.neighbors import NearestNeighbors
    from sklearn.preprocessing import StandardScaler

    rows, subject = StandardScaler().fit_transform(np.stack(means)[repeated]), subject[repeated]
    # Without a query the search leaves each clip itself out.
    nearest = NearestNeighbors(n_neighbors=1).fit(rows).kneighbors(return_distance=False)[:, 0]
    return float((subject[nearest] == subject).mean()), len(set(subject))


def check_covariates(evidence: Evidence) -> CheckLine:
    """Check 9: length, brightness and frame size alone do not predict the label of people who were not trained on."""
    name = "Recording instead of pain"
    if not evidence.has_subjects:
        return CheckLine(9, name, "not applicable", "", NO_SUBJECTS)
    if evidence.labels_frames:
        reason = "Single frames are predicted; what is measured here is the same for all frames of a video."
        return CheckLine(9, name, "not applicable", "", reason)
    probed = _probed_units(evidence)
    labels = evidence.samples["y"].iloc[probed].to_numpy(dtype=np.int64)
    subjects = evidence.subjects[probed]
    if len(set(labels)) < 2 or len(set(subjects)) < 2:
        return CheckLine(9, name, "not applicable", "", "It takes two labelled classes and two subjects.")
    table = measure_covariates(evidence, probed)
    chance = 1 / len(set(labels))
    interval, p = predict_from(table, labels, subjects, chance)
    permuted = f", p = {p:.3f}" if p < 1 else ""
    figure = (
        f"balanced accuracy {interval.value:.3f} [{interval.low:.3f}, {interval.high:.3f}] from "
        f"{', '.join(table.columns)}; chance {chance:.3f}{permuted}; {len(probed)} clips"
    )
    explanation = (
        "A decision tree on these values alone, cross-validated over groups of subjects. It fails where the 95 % "
        f"interval over subjects lies above chance and permuted labels reach it with p < {SIGNIFICANT}. The time "
        "within a session is not in the data."
    )
    return CheckLine(9, name, "fail" if p < SIGNIFICANT else "pass", figure, explanation)


def measure_covariates(evidence: Evidence, positions: np.ndarray) -> pd.DataFrame:
    """Measure what a recording shows besides the face: a row a position.

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
    if evidence.experiment.strategy == "frozen" and evidence.stage is not None:
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


def check_dropped(evidence: Evidence) -> CheckLine:
    """Check 10: faces are missed equally often in each class, and every labelled test clip is answered for."""
    name = "Dropped data"
    if evidence.stage is None:
        return CheckLine(10, name, "not applicable", "", "The pictures are faces already; none is detected or dropped.")
    tested = evidence.tested
    if not len(tested):
        return CheckLine(10, name, "not applicable", "", NO_LABELS)
    y = evidence.samples["y"].iloc[tested].to_numpy(dtype=np.int64)
    missed = _missed(evidence)[tested]
    rates = {evidence.task.classes[number]: missed[y == number].mean() for number in np.unique(y)}
    faceless = int((missed == 1).sum())
    answered = set(clip_rows(evidence.predictions)["clip"])
    unanswered = len(set(evidence.samples["clip"].iloc[tested]) - answered)
    scores = score(evidence.predictions, evidence.task.classes, draws=0)
    balanced = [scores[part]["balanced_accuracy"]["value"] for part in ("all", "covered")]
    what = "frames" if evidence.labels_frames else "clips"
    figure = (
        f"frames without a face: {', '.join(f'{label} {percent(rate)}' for label, rate in rates.items())}; "
        f"{faceless} of {len(tested)} {what} without a face; {unanswered} not answered; "
        f"balanced accuracy {_text(balanced[0])} of all, {_text(balanced[1])} of {what} with a face"
    )
    gap = max(rates.values()) - min(rates.values())
    explanation = (
        f"It passes where the classes differ by at most {percent(MAX_GAP)} (our choice) and every labelled clip is "
        "answered for: clips without a face get the training prior."
    )
    return CheckLine(10, name, "fail" if gap > MAX_GAP or unanswered else "pass", figure, explanation)


def _missed(evidence: Evidence) -> np.ndarray:
    """Return the share of each sample's frames without a face, float64 `(samples,)`; 1 where its video is unusable."""
    stage = evidence.stage
    # Features may have been computed at another rate than the video's.
    frames = stage["frames" if "frames" in stage else "num_frames"].to_numpy(dtype=float)
    found = stage["found"].fillna(0).to_numpy(dtype=float)
    of_file = 1 - np.divide(found, frames, out=np.zeros(len(stage)), where=frames > 0)
    missed, rows = of_file[evidence.file_of], evidence.samples["row"].to_numpy()
    for file in np.unique(evidence.file_of[rows >= 0]):
        samples = np.flatnonzero((evidence.file_of == file) & (rows >= 0))
        if not stage["problem"].iloc[file]:
            missed[samples] = ~read_faces(Path(stage["faces"].iloc[file])).found[rows[samples]]
    return missed


def _text(value: float | None) -> str:
    return "undefined" if value is None else f"{value:.3f}"


def _probed_units(evidence: Evidence) -> np.ndarray:
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
