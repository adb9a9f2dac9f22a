"""CORAL: the source's features are recoloured with the target's covariance; no label of the target is used.

Sun, Feng & Saenko, "Return of frustratingly easy domain adaptation", AAAI 2016: Xs Cs^-1/2 Ct^1/2, both covariances
with the identity added. The paper standardises both domains first; for features that are not, our choice is to add the
mean variance instead of one, and to move the source's mean to the target's.
"""

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from transferpain.core.errors import UserError
from transferpain.data.protocols.fold import Fold
from transferpain.data.protocols.settings import ProtocolSettings
from transferpain.inputs.adaptation.base import AdaptationJob, FeatureAdaptation, learned, with_target_training
from transferpain.inputs.adaptation.cached import Change, Group, adapt_files
from transferpain.inputs.adaptation.moments import Moments, collect_moments


class Coral(FeatureAdaptation):
    """What a head learns from is given the mean and covariance of the target's training subjects."""

    name = "coral"
    transductive = False
    sees = "clips of the target's training subjects, unlabelled"
    paper = "Sun, Feng & Saenko, AAAI 2016"
    features = (
        "features of faces of the target as they are: those it was trained on were recoloured to the target's "
        "covariance"
    )
    learns_from_target = True
    tests_as_they_are = True
    needs_target_training = True

    def check(self, protocol: ProtocolSettings) -> None:
        super().check(protocol)
        if protocol.test_dataset is None:
            raise ValueError(
                "adaptation: `coral` recolours the features of one dataset to those of another, so it goes with "
                "protocol.kind `cross_dataset` or `grouped_cross_dataset` only, received "
                f"`{protocol.kind}`: on one dataset there is no other domain"
            )

    def add_references(
        self, samples: pd.DataFrame, folds: list[Fold], protocol: ProtocolSettings, seed: int
    ) -> list[Fold]:
        return with_target_training(self.name, samples, folds, protocol, seed)

    def fitted_on(self, samples: pd.DataFrame, fold: Fold) -> np.ndarray:
        return np.union1d(learned(fold), fold.reference)

    def describe(self, protocol: ProtocolSettings) -> str:
        return "unlabelled training subjects"

    def adapt(self, job: AdaptationJob, samples: pd.DataFrame, folds: Sequence[Fold]) -> dict[str, np.ndarray]:
        groups = {fold.name: [Group((learned(fold), fold.reference), learned(fold))] for fold in folds}
        files = adapt_files(self.name, _fit, samples, groups, job)
        before = samples["features"].to_numpy(dtype=object)
        for fold in folds:
            as_they_are = np.setdiff1d(fold.test, learned(fold))
            files[fold.name][as_they_are] = before[as_they_are]
        return files


CORAL = Coral()


def _fit(source: Iterable[np.ndarray], target: Iterable[np.ndarray]) -> Change:
    try:
        return recolor(source, target)
    except ValueError as error:
        raise UserError(
            "The features cannot be recoloured by coral.",
            rule="Both datasets need training clips with faces, whose features differ.",
            received=error,
            todo="Use more clips, or no adaptation.",
        ) from error


def recolor(source: Iterable[np.ndarray], target: Iterable[np.ndarray], regularization: float = 1.0) -> Change:
    """Return what gives the source's features the mean and, up to the regularisation, the covariance of the target's.

    A head is then trained on the recoloured source and answers for the target's features as they are.

    Args:
        source: features of the source's clips, float `(frames, D)` each; a row of NaN, a frame without a face, counts
            nowhere.
        target: features of clips of the target's training subjects, float `(frames, D)` each.
        regularization: what is added to each variance, as a multiple of the domain's mean variance; the paper's is 1.
            Without it fewer rows than features leave the covariance without an inverse.

    Raises:
        ValueError: if the features have another width, a domain has not two different rows, or the regularisation is
            not above 0.
    """
    if regularization <= 0:
        raise ValueError(f"The regularisation must be above 0. Received: {regularization}")
    domains = [collect_moments(clips, products=True) for clips in (source, target)]
    numbers = [0 if domain is None else domain.rows for domain in domains]
    if min(numbers) < 2:
        raise ValueError(f"Both need two rows with a face. Received: {numbers[0]} and {numbers[1]}")
    (before, after), widths = [domain.mean for domain in domains], [len(domain.mean) for domain in domains]
    if widths[0] != widths[1]:
        raise ValueError(f"Both need features of one width. Received: {widths[0]} and {widths[1]}")
    whiten = _power(_covariance(domains[0], regularization), -0.5)
    color = _power(_covariance(domains[1], regularization), 0.5)
    matrix = whiten @ color
    return lambda features: (features - before) @ matrix + after


def _covariance(domain: Moments, regularization: float) -> np.ndarray:
    covariance = domain.scatter / (domain.rows - 1)
    mean_variance = np.trace(covariance) / len(covariance)
    # The variance of equal values can be a rounding error instead of 0.
    if mean_variance <= 1e-18 * (np.square(domain.mean).mean() + mean_variance):
        raise ValueError(f"The rows of a domain must differ. Received: {domain.rows} equal rows")
    return covariance + regularization * mean_variance * np.eye(len(covariance))


def _power(symmetric: np.ndarray, exponent: float) -> np.ndarray:
    values, axes = np.linalg.eigh(symmetric)
    return (axes * np.maximum(values, np.finfo(np.float64).tiny) ** exponent) @ axes.T
