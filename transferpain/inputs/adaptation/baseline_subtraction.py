"""Baseline subtraction: each subject's mean face without pain is taken off.

x - mean(baseline of s). Common practice in the field without a single source. The baseline clips carry a label (no
pain) and are taken out of the test; so the method is not transductive.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from transferpain.core.errors import UserError
from transferpain.core.seeds import derive_seed
from transferpain.data.protocols.fold import Fold
from transferpain.data.protocols.settings import ProtocolSettings
from transferpain.evaluation.predictions import subject_names
from transferpain.inputs.adaptation.base import AdaptationJob, FeatureAdaptation, learned
from transferpain.inputs.adaptation.cached import Change, adapt_files, subject_groups
from transferpain.inputs.adaptation.moments import collect_moments

NO_PAIN = 0
BASELINE_CLIPS = 1  # of each tested subject, taken out of the test (our choice): what a new person can be asked for


class BaselineSubtraction(FeatureAdaptation):
    """Each subject's features without the mean of that subject's clips without pain."""

    name = "baseline_subtraction"
    transductive = False
    sees = "clips of each tested subject that are known to show no pain, taken out of the test"
    paper = "common practice, no single source"
    features = "each person's features minus the mean of that person's features without pain"

    def add_references(
        self, samples: pd.DataFrame, folds: list[Fold], protocol: ProtocolSettings, seed: int
    ) -> list[Fold]:
        return take_baselines(samples, folds, seed)

    def fitted_on(self, samples: pd.DataFrame, fold: Fold) -> np.ndarray:
        subjects = subject_names(samples).to_numpy(dtype=str)
        others = learned(fold)
        others = others[~np.isin(subjects[others], subjects[fold.test])]
        painless = (samples["y"].iloc[others] == NO_PAIN).to_numpy(dtype=bool)
        return np.union1d(fold.reference, others[painless])

    def describe(self, protocol: ProtocolSettings) -> str:
        return "no-pain clips of the tested subjects"

    def adapt(self, job: AdaptationJob, samples: pd.DataFrame, folds: Sequence[Fold]) -> dict[str, np.ndarray]:
        groups = {fold.name: subject_groups(samples, fold, self.fitted_on(samples, fold)) for fold in folds}
        return adapt_files(self.name, subtract, samples, groups, job)


BASELINE_SUBTRACTION = BaselineSubtraction()


def subtract(clips: Iterable[np.ndarray]) -> Change | None:
    """Return what takes the mean of a subject's baseline off.

    Args:
        clips: the baseline's features, float `(frames, D)` each; a row of NaN, a frame without a face, counts nowhere.

    Returns:
        `None` if no frame shows a face.
    """
    baseline = collect_moments(clips)
    return None if baseline is None else lambda features: features - baseline.mean


def take_baselines(samples: pd.DataFrame, folds: list[Fold], seed: int) -> list[Fold]:
    """Take `BASELINE_CLIPS` clips without pain of each tested subject out of test and selection.

    Raises:
        UserError: if samples are single frames, a subject has no such clip, or no such clip is left to be tested.
    """
    if (samples["row"] >= 0).any():
        raise UserError(
            "Single frames have no baseline clip.",
            rule="baseline_subtraction takes whole clips without pain out of the test.",
            todo="Choose a task whose sample is `clip`, or another adaptation.",
        )
    subjects, clips = subject_names(samples).to_numpy(dtype=str), samples["clip"].to_numpy(dtype=str)
    painless = (samples["y"] == NO_PAIN).fillna(False).to_numpy(dtype=bool)
    taken_from = []
    for fold in folds:
        tested = np.unique(subjects[fold.test])
        known = fold.test[painless[fold.test]]
        _check_have_baseline(subjects, tested, known)
        others = learned(fold)
        _check_have_baseline(subjects, np.setdiff1d(subjects[others], tested), others[painless[others]])
        reference = []
        for subject in tested:
            # The result must not depend on the order of the rows.
            own = sorted(known[subjects[known] == subject], key=lambda position: clips[position])
            random = np.random.default_rng(derive_seed(seed, fold.name, subject, "baseline"))
            reference += list(random.choice(own, BASELINE_CLIPS, replace=False))
        reference = np.sort(np.array(reference, np.int64))
        test, selection = (np.setdiff1d(part, reference) for part in (fold.test, fold.selection))
        taken_from.append(replace(fold, test=test, selection=selection, reference=reference))
    if not any(painless[fold.test].any() for fold in taken_from):
        raise UserError(
            "baseline_subtraction leaves no clip without pain to be tested.",
            rule=f"{BASELINE_CLIPS} such clip of each tested subject is its baseline, and some must be left to test.",
            received="no subject has more",
            todo="Use another adaptation.",
        )
    return taken_from


def _check_have_baseline(subjects: np.ndarray, wanted: np.ndarray, painless: np.ndarray) -> None:
    without = np.setdiff1d(wanted, subjects[painless])
    if len(without):
        raise UserError(
            "Some subjects have no baseline.",
            rule="baseline_subtraction needs a clip of each subject that is labelled as without pain.",
            received=", ".join(without[:10]),
            todo="Use another adaptation, or a protocol that leaves these subjects out.",
        )
