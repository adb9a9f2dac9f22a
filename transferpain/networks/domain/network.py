"""A network that learns from labelled pictures of one domain, beside pictures of another without labels."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from typing import Any

import keras

from transferpain.networks.domain.base import Comparison
from transferpain.networks.training.batches import Batch, Batches
from transferpain.networks.training.losses import DOMAIN_LOSS


class DomainNetwork(keras.Model):
    """A network in training: given pictures of both domains its loss has a second part, given one it is the network.

    All layers are those of the network itself, which has learned when the training is over.

    Args:
        network: a classifier that ends in the layers `logits` and `probabilities`; what `logits` reads is compared.
        comparison: of the features of both domains.
        weight: of the comparison, beside the loss of the labels.
        steps: of the whole training, by which its progress is counted.
    """

    def __init__(self, network: keras.Model, comparison: Comparison, weight: float, steps: int):
        super().__init__(name=network.name)
        self.network = keras.Model(network.input, [network.get_layer("logits").input, network.output])
        self.classifier = comparison.classifier
        self.compare, self.weight, self.steps = comparison.compare, weight, steps
        self.domain_loss = keras.metrics.Mean(name=DOMAIN_LOSS)

    def call(self, pictures: Any, training: bool | None = None) -> Any:
        """Return the probabilities of labelled pictures.

        Args:
            pictures: `(labelled, unlabelled)`, or pictures alone, which nothing is compared with. Batch normalisation
                sees both together.
        """
        if not isinstance(pictures, tuple | list):
            return self.network(pictures, training=training)[1]
        rows = keras.ops.shape(pictures[0])[0]
        features, answers = self.network(keras.ops.concatenate(pictures), training=training)
        features = keras.ops.cast(features, "float32")
        # The optimiser counts its steps, and stands in the checkpoint: a training that goes on has the same progress.
        progress = keras.ops.cast(self.optimizer.iterations, "float32") / self.steps
        loss = self.compare(features[:rows], features[rows:], progress)
        self.domain_loss.update_state(loss)
        self.add_loss(self.weight * loss)
        return answers[:rows]


def paired_batches(labelled: Batches, unlabelled: Batches) -> Batches:
    """Return the labelled batches, each beside one of unlabelled pictures; whose targets nobody reads.

    As many passes over the unlabelled pictures are made as an epoch takes, each in an order of its own.
    """

    def of(epoch: int) -> Iterator[Batch]:
        passes = -(-labelled.steps // unlabelled.steps)
        turns = (unlabelled.of(epoch * passes + turn) for turn in count())
        others = (pictures for turn in turns for pictures, _, _ in turn)
        for (pictures, targets, weights), other in zip(labelled.of(epoch), others, strict=False):
            yield (pictures, other), targets, weights

    return replace(labelled, of=of)
