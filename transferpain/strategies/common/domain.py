"""A network is adapted to another dataset while it learns: it sees pictures of it, and not their labels."""

from collections.abc import Collection
from dataclasses import dataclass

import keras
import numpy as np

from transferpain.core.contracts import FittedRows
from transferpain.core.errors import UserError
from transferpain.core.seeds import derive_seed
from transferpain.data.protocols.fold import Fold
from transferpain.inputs.adaptation.domain import DomainAdaptation
from transferpain.networks.domain.base import Comparison
from transferpain.networks.domain.network import DomainNetwork, paired_batches
from transferpain.networks.training.batches import Batches, Images
from transferpain.networks.training.settings import TrainingSettings
from transferpain.strategies.common.pictures import Pictures

NORMALIZATION = "batch normalisation"


@dataclass(frozen=True)
class DomainLearning:
    """What a network is adapted by: a method, and the weight of its loss beside that of the labels, which has 1."""

    method: DomainAdaptation
    weight: float


@dataclass(frozen=True)
class AdaptedTraining:
    """A domain loss in one training of a network, through all its phases.

    Attributes:
        learning: what the network is adapted by.
        comparison: of the features of both domains; its classifier learns on from phase to phase.
        images: the pictures without labels; what stands as their targets and weights counts for nothing.
        shown: the samples that they are of, int64, ascending.
    """

    learning: DomainLearning
    comparison: Comparison
    images: Images
    shown: np.ndarray

    def beside(
        self, model: keras.Model, labelled: Batches, unlabelled: Batches, training: TrainingSettings
    ) -> tuple[DomainNetwork, Batches]:
        """Return what is trained in a phase instead of the model, whose layers it shares, and its batches.

        A loss that goes by the progress of the training goes by that of the phase.
        """
        steps = training.epochs * training.passes(labelled.steps) * labelled.steps
        network = DomainNetwork(model, self.comparison, self.learning.weight, steps)
        return network, paired_batches(labelled, unlabelled)

    def fitted(self, learned: np.ndarray, steps: Collection[str]) -> tuple[FittedRows, ...]:
        """Return what was fitted to the pictures without labels.

        Args:
            learned: positions of the samples whose labelled pictures were trained on.
            steps: what else was fitted: batch normalisation, where there is one, saw both kinds of pictures.
        """
        method = self.learning.method
        seen = FittedRows(f"adaptation {method.name}", np.union1d(learned, self.shown), method.transductive)
        if NORMALIZATION not in steps:
            return (seen,)
        return seen, FittedRows(NORMALIZATION, self.shown, method.transductive)


def learn_domain(
    learning: DomainLearning | None, model: keras.Model, pictures: Pictures, fold: Fold, seed: int
) -> AdaptedTraining | None:
    """Return what a network is adapted with while it learns one fold with one seed; `None` without an adaptation.

    Args:
        model: the network; what its layer `logits` reads is compared.

    Raises:
        UserError: if the target shows no face.
    """
    if learning is None:
        return None
    load, sample = pictures.rows_of(learning.method.shown(fold))
    if not len(sample):
        raise UserError(
            f"{learning.method.name} has no picture to adapt to.",
            rule=f"It needs faces: {learning.method.sees}.",
            received=f"{len(learning.method.shown(fold))} clips in {fold.name}, and no face in any of them",
            todo="Add clips, or use no adaptation.",
        )
    width = model.get_layer("logits").input.shape[1]
    comparison = learning.method.loss.build(width, derive_seed(seed, fold.name, "domain"))
    # Every class alike, whatever labels the target has: nothing here may read them.
    classes = pictures.targets.shape[1]
    targets = np.full((len(sample), classes), 1 / classes, np.float32)
    images = Images(load, targets, np.ones(len(sample), np.float32))
    return AdaptedTraining(learning, comparison, images, np.unique(sample))
