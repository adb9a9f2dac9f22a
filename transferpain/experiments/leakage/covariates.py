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
from transferpain.evaluation.predictions import WHOLE_CLIP, subject_names
from transferpain.evaluation.resampling import Interval
from transferpain.evaluation.statistics import score_subjects
from transferpain.experiments.leakage.evidence import (
    NO_SUBJECTS,
    Evidence,
    LeakageCheck,
    Verdict,
    not_applicable,
)
from transferpain.inputs.faces.cache import read_seconds

SIGNIFICANT = 0.05
# Brightness and frame size need a decoded frame: on more clips than these the check would take minutes.
MAX_PROBED = 2000
FOLDS = 5
PERMUTATIONS = 200
SESSION = "place in the session"
EDGE = 10  # of a frame's height and width one part in so many is its edge, where its brightness is measured
BLACK = 16  # of 255: black bars stay below it, whatever an encoder makes of them
ADVICE = (
    "The value named last tells most: look at how the clips of the classes were recorded and cut. Read of all of them "
    "stretches of one duration at one rate (window.seconds, features.fps), record the classes in mixed order, or state "
    "it beside the score."
)
# Columns of an index that say in which order a subject's clips were recorded, the coarsest first.
ORDER = ("session", "trial", "sweep", "order")


def run(evidence: Evidence) -> Verdict:
    """Check that what is read of a clip besides the face does not predict its label for people not trained on."""
    if not evidence.has_subjects:
        return not_applicable(NO_SUBJECTS)
    found = {}
    for dataset, positions in probed_clips(evidence).items():
        labels = clip_labels(evidence)[positions].astype(np.int64)
        subjects = evidence.subjects[positions]
        if len(set(labels)) > 1 and len(set(subjects)) > 1:
            table = measure_covariates(evidence, positions)
            chance = 1 / len(set(labels))
            found[dataset] = (table, chance, *predict_from(table, labels, subjects, chance))
    if not found:
        return not_applicable("It takes two labelled classes and two subjects.")
    failing = {dataset for dataset, (*_, p) in found.items() if p < SIGNIFICANT / len(found)}
    figures = [
        f"balanced accuracy {with_interval(interval.value, interval.low, interval.high, digits=3)} from "
        f"{', '.join(table.columns)}; chance {chance:.3f}{f', p = {p:.3f}' if p < 1 else ''}; {len(table)} clips"
        + (f" of {dataset}" if len(found) > 1 else "")
        + (f"; most by {telling(table, clip_labels(evidence)[positions])}" if dataset in failing else "")
        for dataset, (table, chance, interval, p) in found.items()
    ]
    reads = "Single frames are predicted, which show no length." if evidence.labels_frames else ""
    known = any(SESSION in table for table, *_ in found.values())
    explanation = (
        "A decision tree on these values of the tested clips alone, as they are read, cross-validated over groups of "
        "subjects. It fails where the 95 % interval over subjects lies above chance and permuted labels reach it with "
        f"p < {SIGNIFICANT}. {reads}{'' if known else ' The place in the session is not in the data.'}"
    )
    if failing:
        explanation += f" {ADVICE}"
    return Verdict("fail" if failing else "pass", "; ".join(figures), " ".join(explanation.split()))


def telling(table: pd.DataFrame, labels: np.ndarray) -> str:
    """Return which value of a table tells the labels apart best in one tree on all its rows."""
    tree = _tree().fit(_values(table), labels)
    return str(table.columns[int(tree.feature_importances_.argmax())])


def clip_labels(evidence: Evidence) -> np.ndarray:
    """Return the class of each sample's clip, float64 `(samples,)`: its own, or the highest of its labelled frames."""
    y = evidence.samples["y"].astype("Float64")
    return y.groupby(evidence.file_of).transform("max").to_numpy(dtype=float, na_value=np.nan)


def probed_clips(evidence: Evidence) -> dict[str, np.ndarray]:
    """Return dataset -> positions of tested samples that have a label and could be read, one for each clip.

    Of more than `MAX_PROBED` as many are taken, spread evenly over them.
    """
    usable = np.zeros(len(evidence.samples), bool)
    usable[evidence.tested] = True
    if evidence.stage is not None:
        usable &= (evidence.stage["problem"] == "").to_numpy()[evidence.file_of]
    positions = np.flatnonzero(usable)
    if evidence.labels_frames:
        positions = positions[np.unique(evidence.file_of[positions], return_index=True)[1]]
    datasets = evidence.samples["dataset"].to_numpy(dtype=str)[positions]
    found = {}
    for dataset in np.unique(datasets):
        own = positions[datasets == dataset]
        if len(own) > MAX_PROBED:
            own = own[np.linspace(0, len(own) - 1, MAX_PROBED).round().astype(int)]
        found[dataset] = own
    return found


