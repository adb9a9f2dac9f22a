"""The answers of a run that a promise may be calibrated on: of subjects that nothing in their fold was fitted to."""

import pandas as pd

from transferpain.evaluation.predictions import subject_names
from transferpain.experiments.run_folder import RunFolder
from transferpain.strategies.common.fitted import subjects_fitted_to


def calibration_rows(run: RunFolder) -> pd.DataFrame:
    """Return the predictions of the subjects that each fold selects on, without those that its answers were fitted to.

    Boosted trees and stacked regressions are fitted to them: what they say of these subjects they know by heart. A
    fold that does not say what was fitted to whom has none. Nor has one any of whom it tests: a promise to new people
    is not to be calibrated on themselves, as where the tested subjects select or frames are split at random.
    """
    selected, tested = run.predictions("selection"), run.predictions()
    tested_by = subject_names(tested).groupby([tested["fold"].astype(str), tested["seed"]], observed=True).unique()
    parts = []
    for (fold, seed), rows in selected.groupby(["fold", "seed"], observed=True):
        known = subjects_fitted_to(run.fold(str(fold), int(seed)))
        if known is not None:
            others = known.union(tested_by.get((str(fold), seed), ()))
            parts.append(rows[~subject_names(rows).isin(others)])
    return pd.concat(parts, ignore_index=True) if parts else selected.head(0)
