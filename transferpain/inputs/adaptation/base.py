"""What an adaptation method is: what it may see of the target, and what it makes of cached features.

A method is a module here with a class and one entry of it, which `registry.py` lists. Those of networks in training
stand in one module, `domain.py`: each is a loss of `networks/domain`.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pandas as pd

from transferpain.core.errors import UserError
from transferpain.data.protocols.fold import Fold
from transferpain.data.protocols.settings import ProtocolSettings
from transferpain.inputs.features.settings import FeatureSettings
from transferpain.models.sources.origin import Origin


@dataclass(frozen=True, eq=False)
class AdaptationJob:
    """What features are adapted from, and where they are kept.

    Attributes:
        origin: the source as it was trained.
        stage: the table of the faces stage with `pictures`, the frames with a face of each clip.
        settings: how features are computed.
        cache: the cache folder.
        seen: fold -> the samples that the method has read to be fitted, entered where they are read: int64, ascending
            positions. A method that enters nothing fails leakage check 5.
    """

    origin: Origin
    stage: pd.DataFrame
    settings: FeatureSettings
    cache: Path
    seen: dict[str, np.ndarray] = field(default_factory=dict)


class Adaptation(ABC):
    """A way to adapt to who, or what dataset, is tested. Every method here says what it does by default.

    `samples` is what is predicted, all of it: dataset, subject, clip, file_clip, split, y and row; folds are positions
    into it.

    Attributes:
        name: what an experiment calls it.
        transductive: whether it may be fitted on the very clips that are tested.
        sees: what it sees of the target.
        paper: where it comes from.
        condition: where the score of a transductive use holds.
        features: what features a head reads that was trained with it; "" where faces are read as they are.
        learns_from_target: whether a head that learned from its features also knows the dataset that is tested on, so
            that it is bound to the terms of both.
        needs_target_training: whether it is fitted on subjects of another dataset, the one that is tested on, who must
            not be tested themselves.
        tests_as_they_are: whether tested faces keep the source's own features, so that a new person needs nothing else.
    """

    name: str
    transductive: bool
    sees: str
    paper: str
    condition: str = "all clips of a subject are there before the first is answered"
    features: str = ""
    learns_from_target: bool = False
    needs_target_training: bool = False
    tests_as_they_are: bool = False

    def check(self, protocol: ProtocolSettings) -> None:
        """Refuse a protocol that the method does not go with: one that splits without subjects.

        Raises:
            ValueError: if so.
        """
        if protocol.kind == "random_frames":
            raise ValueError(
                f"adaptation: `{self.name}` goes by subject, and protocol.kind `random_frames` splits without them"
            )

    def add_references(
        self, samples: pd.DataFrame, folds: list[Fold], protocol: ProtocolSettings, seed: int
    ) -> list[Fold]:
        """Return the folds with what the method sees besides the clips of training and test: nothing.

        Args:
            seed: of random draws.

        Raises:
            UserError: if there is nothing that it could see.
        """
        return folds

    @abstractmethod
    def fitted_on(self, samples: pd.DataFrame, fold: Fold) -> np.ndarray:
        """Return the positions of all that the method is fitted on in a fold, int64, ascending."""

    @abstractmethod
    def describe(self, protocol: ProtocolSettings) -> str:
        """Say what the method sees of the dataset that is tested on; empty if nothing of it is added."""


class FeatureAdaptation(Adaptation):
    """A method that changes cached features, before a head learns from them.

    Attributes:
        changes_source: whether it changes the source itself, so that the features must be the source's own.
    """

    changes_source: bool = False

    def check_source(self, source: str, backbone: str) -> None:
        """Refuse a source that the method cannot adapt: none.

        Args:
            source: as the experiment names it.
            backbone: its name, as far as that is known.

        Raises:
            UserError: if so.
        """

    def needed_clips(self, samples: pd.DataFrame, folds: Sequence[Fold]) -> np.ndarray:
        """Return the names (`file_clip`) of the clips whose features are needed: all."""
        return samples["file_clip"].unique()

    @abstractmethod
    def adapt(self, job: AdaptationJob, samples: pd.DataFrame, folds: Sequence[Fold]) -> dict[str, np.ndarray]:
        """Adapt the features of every fold; what the cache holds is not computed again.

        Args:
            job: what the features come from.
            samples: with `features`, the file of each sample's features, empty where the sample cannot be used.
            folds: as `add_references` returns them.

        Returns:
            Fold -> the feature file of each sample, text `(samples,)`. Empty where the fold neither learns from the
            sample nor tests it, it was unusable before, or nothing shows a face that it could be adapted to.

        Raises:
            UserError: if the features cannot be adapted.
        """


def learned(fold: Fold) -> np.ndarray:
    """Return the positions that a fold trains or selects on, ascending."""
    return np.union1d(fold.train, fold.selection)


def with_target_training(
    name: str, samples: pd.DataFrame, folds: list[Fold], protocol: ProtocolSettings, seed: int
) -> list[Fold]:
    """Return the folds of a cross-dataset protocol with the target's training subjects as their reference.

    Raises:
        UserError: if the method `name` would see no such clip.
    """
    reference = protocol.split_kind.target_training(samples, protocol, seed)
    if not len(reference):
        raise UserError(
            f"{name} has no clip to adapt to.",
            rule="It needs clips of the training subjects of the dataset that is tested on; labels are not looked at.",
            received=f"no training subject of {protocol.test_dataset}",
            todo="Add them to the data, or use no adaptation.",
        )
    return [replace(fold, reference=reference) for fold in folds]