def measure_covariates(evidence: Evidence, positions: np.ndarray) -> pd.DataFrame:
    """Measure what is read of clips of one dataset besides the face: one row per position.

    Columns: `brightness` (of the first frame, see `edge_brightness`), `brightness within subject` (minus the subject's
    mean), `frame width`, `frame height`; of clips that are read as a whole `frames`, `stretch` (from the first to the
    last of them) and `step` (between two), in seconds, or in frames of the medium where a rate is unknown; and `place
    in the session` where the data hold it.
    """
    files = evidence.file_of[positions]
    with progress_bar("covariates", len(positions), "clips") as advance, ThreadPoolExecutor() as threads:
        clips = evidence.files.iloc[files].reset_index(drop=True)
        media = [clips.iloc[places] for places in clips.groupby("media", sort=False).indices.values()]

        def measure(some: pd.DataFrame) -> dict[int, tuple[float, ...]]:
            frames = first_frames(evidence.data_root, some)
            advance(len(some))
            seen = {place: (edge_brightness(frame), *map(float, frame.shape[1::-1])) for place, frame in frames.items()}
            return {some.index[place]: values for place, values in seen.items()}

        measured = {place: values for found in threads.map(measure, media) for place, values in found.items()}
    unread = (np.nan, np.nan, np.nan)
    table = pd.DataFrame(
        [measured.get(place, unread) for place in range(len(clips))],
        columns=["brightness", "frame width", "frame height"],
    )
    subjects = evidence.subjects[positions]
    means = table["brightness"].groupby(subjects).transform("mean")
    table.insert(1, "brightness within subject", table["brightness"] - means)
    if evidence.stage is not None and evidence.frames is not None and not evidence.labels_frames:
        rates = evidence.stage["fps"].to_numpy(dtype=float)[files]
        scale = rates if (rates > 0).all() else np.ones(len(rates))
        read = [evidence.frames.answered[position] for position in positions]
        table["frames"] = [float(len(frames)) for frames in read]
        if "variable" in evidence.stage:
            stage = evidence.stage.iloc[files]
            for place in np.flatnonzero(stage["variable"].to_numpy(dtype=bool) & (rates > 0).all()):
                # At uneven distances a frame stands for its own time, in frames of the clip's mean rate.
                read[place] = read_seconds(stage["faces"].iloc[place])[read[place]] * rates[place]
        table["stretch"] = [float(np.ptp(frames)) if len(frames) else np.nan for frames in read] / scale
        table["step"] = [float(np.median(np.diff(frames))) if len(frames) > 1 else np.nan for frames in read] / scale
    place = session_places(evidence.files)
    if place is not None:
        table[SESSION] = place[files]
    return table


