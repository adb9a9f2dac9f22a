"""Domain losses as adaptations: a network in training sees pictures of the target without their labels.

Of each loss of `networks/domain` there are two. The first sees the target's training subjects, whom nothing is tested
on. The second, `<name>_transductive`, sees the tested clips themselves, as much of the literature does.
"""

import numpy as np
import pandas as pd

from transferpain.data.protocols.fold import Fold
from transferpain.data.protocols.settings import ProtocolSettings
from transferpain.inputs.adaptation.base import Adaptation, learned, with_target_training
from transferpain.networks.domain.base import DomainLoss
from transferpain.networks.domain.registry import DOMAIN_LOSSES


class DomainAdaptation(Adaptation):
    """The features of a network in training are drawn to those of the target.

    Args:
        loss: how far they are apart.
        transductive: whether the tested clips are what is seen of the target.
    """

    condition = "all clips that are tested are there before the network is trained"
    learns_from_target = True
    tests_as_they_are = True

    def __init__(self, loss: DomainLoss, transductive: bool):
        self.loss, self.transductive = loss, transductive
        self.name = f"{loss.name}_transductive" if transductive else loss.name
        whose = "pictures of the tested clips" if transductive else "pictures of the target's training subjects"
        self.sees = f"{whose}, unlabelled"
        self.paper = loss.paper
        self.needs_target_training = not transductive

    def check(self, protocol: ProtocolSettings) -> None:
        super().check(protocol)
        if protocol.test_dataset is None:
            raise ValueError(
                f"adaptation: `{self.name}` draws the features of one dataset to those of another, so it goes with "
                "protocol.kind `cross_dataset` or `grouped_cross_dataset` only, received "
                f"`{protocol.kind}`: on one dataset there is no other domain"
            )

    def add_references(
        self, samples: pd.DataFrame, folds: list[Fold], protocol: ProtocolSettings, seed: int
    ) -> list[Fold]:
        return folds if self.transductive else with_target_training(self.name, samples, folds, protocol, seed)

    def shown(self, fold: Fold) -> np.ndarray:
        """Return the positions whose pictures are seen without their labels, int64, ascending."""
        return fold.test if self.transductive else fold.reference

    def fitted_on(self, samples: pd.DataFrame, fold: Fold) -> np.ndarray:
        return np.union1d(learned(fold), self.shown(fold))

    def describe(self, protocol: ProtocolSettings) -> str:
        return "unlabelled test clips (transductive)" if self.transductive else "unlabelled training subjects"


DOMAIN_ADAPTATIONS = tuple(
    DomainAdaptation(loss, transductive) for loss in DOMAIN_LOSSES.values() for transductive in (False, True)
)
