"""What the properties of every twin are measured with."""

import hashlib
from collections.abc import Iterable, Iterator
from itertools import groupby

import numpy as np

from transferpain.data.synthetic.camera import Sensor
from transferpain.data.synthetic.face import ACTION_UNITS, Sitter, draw_face
from transferpain.data.synthetic.performance import Performance
from transferpain.data.synthetic.videos import ClipPlan, draw_clip, seat_person


def seated(camera, plans: Iterable[ClipPlan]) -> Iterator[tuple[ClipPlan, Sitter]]:
    """Yield each plan with its person, who is seated once: to paint a sitter takes as long as to draw ten frames."""
    for _, of_person in groupby(plans, key=lambda plan: plan.person.name):
        sitter = None
        for plan in of_person:
            sitter = sitter or seat_person(camera, plan)
            yield plan, sitter


def clip_hash(camera, plan: ClipPlan, sitter: Sitter | None = None) -> str:
    """Return the SHA-256 of the drawn frames, before a video encoder touches them."""
    digest = hashlib.sha256()
    for frame in draw_clip(camera, sitter or seat_person(camera, plan), plan):
        digest.update(frame.tobytes())
    return digest.hexdigest()


def hard_frames(plan: ClipPlan, camera) -> list[np.ndarray]:
    """Film the frames where a face is hardest to find: eyes closed, head turned, mouth open, strongest action."""
    course = plan.performance(camera)
    units = course.action_units
    closed = units[:, [ACTION_UNITS.index("AU43"), ACTION_UNITS.index("AU45")]].max(1)
    chosen = (closed.argmax(), abs(course.head[:, 3]).argmax(), units[:, ACTION_UNITS.index("AU26")].argmax(),
              units.sum(1).argmax())  # fmt: skip
    sitter, sensor = seat_person(camera, plan), Sensor(camera, plan.seed, plan.clip)
    pictures = []
    for number in chosen:
        acts, pose = course.frame(int(number))
        exposure = camera.exposure * (1 + camera.exposure_spread * float(course.exposure[number]))
        pictures.append(sensor.expose(draw_face(sitter, acts, pose), exposure, sitter.colour))
    return pictures


def classify(features, labels, groups, forest: bool = False, tests: int = 1) -> tuple[float, float, float]:
    """Return balanced accuracy on new subjects (5 grouped folds) and its 95 % bootstrap interval over subjects.

    All of so many `tests` hold together with 95 %.
    """
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import balanced_accuracy_score
    from sklearn.model_selection import GroupKFold, cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    features, labels, groups = np.asarray(features), np.asarray(labels), np.asarray(groups)
    linear = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, class_weight="balanced", max_iter=500))
    trees = RandomForestClassifier(200, min_samples_leaf=3, class_weight="balanced", random_state=0)
    predicted = cross_val_predict(trees if forest else linear, features, labels, groups=groups, cv=GroupKFold(5))
    subjects, of = np.unique(groups, return_inverse=True)
    classes, truth = np.unique(labels, return_inverse=True)
    confusion = np.zeros((len(subjects), len(classes), len(classes)))
    np.add.at(confusion, (of, truth, np.searchsorted(classes, predicted)), 1)
    draws = np.random.default_rng(0).multinomial(len(subjects), [1 / len(subjects)] * len(subjects), 1000 * tests)
    counts = np.einsum("ds,sij->dij", draws, confusion)
    recalls = np.diagonal(counts, axis1=1, axis2=2) / np.maximum(1, counts.sum(2))
    low, high = np.percentile(recalls.mean(1), [2.5 / tests, 100 - 2.5 / tests])
    return balanced_accuracy_score(labels, predicted), low, high


def summary(course: np.ndarray) -> np.ndarray:
    """Describe a clip's true course: mean, peak, restlessness of each action unit, and of what the skin does."""
    return np.concatenate([course.mean(0), course.max(0), np.diff(course, axis=0).std(0)])


def cues(performance: Performance) -> np.ndarray:
    """Return all that tells of pain in a clip: the action units and the skin, (frames, 13)."""
    return np.concatenate([performance.action_units, performance.skin], 1)


def detection_rates(pictures: list[np.ndarray]) -> dict[str, float]:
    """Return the share of pictures in which each detector of the toolkit that is installed here finds a face.

    Enlarging takes four times as long as all else: it is tried on one picture in three. `hard_frames` gives four of a
    clip, so that each person and each kind of frame is among them.
    """
    import dlib

    from transferpain.inputs.faces.detectors import load_detector

    hog = dlib.get_frontal_face_detector()
    mediapipe, yunet = load_detector("mediapipe"), load_detector("yunet")
    return {
        "dlib": np.mean([len(hog(picture, 0)) > 0 for picture in pictures]),
        "dlib, enlarged": np.mean([len(hog(picture, 1)) > 0 for picture in pictures[::3]]),
        "mediapipe": np.mean([mediapipe(picture) is not None for picture in pictures]),
        "yunet": np.mean([yunet(picture) is not None for picture in pictures]),
    }
