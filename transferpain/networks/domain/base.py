"""What a domain loss is: how far the features of two datasets are apart, as a number that a network can make smaller.

A network learns from labelled pictures of one dataset, and sees as many pictures of the other without their labels; the
loss compares what its last features say of both. It serves training alone: the network that is kept has nothing of it.

A loss is one module in this folder, listed in `registry.py`. Keras is imported inside functions, so that experiment
files are checked without it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import keras

# Of variances and distances: far below those of features that differ at all.
SMALLEST = 1e-7


@dataclass(frozen=True)
class Comparison:
    """A loss as it is computed.

    Attributes:
        compare: `(source, target, progress) -> loss`: features of labelled and of unlabelled pictures, float32
            `(rows, D)` each, whose numbers of rows may differ; the share of the training that is over, a scalar from 0
            to 1; and a scalar, float32, that the network makes smaller.
        classifier: what learns together with the network, and is left behind after the training; `None` for a loss
            without weights.
    """

    compare: Callable[[Any, Any, Any], Any]
    classifier: "keras.Model | None" = None


class DomainLoss(Protocol):
    """How far the features of two domains are apart.

    Attributes:
        name: as `adaptation` names it.
        title: as in texts.
        paper: where it comes from.
        vanishes: whether it is 0 where both batches are the same.
    """

    name: str
    title: str
    paper: str
    vanishes: bool

    def build(self, width: int, seed: int) -> Comparison:
        """Return the loss of features of this width.

        Args:
            seed: of the classifier's weights, where it has one.
        """
        ...
