"""The adaptation that an experiment names, or none: what it sees of the data that are tested on, and what it does."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from transferpain.data.protocols.fold import Fold
from transferpain.data.protocols.settings import ProtocolSettings
from transferpain.inputs.adaptation.base import Adaptation, AdaptationJob, FeatureAdaptation
from transferpain.inputs.adaptation.registry import ADAPTATIONS

TRANSDUCTIVE_WARNING = (
    "TRANSDUCTIVE: `adaptation: {name}` reads the tested clips themselves, without their labels. The score holds "
    "where {condition}."
)


def check_adaptation(name: str | None, protocol: ProtocolSettings, kind: type[Adaptation], strategy: str) -> None:
    """Refuse an adaptation that does not go with the protocol or the strategy.

    Args:
        kind: of the adaptations that the strategy uses.
        strategy: its name.

    Raises:
        ValueError: if so.
    """
    if name is None:
        return
    if not isinstance(ADAPTATIONS[name], kind):
        known = ", ".join(f"`{other}`" for other, method in ADAPTATIONS.items() if isinstance(method, kind))
        changes = "draws a network's features to others while it learns"
        if isinstance(ADAPTATIONS[name], FeatureAdaptation):
            changes = "changes cached features"
        raise ValueError(f"adaptation: `{name}` {changes}; strategy `{strategy}` takes {known}")
    ADAPTATIONS[name].check(protocol)


def add_references(
    name: str | None, samples: pd.DataFrame, folds: list[Fold], protocol: ProtocolSettings, seed: int
) -> list[Fold]:
    """Return the folds with the clips that the adaptation sees besides those of training and test.

    Args:
        name: of the adaptation.
        samples: what is predicted, all of it: dataset, subject, clip, split, y and row.
        folds: positions into `samples`.
        protocol: which the folds were made by.
        seed: of random draws.

    Raises:
        UserError: if there are no such clips, or taking them out of the test leaves no class without pain there.
    """
    return folds if name is None else ADAPTATIONS[name].add_references(samples, folds, protocol, seed)


def needed_clips(name: str | None, samples: pd.DataFrame, folds: Sequence[Fold]) -> np.ndarray:
    """Return the names (`file_clip`) of the clips whose features are needed."""
    return samples["file_clip"].unique() if name is None else ADAPTATIONS[name].needed_clips(samples, folds)


def adapted_features(
    name: str | None, job: AdaptationJob, samples: pd.DataFrame, folds: Sequence[Fold]
) -> dict[str, np.ndarray]:
    """Return fold -> the feature file of each sample, text `(samples,)`, adapted; see `Adaptation.adapt`."""
    if name is None:
        return {fold.name: samples["features"].to_numpy(dtype=object) for fold in folds}
    return ADAPTATIONS[name].adapt(job, samples, folds)


def used_adaptation(name: str | None, samples: pd.DataFrame, folds: Sequence[Fold]) -> dict[str, Any] | None:
    """Return what is stated of the adaptation as it is used on these folds, JSON types.

    `transductive` is as the clips show it: whether any tested clip was fitted on in its fold.
    """
    if name is None:
        return None
    method = ADAPTATIONS[name]
    seen = any(np.isin(fold.test, method.fitted_on(samples, fold)).any() for fold in folds)
    facts = {key: getattr(method, key) for key in ("name", "sees", "paper", "features")}
    return facts | {"transductive": bool(seen)}


def target_facts(
    name: str | None, protocol: ProtocolSettings, samples: pd.DataFrame, folds: Sequence[Fold], neutral: bool = False
) -> dict[str, Any]:
    """Return what `facts.json` states of the target's data: `target_data`, `adaptation` (or `None`), JSON types.

    Args:
        neutral: as for `target_data`.
    """
    return {"target_data": target_data(name, protocol, neutral), "adaptation": used_adaptation(name, samples, folds)}


def adaptation_warnings(name: str | None, samples: pd.DataFrame, folds: Sequence[Fold]) -> list[str]:
    """Return what every output of this adaptation must warn of, a sentence each."""
    used = used_adaptation(name, samples, folds)
    if not used or not used["transductive"]:
        return []
    return [TRANSDUCTIVE_WARNING.format(name=name, condition=ADAPTATIONS[name].condition)]


def target_data(name: str | None, protocol: ProtocolSettings, neutral: bool = False) -> str:
    """Say what an experiment sees of the dataset that it is tested on, besides the tested clips' pictures.

    What its source was trained on stands in the source's lineage.

    Args:
        neutral: whether it reads a neutral clip of each tested subject.
    """
    parts = []
    if protocol.kind == "random_frames":
        parts.append("labelled clips of the tested subjects (leaks)")
    elif protocol.test_dataset is None:
        number = protocol.train_subjects
        parts.append("all training subjects" if number is None else f"{number} labelled subjects")
    if protocol.selects_on_test:
        parts.append("labels of the test clips, for selection")
    elif protocol.train_subjects is not None and protocol.test_dataset is None:
        parts.append("labelled subjects for selection")
    if name is not None:
        parts.append(ADAPTATIONS[name].describe(protocol))
    if neutral:
        parts.append("one neutral clip of each tested subject")
    return "; ".join(filter(None, parts)) or "none"
