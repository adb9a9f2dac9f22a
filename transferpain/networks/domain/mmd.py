"""MMD: both domains' features are made alike in every respect that a mean of kernels sees.

Gretton et al., "A kernel two-sample test", JMLR 13, 2012, equation 5: the squared maximum mean discrepancy, in its form
that is never below 0; with a mean of Gaussian kernels of several widths, after Long et al., "Learning transferable
features with deep adaptation networks", ICML 2015 (DAN). They go by the median of the squared distances; here it is
the mean of those between different rows of both batches, times 1/4 to 4 (our choice), and no gradient flows through it.
"""

from transferpain.networks.domain.base import SMALLEST, Comparison

WIDTHS = (0.25, 0.5, 1.0, 2.0, 4.0)  # of the kernels, as shares of the mean squared distance


class MaximumMeanDiscrepancy:
    """The squared distance of two means in the space of the kernels."""

    name = "mmd"
    title = "MMD"
    paper = "MMD with several kernels: Gretton et al., JMLR 2012; DAN: Long et al., ICML 2015"
    vanishes = True

    def build(self, width: int, seed: int) -> Comparison:
        return Comparison(lambda source, target, progress: squared_discrepancy(source, target))


MMD = MaximumMeanDiscrepancy()


def squared_discrepancy(source, target):
    """Return the squared maximum mean discrepancy of features `(rows, d)`, 0 to 2."""
    from keras import ops

    both = ops.concatenate([source, target])
    distances = squared_distances(both - ops.mean(both, axis=0, keepdims=True))
    rows = ops.cast(ops.shape(both)[0], both.dtype)
    mean = ops.sum(distances) / (rows * (rows - 1))
    mean = ops.stop_gradient(ops.maximum(mean, SMALLEST))
    kernel = sum(ops.exp(-distances / (width * mean)) for width in WIDTHS) / len(WIDTHS)
    own = ops.shape(source)[0]
    among_source, between, among_target = kernel[:own, :own], kernel[:own, own:], kernel[own:, own:]
    return ops.mean(among_source) + ops.mean(among_target) - 2 * ops.mean(between)


def squared_distances(rows):
    """Return the squared distance of each two of `(rows, d)`, as `(rows, rows)`.

    By products, not by differences, which take d times the memory: so rows should lie around 0.
    """
    from keras import ops

    lengths = ops.sum(ops.square(rows), axis=1)
    products = ops.matmul(rows, ops.transpose(rows))
    return ops.maximum(lengths[:, None] + lengths[None] - 2 * products, 0)