def edge_brightness(frame: np.ndarray) -> float:
    """Return the mean grey of a frame's upper, left and right edge, in whole levels from 0 to 255.

    A face that shows pain makes the picture a little darker than one at rest. That is no matter of the recording, so
    that it is measured where no face is; whole levels, because encoders leave traces of it there. Black bars around the
    picture are no part of it.

    Args:
        frame: uint8 RGB `(height, width, 3)`.
    """
    shown = frame.max(axis=2) > BLACK
    if shown.any():
        rows, columns = (np.flatnonzero(shown.any(axis=axis)) for axis in (1, 0))
        frame = frame[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    height, width = (max(1, side // EDGE) for side in frame.shape[:2])
    edge = np.ones(frame.shape[:2], bool)
    edge[height:, width:-width] = False
    return float(frame[edge].mean().round())


def session_places(files: pd.DataFrame) -> np.ndarray | None:
    """Return each clip's place in its subject's session, float64 `(clips,)` up to 1; `None` where none is stated."""
    columns = [name for name in ORDER if name in files and files[name].notna().any()]
    if not columns:
        return None
    order = files.groupby(columns, dropna=False).ngroup()
    people = order.groupby(subject_names(files).to_numpy())
    return people.rank(method="dense", pct=True).to_numpy(dtype=float)


def predict_from(
    table: pd.DataFrame, labels: np.ndarray, subjects: np.ndarray, chance: float
) -> tuple[Interval, float]:
    """Predict labels from a table of numbers by a small decision tree, for groups of subjects not trained on.

    Cross-validated answers hang together, because each fold is trained on the others' labels: an interval over
    subjects alone is too narrow. So where it lies above chance, the whole procedure is repeated with permuted labels.

    Returns:
        The balanced accuracy with its interval over subjects, and the share p of permutations that reach it; 1 where
        the interval covers chance, or there is none and the score is no higher.
    """
    import sklearn
    from sklearn.model_selection import GroupKFold

    tree, values = _tree(), _values(table)
    folds = list(GroupKFold(min(FOLDS, len(set(subjects)))).split(values, labels, subjects))
    parts = [(values[train], values[test]) for train, test in folds]
    num_classes = int(labels.max()) + 1

    def predict(y: np.ndarray) -> np.ndarray:
        answers = np.empty_like(y)
        with sklearn.config_context(skip_parameter_validation=True):
            for (train, test), (fitted, asked) in zip(folds, parts, strict=True):
                answers[test] = tree.fit(fitted, y[train], check_input=False).predict(asked, check_input=False)
        return answers

    def reached(y: np.ndarray) -> float:
        counts = count_confusions(np.zeros(len(y), dtype=np.int64), y, predict(y), (1, num_classes))
        return float(balanced_accuracy(counts)[0])

    rows = pd.DataFrame({"subject": subjects, "y_true": pd.array(labels, dtype="Int64"), "y_pred": predict(labels)})
    rows = rows.assign(dataset="", clip=np.arange(len(rows)), frame=WHOLE_CLIP, fold="", seed=0, coverage=1.0)
    rows[[f"p_{label}" for label in range(num_classes)]] = 0.0
    interval = score_subjects(rows, ("balanced_accuracy",))["balanced_accuracy"]
    # Without an interval, as where every subject is told apart without an error, the permutations decide alone.
    if interval.low <= chance or interval.value <= chance:
        return interval, 1.0
    generator = np.random.default_rng(0)
    beaten_by = sum(reached(generator.permutation(labels)) >= interval.value - 1e-12 for _ in range(PERMUTATIONS))
    return interval, (1 + beaten_by) / (1 + PERMUTATIONS)


def _tree():
    from sklearn.tree import DecisionTreeClassifier

    return DecisionTreeClassifier(max_depth=3, min_samples_leaf=2, class_weight="balanced", random_state=0)


def _values(table: pd.DataFrame) -> np.ndarray:
    # A tree compares float32; as it gets them, it has nothing to convert or to look through in hundreds of fits.
    return np.ascontiguousarray(table.fillna(table.median()).fillna(0.0).to_numpy(), dtype=np.float32)


def first_frames(data_root: Path, clips: pd.DataFrame) -> dict[int, np.ndarray]:
    """Return the first frame of each clip of one medium that can be decoded, uint8 RGB `(height, width, 3)`.

    Args:
        clips: rows of an index with one medium, which is read once for all of them.

    Returns:
        By the clip's position in `clips`; clips that cannot be read are missing.
    """
    from transferpain.core.quiet import silence_opencv
    from transferpain.data.media.medium import Medium, UnreadableMedium
    from transferpain.data.media.reader import open_medium

    silence_opencv()
    row = clips.iloc[0]
    path, pictures = resolve_media(data_root, row.media), row.kind in ("images", "image_span")
    spanned = row.kind in ("span", "image_span")
    starts = [int(start) if spanned else 0 for start in clips["first_frame"]]
    found: dict[int, np.ndarray] = {}
    try:
        _, frames = open_medium(Medium(path, pictures, (min(starts), None)))
        for frame in frames:
            waiting = [place for place, start in enumerate(starts) if start <= frame.number and place not in found]
            if frame.image is not None:
                found |= dict.fromkeys(waiting, frame.image)
            if frame.number >= max(starts) and len(found) == len(starts):
                break
    except (UnreadableMedium, OSError):
        pass
    return found


COVARIATES = LeakageCheck("Recording instead of pain", run)
