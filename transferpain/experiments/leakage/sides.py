"""What stands on both sides of a split."""

import numpy as np

from transferpain.experiments.leakage.evidence import Evidence, learned_from


def in_both(evidence: Evidence, samples: np.ndarray) -> tuple[set, set]:
    """Return the tested samples, and those of them that their own fold learns from."""
    tested, shared = set(), set()
    for fold in evidence.folds:
        test = set(samples[fold.test])
        tested |= test
        shared |= test & set(samples[learned_from(evidence, fold)])
    return tested, shared
