"""Gradient boosting on action units alone, or on embedding and action units: one row per face, pain or not (Verma)."""

from dataclasses import dataclass

import numpy as np
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.metrics import log_loss
from sklearn.model_selection import ParameterGrid, StratifiedGroupKFold
from sklearn.preprocessing import StandardScaler

from transferpain.core.errors import UserError
from transferpain.strategies.hybrid.settings import BoostingSettings
from transferpain.strategies.hybrid.thresholds import Threshold, tune_threshold


@dataclass(frozen=True)
class Model:
    """A scaler, and the trees behind it: two parts, as a bundle keeps them."""

    scaler: StandardScaler
    trees: GradientBoostingClassifier

    def probability(self, features: np.ndarray) -> np.ndarray:
        """Return P(pain), float64 `(rows,)`; NaN for rows in which anything is missing."""
        whole = np.isfinite(features).all(axis=1)
        probability = np.full(len(features), np.nan)
        if whole.any():
            probability[whole] = self.trees.predict_proba(self.scaler.transform(features[whole]))[:, 1]
        return probability


@dataclass(frozen=True)
class FittedBoosting:
    """A fitted classifier.

    Attributes:
        model: the classifier itself.
        prior: share of pain among the training rows: the answer where no face was measured.
        threshold: from which probability on the answer is pain.
        chosen: what the search chose, as scikit-learn names it.
        out_of_fold: float64 `(rows,)`, the probabilities of the training rows by models that saw none of their
            subjects; what threshold and calibration may be fitted on.
    """

    model: Model
    prior: float
    threshold: Threshold
    chosen: dict[str, float | str | None]
    out_of_fold: np.ndarray

    def probability(self, features: np.ndarray) -> np.ndarray:
        """Return P(pain), float64 `(rows,)`; the prior for rows in which anything is missing."""
        return _answer(self.model, features, self.prior)


def join(embedding: np.ndarray, intensities: np.ndarray) -> np.ndarray:
    """Put the embedding `(rows, D)` and the action units `(rows, units)` of the same faces side by side, float64.

    Raises:
        ValueError: if they are not of the same number of faces.
    """
    if len(embedding) != len(intensities):
        raise ValueError(f"{len(embedding)} embeddings and {len(intensities)} rows of action units")
    return np.hstack([np.asarray(embedding, np.float64), np.asarray(intensities, np.float64)])


def fit_boosting(
    features: np.ndarray, is_pain: np.ndarray, subjects: np.ndarray, settings: BoostingSettings, seed: int
) -> FittedBoosting:
    """Search, fit, and tune the threshold on training subjects.

    Each candidate answers every training subject with a model that was fitted without that subject; the one with the
    lowest log loss over all those answers is chosen (our choice: it needs no threshold), fitted on all rows, and its
    threshold tuned on the same answers (Verma tuned on the rows the model was fitted on, which flatters).

    Args:
        features: `(rows, D)`; a row with a NaN is one without a face, and is not fitted on.
        is_pain: bool `(rows,)`.
        subjects: `(rows,)`.
        settings: what is compared.
        seed: of folds and trees.

    Raises:
        UserError: if there are too few subjects to set some aside.
    """
    is_pain = np.asarray(is_pain, bool)
    covered = np.isfinite(features).all(axis=1)
    folds = _make_folds(covered, is_pain, np.asarray(subjects), settings, seed)
    grid = {
        "learning_rate": settings.learning_rates,
        "n_estimators": settings.estimators,
        "max_depth": settings.depths,
        "max_features": (None if settings.columns == "all" else settings.columns,),
    }
    best = None
    for candidate in ParameterGrid(grid):
        answers = np.empty(len(features))
        for train, rest in folds:
            model = _fit(features[train], is_pain[train], candidate, seed)
            answers[rest] = _answer(model, features[rest], is_pain[train].mean())
        loss = log_loss(is_pain, answers)
        if best is None or loss < best[0]:
            best = loss, candidate, answers
    _, chosen, out_of_fold = best
    model = _fit(features[covered], is_pain[covered], chosen, seed)
    threshold = tune_threshold(out_of_fold, is_pain, settings.objective, settings.precision)
    return FittedBoosting(model, float(is_pain.mean()), threshold, dict(chosen), out_of_fold)


def _fit(features: np.ndarray, is_pain: np.ndarray, candidate: dict, seed: int) -> Model:
    scaler = StandardScaler().fit(features)
    trees = GradientBoostingClassifier(**candidate, random_state=seed)
    return Model(scaler, trees.fit(scaler.transform(features), is_pain))


def _answer(model: Model, features: np.ndarray, prior: float) -> np.ndarray:
    probability = model.probability(features)
    return np.where(np.isnan(probability), prior, probability)


def _make_folds(
    covered: np.ndarray, is_pain: np.ndarray, subjects: np.ndarray, settings: BoostingSettings, seed: int
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return for each fold which rows are fitted on, and which are answered."""
    splitter = StratifiedGroupKFold(settings.folds, shuffle=True, random_state=seed)
    people = {answer: len(np.unique(subjects[covered & (is_pain == answer)])) for answer in (True, False)}
    folds = []
    if min(people.values()) >= settings.folds:
        folds = [(train[covered[train]], rest) for train, rest in splitter.split(is_pain, is_pain, subjects)]
    if not folds or any(len(np.unique(is_pain[train])) < 2 for train, _ in folds):
        raise UserError(
            "There are too few training subjects to choose and to tune a classifier.",
            rule=f"With {settings.folds} folds, {settings.folds} subjects with pain and as many without need a face "
            "that was measured, and no fold may hold all of either.",
            received=f"{people[True]} with pain, {people[False]} without",
            todo="Lower folds, or use more subjects.",
        )
    return folds
