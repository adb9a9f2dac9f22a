"""Three models that look at one face (Verma): action units alone, a network alone, and both together."""

from dataclasses import dataclass

import numpy as np

from transferpain.strategies.hybrid.boosting import FittedBoosting, Model, fit_boosting, join
from transferpain.strategies.hybrid.importance import Importance, permutation_importance
from transferpain.strategies.hybrid.settings import BoostingSettings
from transferpain.strategies.hybrid.thresholds import Threshold, tune_threshold


@dataclass(frozen=True)
class FaceMeasurements:
    """What was measured of faces, one row per face; NaN where nothing was.

    Attributes:
        units: float64 `(faces, units)`, intensities of action units.
        embedding: float `(faces, D)`, of a network.
        cnn: float64 `(faces,)`, P(pain) by that network.
    """

    units: np.ndarray
    embedding: np.ndarray
    cnn: np.ndarray

    def rows(self, rows: np.ndarray) -> "FaceMeasurements":
        """Return some of the faces."""
        return FaceMeasurements(self.units[rows], self.embedding[rows], self.cnn[rows])

    @property
    def joined(self) -> np.ndarray:
        """Embedding and action units side by side, `(faces, D + units)`."""
        return join(self.embedding, self.units)

    @property
    def seen(self) -> np.ndarray:
        """Bool `(faces,)`, whether all three models can look at the face."""
        return np.isfinite(self.joined).all(axis=1) & np.isfinite(self.cnn)


def probabilities(units: Model, hybrid: Model, faces: FaceMeasurements) -> dict[str, np.ndarray]:
    """Return P(pain) by each of `TITLES`, float64 `(faces,)`; NaN where the model cannot look at the face."""
    return {
        "units": units.probability(faces.units),
        "cnn": np.asarray(faces.cnn, np.float64),
        "hybrid": hybrid.probability(faces.joined),
    }


@dataclass(frozen=True)
class FittedModels:
    """What was fitted on top of a network.

    Attributes:
        units, hybrid: the classifiers.
        cnn: from which P(pain) on the network's answer is pain.
    """

    units: FittedBoosting
    hybrid: FittedBoosting
    cnn: Threshold

    @property
    def boosted(self) -> dict[str, FittedBoosting]:
        """The classifiers by the name of their model."""
        return {"units": self.units, "hybrid": self.hybrid}

    @property
    def thresholds(self) -> dict[str, Threshold]:
        """From which P(pain) on each model says pain."""
        return {"units": self.units.threshold, "cnn": self.cnn, "hybrid": self.hybrid.threshold}

    def answers(self, faces: FaceMeasurements) -> dict[str, np.ndarray]:
        """Return P(pain) by each model, as `probabilities`."""
        return probabilities(self.units.model, self.hybrid.model, faces)

    def importance(
        self, faces: FaceMeasurements, is_pain: np.ndarray, numbers: tuple[int, ...], seed: int
    ) -> dict[str, dict[int, Importance]]:
        """Return by how much the area under the ROC curve falls without each action unit, for both classifiers.

        Args:
            faces, is_pain: of test subjects.
            numbers: the action units, in the order of their columns.
            seed: of the shuffles.

        Returns:
            Model -> action unit -> importance; nothing where the faces seen are all of one answer.
        """
        if len(np.unique(np.asarray(is_pain, bool)[faces.seen])) < 2:
            return {}
        seen, is_pain = faces.rows(faces.seen), np.asarray(is_pain, bool)[faces.seen]
        width = faces.embedding.shape[1]
        found = {}
        for name, features, first in (("units", seen.units, 0), ("hybrid", seen.joined, width)):
            columns = {number: first + place for place, number in enumerate(numbers)}
            fitted = self.boosted[name]
            found[name] = permutation_importance(fitted.probability, features, is_pain, columns, seed)
        return found


def fit_models(
    faces: FaceMeasurements,
    is_pain: np.ndarray,
    subjects: np.ndarray,
    settings: BoostingSettings,
    seed: int,
) -> FittedModels:
    """Fit the classifiers and tune the thresholds on training subjects.

    Of a face that a network learned from it is too sure, and so would trees be that learn to trust it. What they are
    fitted on must therefore be said by networks that did not learn from the subject (our choice: Verma is silent).
    All three models learn from the same people.

    Args:
        faces: of training subjects; `embedding` and `cnn` of each by a network that did not learn from the subject.
        is_pain: bool `(faces,)`.
        subjects: `(faces,)`.
        settings: of the classifiers, and what thresholds are tuned for.
        seed: of folds and trees.

    Raises:
        UserError: if there are too few subjects, see `fit_boosting`.
    """
    hybrid = fit_boosting(faces.joined, is_pain, subjects, settings, seed)
    units = fit_boosting(faces.units, is_pain, subjects, settings, seed)
    shown = np.isfinite(faces.cnn)
    cnn = tune_threshold(faces.cnn[shown], is_pain[shown], settings.objective, settings.precision)
    return FittedModels(units, hybrid, cnn)
