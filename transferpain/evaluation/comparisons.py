"""Secondary tests that compare two runs on the same clips, and the correction for having made many of them.

The primary test is `paired_permutation.swap_test`; these stand beside it. Each result carries a `reason`: why a value
is None, or what limits it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import comb

import numpy as np
import pandas as pd
from scipy.stats import PermutationMethod, mannwhitneyu, wilcoxon
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests

from transferpain.evaluation.confusion import support
from transferpain.evaluation.metrics.registry import METRICS
from transferpain.evaluation.predictions import (
    CLIP,
    labelled_rows,
    number_of_classes,
    subject_names,
)
from transferpain.evaluation.resampling import confusions_by_subject
from transferpain.evaluation.statistics import require_same_clips

ALPHA = 0.05
# All signs of 13 differences are 8,192: they are counted; above that, scipy has the exact distribution without ties.
COUNTED_DIFFERENCES = 13
EXACT_BELOW_DISCORDANT = 25
EXACT_UP_TO_SUBJECTS = 8  # of the smaller group; above it scipy's approximation is good


@dataclass(frozen=True)
class WilcoxonTest:
    """Wilcoxon's signed-rank test of per-subject scores, two-sided.

    Attributes:
        p: None where no outcome could be significant.
        subjects: how many have a score in both runs.
        differing: how many of them differ between the runs: only these count.
        smallest_p: the smallest p-value that so many differences can give.
        method: `exact` or `approximate`.
    """

    p: float | None
    subjects: int
    differing: int
    smallest_p: float
    method: str = ""
    reason: str = ""


@dataclass(frozen=True)
class MannWhitneyTest:
    """Mann and Whitney's test of two groups of subjects, two-sided.

    Attributes:
        p: None where no outcome could be significant.
        smallest_p: the smallest p-value that groups of this size can give.
        method: `exact`, or `approximate` where scores are tied or both groups have more than eight subjects.
    """

    p: float | None
    smallest_p: float
    method: str = ""
    reason: str = ""


@dataclass(frozen=True)
class McNemarTest:
    """McNemar's test of clip decisions, two-sided: a secondary test, because clips of a subject are alike.

    Attributes:
        p: None where no outcome could be significant.
        only_a: clips that only the first run answers right.
        only_b: clips that only the second run answers right.
        method: `exact` (binomial, below 25 clips that differ) or `approximate` (chi-squared, continuity corrected).
    """

    p: float | None
    only_a: int
    only_b: int
    method: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Family:
    """P-values of a declared family of tests, corrected by Holm's method.

    Attributes:
        name: what the family is.
        size: how many tests were declared, those that could not be computed included.
        adjusted: corrected p-value of each test, None where there was none.
    """

    name: str
    size: int
    adjusted: dict[str, float | None]
    reason: str = ""


def subject_scores(runs: Sequence[pd.DataFrame], metric: str = "balanced_accuracy") -> pd.DataFrame:
    """Score each subject in several runs on the same clips, each averaged over its seeds.

    Args:
        runs: predictions of each run.
        metric: a name from `COMPARED`. If it is a mean over classes, only subjects with a clip of each class that
            occurs are scored: a mean over fewer classes is another score, and rewards constant answers.

    Returns:
        One row per scored subject, one column per run (0, 1, ...).

    Raises:
        UserError: if the runs were not tested on the same labelled clips.
    """
    for run in runs[1:]:
        require_same_clips(runs[0], run)
    columns = {}
    for number, run in enumerate(runs):
        names, confusions = confusions_by_subject(run)
        if METRICS[metric].over_classes and len(confusions):
            has_class = support(confusions[:, 0]) > 0
            whole = (has_class | ~has_class.any(axis=0)).all(axis=1)
            names, confusions = np.array(names, dtype=object)[whole], confusions[whole]
        columns[number] = pd.Series(METRICS[metric].measure(confusions).mean(axis=-1), index=names)
    return pd.DataFrame(columns).dropna()


def wilcoxon_test(a: np.ndarray, b: np.ndarray) -> WilcoxonTest:
    """Test whether the per-subject scores of two runs differ; subjects without a difference are dropped.

    Args:
        a: scores of the one run, `(subjects,)`.
        b: scores of the other, the same subjects in the same order.

    Raises:
        ValueError: if the shapes differ or a score is not finite.
    """
    differences = nonzero_differences(a, b)
    number = len(differences)
    smallest = min(1.0, 2.0 ** (1 - number))
    if smallest > ALPHA:
        reason = (
            f"{number} of {len(a)} subjects differ: the smallest two-sided p is {smallest:.4g}, "
            f"so that no outcome can reach {ALPHA:g}; six are the fewest that can."
        )
        return WilcoxonTest(None, len(a), number, smallest, reason=reason)
    has_ties = len(np.unique(np.abs(differences))) < number
    if number <= COUNTED_DIFFERENCES:
        method, name = PermutationMethod(n_resamples=2**COUNTED_DIFFERENCES), "exact"
    else:
        name = "exact" if number <= 50 and not has_ties else "approximate"
        method = name if name == "exact" else "asymptotic"
    return WilcoxonTest(float(wilcoxon(differences, method=method).pvalue), len(a), number, smallest, name)


def mann_whitney_test(a: np.ndarray, b: np.ndarray) -> MannWhitneyTest:
    """Test whether two groups of different subjects score differently.

    El-Ghaish reports it beside Wilcoxon's. On the same subjects in two runs it wastes that they are the same.

    Args:
        a: scores of the one group, `(subjects,)`.
        b: scores of the other, any number.
    """
    smallest = min(1.0, 2 / comb(len(a) + len(b), len(a)))
    if smallest > ALPHA:
        reason = (
            f"{len(a)} and {len(b)} subjects: the smallest two-sided p is {smallest:.4g}, so that no outcome can "
            f"reach {ALPHA:g}; four and four are the fewest that can."
        )
        return MannWhitneyTest(None, smallest, reason=reason)
    has_ties = len(np.unique(np.concatenate([a, b]))) < len(a) + len(b)
    exact = not has_ties and min(len(a), len(b)) <= EXACT_UP_TO_SUBJECTS
    p = float(mannwhitneyu(a, b, method="exact" if exact else "asymptotic").pvalue)
    return MannWhitneyTest(p, smallest, "exact" if exact else "approximate")


def mcnemar_test(a: pd.DataFrame, b: pd.DataFrame) -> McNemarTest:
    """Test whether two runs are right on the same number of clips, exactly if fewer than 25 clips differ.

    Of a run with several seeds the answer that most seeds give counts; of equally many, the lower class.

    Args:
        a: predictions of the one run.
        b: predictions of the other.

    Raises:
        UserError: if the runs were not tested on the same labelled clips.
    """
    require_same_clips(a, b)
    right_a, right_b = (_is_right(run) for run in (a, b))
    table = np.array([[(right_a == x) & (right_b == y) for y in (True, False)] for x in (True, False)]).sum(axis=-1)
    only_a, only_b = int(table[0, 1]), int(table[1, 0])
    differing = only_a + only_b
    if 2.0 ** (1 - differing) > ALPHA:
        reason = f"The runs differ on {differing} clips: below six no outcome can reach {ALPHA:g}."
        return McNemarTest(None, only_a, only_b, reason=reason)
    exact = differing < EXACT_BELOW_DISCORDANT
    clips = subject_names(right_a.index.to_frame(index=False)).value_counts()
    reason = "" if clips.max() == 1 else "Clips of one subject count as independent here, and are not: p is too small."
    p = float(mcnemar(table, exact=exact, correction=True).pvalue)
    return McNemarTest(p, only_a, only_b, "exact" if exact else "approximate", reason)


def holm(name: str, p_values: Mapping[str, float | None]) -> Family:
    """Correct the p-values of a family of tests that was declared in advance (Holm 1979).

    Args:
        name: what the family is, e.g. `transfer to UNBC v untrained`.
        p_values: two-sided p-value of each declared test; None for one that could not be computed. It still counts
            in the family, as if its p were 1.
    """
    if not p_values:
        return Family(name, 0, {}, "The family has no test.")
    as_numbers = [1.0 if p is None else p for p in p_values.values()]
    corrected = multipletests(as_numbers, method="holm")[1]
    adjusted = {
        test: None if p is None else float(value) for (test, p), value in zip(p_values.items(), corrected, strict=True)
    }
    refused = sum(p is None for p in p_values.values())
    reason = f"{refused} of {len(p_values)} tests could not be computed; they count as p = 1." if refused else ""
    return Family(name, len(p_values), adjusted, reason)


def nonzero_differences(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return the subjects' differences a - b that are not 0, float64. Raises as `paired_arrays` does."""
    a, b = paired_arrays(a, b)
    # Two equal shares can differ in the last bit, and equal differences must tie.
    differences = np.round(a - b, 12)
    return differences[differences != 0]


def paired_arrays(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return both as float64.

    Raises:
        ValueError: if they are not `(subjects,)` each, or a score is not finite.
    """
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    if a.ndim != 1 or a.shape != b.shape or not np.isfinite([a, b]).all():
        raise ValueError(f"Both need one finite score a subject. Received: shapes {a.shape} and {b.shape}")
    return a, b


def _is_right(run: pd.DataFrame) -> pd.Series:
    rows = labelled_rows(run)
    answers = rows.pivot(index=CLIP, columns="seed", values="y_pred")
    votes = answers.to_numpy(dtype=np.int64)[:, :, np.newaxis] == np.arange(number_of_classes(run))
    truth = rows.drop_duplicates(CLIP).set_index(CLIP)["y_true"].loc[answers.index]
    return (truth.astype(int) == votes.sum(axis=1).argmax(axis=1)).sort_index()
