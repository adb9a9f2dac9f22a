"""What an experiment sees of the data that it is tested on: fold by fold for its adaptation, in words for tables."""

from collections.abc import Sequence
from dataclasses import asdict, replace

import numpy as np
import pandas as pd

from transferpain.core.errors import UserError
from transferpain.core.seeds import derive_seed
from transferpain.data.protocols.fold import Fold
from transferpain.data.protocols.kinds.cross_dataset import target_training
from transferpain.evaluation.predictions import subject_names
from transferpain.experiments.schema import Experiment
from transferpain.inputs.adaptation.registry import ADAPTATIONS, Adaptation, as_used

NO_PAIN = 0
BASELINE_CLIPS = 1  # of each tested subject, taken out of the test (our choice): what a new person can be asked for
TRANSDUCTIVE_WARNING = (
    "TRANSDUCTIVE: `adaptation: {name}` reads the tested clips themselves, without their labels. The score holds "
    "where all clips of a subject are there before the first is answered."
)


def check_adaptation(experiment: Experiment) -> None:
    """Refuse an adaptation that does not go with the rest of an experiment.

    Raises:
        ValueError: if the network is trained, subjects are not kept apart, or `coral` has no second domain.
    """
    name, kind = experiment.adaptation, experiment.protocol.kind
    if name is None:
        return
    if experiment.strategy != "frozen":
        raise ValueError(
            f"adaptation: cached features are adapted, so it goes with strategy `frozen` only, received "
            f"`{experiment.strategy}`"
        )
    if kind == "random_frames":
        raise ValueError(f"adaptation: `{name}` goes by subject, and protocol.kind `random_frames` splits without them")
    if name == "coral" and kind != "cross_dataset":
        raise ValueError(
            "adaptation: `coral` recolours the features of one dataset to those of another, so it goes with "
            f"protocol.kind `cross_dataset` only, received `{kind}`: on one dataset there is no other domain"
        )


def add_references(experiment: Experiment, samples: pd.DataFrame, folds: list[Fold], seed: int) -> list[Fold]:
    """Return the folds with the clips that the experiment's adaptation sees besides those of training and test.

    Args:
        samples: what is predicted, all of it: dataset, subject, clip, split, y and row.
        folds: positions into `samples`.
        seed: of the draw of baseline clips.

    Raises:
        UserError: if there are no such clips, or taking them out of the test leaves no class without pain there.
    """
    if experiment.adaptation == "baseline_subtraction":
        return take_baselines(samples, folds, seed)
    crosses = experiment.protocol.kind == "cross_dataset"
    if experiment.adaptation not in ("coral", "batch_norm") or not crosses:
        return folds
    reference = target_training(samples, experiment.protocol)
    if not len(reference):
        raise UserError(
            f"{experiment.adaptation} has no clip to adapt to.",
            rule="It needs clips of the training subjects of the dataset that is tested on; labels are not looked at.",
            received=f"no training subject of {experiment.protocol.test_dataset}",
            todo="Add them to the data, or use no adaptation.",
        )
    return [replace(fold, reference=reference) for fold in folds]


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
        learned = np.union1d(fold.train, fold.selection)
        _check_have_baseline(subjects, tested, known)
        _check_have_baseline(subjects, np.setdiff1d(subjects[learned], tested), learned[painless[learned]])
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


def adapted_to(experiment: Experiment, samples: pd.DataFrame, fold: Fold) -> np.ndarray:
    """Return the positions of all that a fold's adaptation is fitted on, ascending."""
    learned = np.union1d(fold.train, fold.selection)
    match experiment.adaptation:
        case "subject_standardization":
            return np.union1d(learned, fold.test)
        case "baseline_subtraction":
            return np.union1d(fold.reference, baseline_of_learned(samples, fold))
        case "coral":
            return np.union1d(learned, fold.reference)
        case "batch_norm":
            return fold.reference if len(fold.reference) else learned
    return np.empty(0, np.int64)


def baseline_of_learned(samples: pd.DataFrame, fold: Fold) -> np.ndarray:
    """Return the clips without pain of the subjects that a fold learns from and does not test."""
    subjects = subject_names(samples).to_numpy(dtype=str)
    learned = np.union1d(fold.train, fold.selection)
    learned = learned[~np.isin(subjects[learned], subjects[fold.test])]
    return learned[(samples["y"].iloc[learned] == NO_PAIN).to_numpy(dtype=bool)]


def used_adaptation(experiment: Experiment, samples: pd.DataFrame, folds: Sequence[Fold]) -> Adaptation | None:
    """Return the experiment's adaptation as it is used on these folds, `transductive` as the clips show it."""
    if experiment.adaptation is None:
        return None
    fitted_on = [(fold.name, clip) for fold in folds for clip in adapted_to(experiment, samples, fold)]
    tested = [(fold.name, clip) for fold in folds for clip in fold.test]
    return as_used(ADAPTATIONS[experiment.adaptation], fitted_on, tested)


def target_facts(experiment: Experiment, samples: pd.DataFrame, folds: Sequence[Fold]) -> dict:
    """Return what `facts.json` states of the target's data: `target_data`, `adaptation` (or `None`), JSON types."""
    used = used_adaptation(experiment, samples, folds)
    return {"target_data": target_data(experiment), "adaptation": used and asdict(used)}


def adaptation_warnings(experiment: Experiment, samples: pd.DataFrame, folds: Sequence[Fold]) -> list[str]:
    """Return what every output of this adaptation must warn of, a sentence each."""
    used = used_adaptation(experiment, samples, folds)
    return [TRANSDUCTIVE_WARNING.format(name=used.name)] if used and used.transductive else []


def target_data(experiment: Experiment) -> str:
    """Say what an experiment sees of the dataset that it is tested on, besides the tested clips' pictures.

    What its source was trained on stands in the source's lineage.
    """
    protocol, parts = experiment.protocol, []
    if protocol.kind == "random_frames":
        parts.append("labelled clips of the tested subjects (leaks)")
    elif protocol.kind != "cross_dataset":
        number = protocol.train_subjects
        parts.append("all training subjects" if number is None else f"{number} labelled subjects")
    if protocol.selects_on_test:
        parts.append("labels of the test clips, for selection")
    elif protocol.train_subjects is not None and protocol.kind != "cross_dataset":
        parts.append("labelled subjects for selection")
    match experiment.adaptation:
        case "subject_standardization":
            parts.append("unlabelled test clips (transductive)")
        case "baseline_subtraction":
            parts.append("no-pain clips of the tested subjects")
        case "coral" | "batch_norm" if protocol.kind == "cross_dataset":
            parts.append("unlabelled training subjects")
    return "; ".join(parts) or "none"
