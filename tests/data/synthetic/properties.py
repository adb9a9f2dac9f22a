"""What the properties of every twin are measured with."""

import hashlib

import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks.twins import predictions_of
from transferpain.data.synthetic.face import Sitter
from transferpain.data.synthetic.performance import Performance
from transferpain.data.synthetic.videos import ClipPlan, draw_clip, seat_person
from transferpain.evaluation.statistics import score_subjects


def clip_hash(camera, plan: ClipPlan, sitter: Sitter | None = None) -> str:
    """Return the SHA-256 of the drawn frames, before a video encoder touches them."""
    digest = hashlib.sha256()
    for frame in draw_clip(camera, sitter or seat_person(camera, plan), plan):
        digest.update(frame.tobytes())
    return digest.hexdigest()


def summary(course: np.ndarray) -> np.ndarray:
    """Describe a clip's true course: mean, peak, restlessness of each action unit, and of what the skin does."""
    return np.concatenate([course.mean(0), course.max(0), np.diff(course, axis=0).std(0)])


def cues(performance: Performance) -> np.ndarray:
    """Return all that tells of pain in a clip: the action units and the skin, (frames, 13)."""
    return np.concatenate([performance.action_units, performance.skin], 1)


def classify(features, labels, groups, forest: bool = False) -> tuple[float, float]:
    """Return balanced accuracy on new subjects (5 grouped folds) and the lower end of its 95 % bootstrap interval."""
    features, labels, groups = np.asarray(features), np.asarray(labels), np.asarray(groups)
    linear = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, class_weight="balanced", max_iter=500))
    trees = RandomForestClassifier(200, min_samples_leaf=3, class_weight="balanced", random_state=0)
    chances = cross_val_predict(
        trees if forest else linear, features, labels, groups=groups, cv=GroupKFold(5), method="predict_proba"
    )
    table = predictions_of(chances, labels.astype(int), groups)
    found = score_subjects(table, ("balanced_accuracy",))["balanced_accuracy"]
    return found.value, found.low
