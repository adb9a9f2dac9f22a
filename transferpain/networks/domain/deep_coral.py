"""Deep CORAL: the covariances of both domains' features are drawn together.

Sun & Saenko, "Deep CORAL: correlation alignment for deep domain adaptation", ECCV 2016 workshops, arXiv 1607.01719,
equations 1 to 3: the squared Frobenius norm of Cs - Ct, divided by 4 d^2, both covariances with n - 1. The paper takes
the last layer's outputs; here it is the features below them, whatever the output is. A public library's loss of the
same name also compares means, and divides by d^2 alone: its numbers are others.
"""

from transferpain.networks.domain.base import SMALLEST, Comparison


class DeepCoral:
    """The distance of two covariances."""

    name = "deep_coral"
    title = "Deep CORAL"
    paper = "Deep CORAL: Sun & Saenko, arXiv 1607.01719"
    vanishes = True

    def build(self, width: int, seed: int) -> Comparison:
        return Comparison(lambda source, target, progress: distance_of_covariances(source, target))


DEEP_CORAL = DeepCoral()


def distance_of_covariances(source, target):
    """Return `|Cs - Ct|^2 / (4 d^2)` of features `(rows, d)`; 0 where a batch has one row, which has no covariance."""
    from keras import ops

    rows = ops.minimum(ops.shape(source)[0], ops.shape(target)[0])
    gap = ops.sum(ops.square(covariance(source) - covariance(target))) / (4 * source.shape[1] ** 2)
    return ops.where(rows > 1, gap, ops.zeros_like(gap))


def covariance(features):
    """Return the covariance `(d, d)` of features `(rows, d)`, divided by rows - 1; of one row it is 0."""
    from keras import ops

    centred = features - ops.mean(features, axis=0, keepdims=True)
    others = ops.cast(ops.shape(features)[0], features.dtype) - 1
    return ops.matmul(ops.transpose(centred), centred) / ops.maximum(others, SMALLEST)
