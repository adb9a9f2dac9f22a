"""The area under the ROC curve: how well the probabilities rank the clips, one class against the rest."""

import numpy as np

from transferpain.evaluation.metrics.metric import Metric
from transferpain.evaluation.ranking import area_of, rank, ranked_classes
from transferpain.evaluation.resampling import Answers, Statistic

ONE_CLASS = "the labels are of one class, so there is nothing to tell apart"


def ranking_statistic(answers: Answers) -> Statistic:
    """Return what computes `auc` of counted subjects: the mean of the one-v-rest areas over the classes that occur."""
    classes = ranked_classes(answers)
    areas = [
        [area_of(rank(answers, number, seed), answers.subjects) for number in classes]
        for seed in range(len(answers.seeds))
    ]

    def score(times: np.ndarray) -> dict[str, np.ndarray]:
        if not classes:
            return {"auc": np.full((len(times), len(answers.seeds)), np.nan)}
        by_seed = [np.mean([area(times) for area in of_seed], axis=0) for of_seed in areas]
        return {"auc": np.stack(by_seed, axis=-1)}

    return score


def why_no_area(answers: Answers, seed: int) -> str | None:
    """Return why a run has no area under the curve; `None` if it has one. The labels of all seeds are the same."""
    return None if ranked_classes(answers) else ONE_CLASS


AUC = Metric("auc", "AUC", "probabilities", True, (0, 1), statistic=ranking_statistic, reason=why_no_area)
