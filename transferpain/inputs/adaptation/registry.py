"""The adaptation methods: what each may see of the target, and whether that makes it transductive."""

from collections.abc import Iterable
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Adaptation:
    """What a table states of a method.

    Attributes:
        name: what an experiment calls it; the module of the same name computes it.
        transductive: whether it is fitted on the very clips that are tested.
        sees: what it sees of the target.
        paper: where it comes from.
        features: what features a head reads that was trained with it.
    """

    name: str
    transductive: bool
    sees: str
    paper: str
    features: str


METHODS = (
    Adaptation(
        name="subject_standardization",
        transductive=True,
        sees="all clips of each tested subject, unlabelled",
        paper="common practice, no single source",
        features="each person's features minus their mean, divided by their deviation",
    ),
    Adaptation(
        name="baseline_subtraction",
        transductive=False,
        sees="clips of each tested subject that are known to show no pain, taken out of the test",
        paper="common practice, no single source",
        features="each person's features minus the mean of that person's features without pain",
    ),
    Adaptation(
        name="coral",
        transductive=False,
        sees="clips of the target's training subjects, unlabelled",
        paper="Sun, Feng & Saenko, AAAI 2016",
        features="features of faces of the target as they are: those it was trained on were recoloured "
        "to the target's covariance",
    ),
    Adaptation(
        name="batch_norm",
        transductive=False,
        sees="images of the target's training subjects, unlabelled",
        paper="AdaBN: Li et al., arXiv 1603.04779",
        features="features of the source with the batch statistics of the domain that the faces are from",
    ),
    Adaptation(
        name="few_shot",
        transductive=False,
        sees="k labelled clips of each tested subject, taken out of the test",
        paper="temperature scaling: Guo et al., ICML 2017; with a bias a class, our choice",
        features="features as they are; its probabilities are calibrated for each person",
    ),
)
ADAPTATIONS = {method.name: method for method in METHODS}


def as_used(method: Adaptation, fitted_on: Iterable, tested: Iterable) -> Adaptation:
    """Return the method with `transductive` as the clips show it: whether any tested clip was fitted on.

    Args:
        method: from `ADAPTATIONS`.
        fitted_on: the clips that the method saw.
        tested: the clips that are scored.
    """
    return replace(method, transductive=not set(fitted_on).isdisjoint(tested))
