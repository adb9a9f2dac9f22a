"""Checks 1, 2, 4, 5, 6 and 12: who and what stands where, by positions, subjects and videos alone."""

import numpy as np
import pandas as pd

from transferpain.evaluation.predictions import WHOLE_CLIP
from transferpain.experiments.leakage.evidence import (
    NO_SUBJECTS,
    CheckLine,
    Evidence,
    adapted_rows,
    fitted_rows,
    learned_from,
)


def check_subjects(evidence: Evidence) -> CheckLine:
    """Check 1: no subject is both learned from and tested."""
    name = "The same subject in two splits"
    if not evidence.has_subjects:
        return CheckLine(1, name, "not applicable", "", NO_SUBJECTS)
    subjects = evidence.subjects
    tested, shared = _shared(evidence, subjects)
    explanation = (
        "Subjects by dataset and name. One person under two names, as in the parts of BioVid, cannot be seen here."
    )
    figure = f"{len(shared)} of {len(tested)} tested subjects are in the training data of their fold"
    return CheckLine(1, name, "fail" if shared else "pass", figure, explanation)


def check_videos(evidence: Evidence) -> CheckLine:
    """Check 2: no video, and no copy of its file, is both learned from and tested."""
    videos = _videos(evidence)
    tested, shared = _shared(evidence, videos)
    figure = f"{len(shared)} of {len(tested)} tested videos or pictures are in the training data of their fold"
    explanation = "Windows and frames of one video stand in one split, and files with equal bytes count as one video."
    return CheckLine(2, "The same video in two splits", "fail" if shared else "pass", figure, explanation)


def check_oversampling(evidence: Evidence) -> CheckLine:
    """Check 4: each row of the data is there once, and no class is tested more often than the data hold it.

    The symptom to look for is a test class that is larger than the class itself (Hosseini, Table II).
    """
    key = ["dataset", "clip"]
    repeated = int(evidence.samples.duplicated(key).sum())
    held = evidence.samples.drop_duplicates(key)["y"].value_counts()
    answers = evidence.predictions[evidence.predictions["frame"] == WHOLE_CLIP]
    tested = answers.groupby("seed")["y_true"].value_counts().groupby(level="y_true").max()
    too_many = [
        f"{evidence.task.classes[y]} {count} of {held.get(y, 0)}"
        for y, count in tested.items()
        if count > held.get(y, 0)
    ]
    figure = f"{repeated} of {len(evidence.samples)} rows repeated; tested at most {_largest(evidence, tested, held)}"
    explanation = "Training pictures are augmented batch by batch after the split; nothing is oversampled before it."
    if repeated or too_many:
        explanation = "Rows were multiplied before the split, so copies of one row may stand on both sides of it."
        if too_many:
            figure += f"; more tested than there are: {', '.join(too_many)}"
    state = "fail" if repeated or too_many else "pass"
    return CheckLine(4, "Augmentation or oversampling before the split", state, figure, explanation)


def _largest(evidence: Evidence, tested: pd.Series, held: pd.Series) -> str:
    if tested.empty:
        return "0 labelled rows"
    y = max(tested.index, key=lambda label: tested[label] / max(1, held.get(label, 0)))
    return f"{tested[y]} of {held.get(y, 0)} rows ({evidence.task.classes[y]})"


def check_fitting(evidence: Evidence) -> CheckLine:
    """Check 5: nothing is fitted to test rows; methods that are declared to read them are named."""
    steps = (*fitted_rows(evidence.experiment, evidence.folds), *adapted_rows(evidence), *evidence.fitted)
    tests = {fold.name: fold.test for fold in evidence.folds}
    read = {
        step: sum(np.isin(tests[one.fold], one.rows).sum() for one in steps if one.step == step)
        for step in dict.fromkeys(one.step for one in steps)
    }
    declared = {one.step for one in steps if one.transductive}
    bad = [step for step, rows in read.items() if rows and step not in declared]
    figure = "; ".join(f"{step}: {rows} test rows" for step, rows in read.items())
    explanation = "Features are computed picture by picture, so no other row enters them."
    if evidence.experiment.adaptation is not None:
        explanation = "Features are computed picture by picture, and then adapted to the rows that are counted here."
    if declared:
        explanation = f"Transductive, read test rows without their labels: {', '.join(sorted(declared))}."
    return CheckLine(5, "Fitting with test rows", "fail" if bad else "pass", figure, explanation)


def check_selection(evidence: Evidence) -> CheckLine:
    """Check 6: epochs and models are not chosen on subjects (without subjects: on rows) that are scored."""
    samples = evidence.subjects if evidence.has_subjects else np.arange(len(evidence.samples))
    tested, used = set(), set()
    for fold in evidence.folds:
        test = set(samples[fold.test])
        tested |= test
        used |= test & set(samples[fold.selection])
    what = "subjects" if evidence.has_subjects else "pictures"
    figure = f"{len(used)} of {len(tested)} tested {what} chose the epoch or the model"
    explanation = "Training stops, and the model is chosen, on the loss of rows set aside from training."
    if used:
        explanation = "Training stopped on what is scored here, so the scores are optimistic."
    return CheckLine(6, "Selection on the test data", "fail" if used else "pass", figure, explanation)


def check_classes(evidence: Evidence) -> CheckLine:
    """Check 12: each class is tested on two subjects at least, and learned from in each fold."""
    name = "Empty and single-subject classes"
    tested = evidence.tested
    if not len(tested):
        return CheckLine(12, name, "not applicable", "", "No tested clip has a label.")
    y = evidence.samples["y"]
    subjects = pd.Series(evidence.subjects, index=y.index)
    labels = y.iloc[tested]
    people = subjects.iloc[tested].groupby(labels.to_numpy(dtype=np.int64)).nunique()
    faults, counts = [], []
    for number, label in enumerate(evidence.task.classes):
        found = int(people.get(number, 0))
        counts.append(f"{label} {found}")
        untrained = [fold.name for fold in evidence.folds if not (y.iloc[fold.train] == number).any()]
        if found == 0:
            faults.append(f"{label} is not tested")
        elif found == 1 and evidence.has_subjects:
            faults.append(f"{label} is tested on one subject")
        if untrained:
            faults.append(f"{label} is not trained in {', '.join(untrained[:3])}")
    what = "tested subjects" if evidence.has_subjects else "tested pictures"
    explanation = "Means over classes count every class."
    if faults:
        explanation = f"A mean over classes hides this: {'; '.join(faults)}."
    return CheckLine(12, name, "fail" if faults else "pass", f"{what}: {', '.join(counts)}", explanation)


def _shared(evidence: Evidence, samples: np.ndarray) -> tuple[set, set]:
    """Return the tested samples, and those of them that their own fold learns from."""
    tested, shared = set(), set()
    for fold in evidence.folds:
        test = set(samples[fold.test])
        tested |= test
        shared |= test & set(samples[learned_from(fold)])
    return tested, shared


def _videos(evidence: Evidence) -> np.ndarray:
    """Return what each sample was cut from: a video, under one name for all copies of it, or a row of images."""
    files = evidence.files
    names = files["dataset"].astype(str) + "/" + files["media"].astype(str)
    rows = (files["kind"] == "image_rows").to_numpy()
    names = names.where(~rows, names + "#" + files["first_frame"].astype(str))
    if evidence.stage is not None:
        keys = evidence.stage["key"].to_numpy()
        names = names.where(keys == "", names.groupby(keys).transform("first"))
    return names.to_numpy()[evidence.file_of]
