"""CORAL: the source's features are recoloured with the target's covariance; no label of the target is used.

Sun, Feng & Saenko, "Return of frustratingly easy domain adaptation", AAAI 2016: Xs Cs^-1/2 Ct^1/2, both covariances
with the identity added. The paper standardises both domains first; for features that are not, our choice is to add the
mean variance instead of one, and to move the source's mean to the target's.
"""

import numpy as np

from transferpain.inputs.adaptation.moments import Moments, collect_moments


def recolor(source: np.ndarray, target: np.ndarray, regularization: float = 1.0) -> np.ndarray:
    """Give the source's features the mean and, up to the regularisation, the covariance of the target's.

    A head is then trained on the recoloured source and answers for the target's features as they are.

    Args:
        source: features of the source's clips, float `(rows, D)`, at least two; a row of NaN, a frame without a face,
            stays one and counts nowhere.
        target: features of the target's training subjects, float `(other rows, D)`, at least two.
        regularization: what is added to each variance, as a multiple of the domain's mean variance; the paper's is 1.
            Without it fewer rows than features leave the covariance without an inverse.

    Returns:
        float64 `(rows, D)`.

    Raises:
        ValueError: if shapes do not agree, a domain has not two different rows, or the regularisation is not above 0.
    """
    source, target = np.asarray(source, np.float64), np.asarray(target, np.float64)
    if min(source.ndim, target.ndim) < 2 or source.shape[1] != target.shape[1]:
        raise ValueError(f"Both need the shape (rows, D). Received: {source.shape} and {target.shape}")
    before, matrix, after = recoloring(
        collect_moments([source], products=True), collect_moments([target], products=True), regularization
    )
    return (source - before) @ matrix + after


def recoloring(
    source: Moments | None, target: Moments | None, regularization: float = 1.0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return what recolours rows of the source, `(rows - before) @ matrix + after`.

    Args:
        source, target: moments of the rows of each domain, with products; `None` where it has no row.
        regularization: as for `recolor`.

    Returns:
        The source's mean `(D,)`, the matrix `(D, D)`, and the target's mean `(D,)`, float64.

    Raises:
        ValueError: as `recolor`.
    """
    if regularization <= 0:
        raise ValueError(f"The regularisation must be above 0. Received: {regularization}")
    numbers = [0 if domain is None else domain.rows for domain in (source, target)]
    if min(numbers) < 2:
        raise ValueError(f"Both need two rows with a face. Received: {numbers[0]} and {numbers[1]}")
    whiten = _power(_covariance(source, regularization), -0.5)
    color = _power(_covariance(target, regularization), 0.5)
    return source.mean, whiten @ color, target.mean


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
