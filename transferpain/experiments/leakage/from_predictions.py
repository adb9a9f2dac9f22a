"""The leakage checks where only a table of predictions is known: those that it answers, and why the others do not."""

from collections.abc import Callable
from dataclasses import asdict

import pandas as pd

from transferpain.evaluation.predictions import clip_rows, subject_names, tells_subjects_apart
from transferpain.experiments.leakage.evidence import (
    NO_LABELS,
    NO_SUBJECTS,
    CheckLine,
    Verdict,
    not_applicable,
)
from transferpain.experiments.leakage.identity import IDENTITY, judge_answers
from transferpain.experiments.leakage.registry import CHECKS
from transferpain.experiments.leakage.shared_subjects import SHARED_SUBJECTS

DECLARED = "It needs the run, and only its predictions are known: declared by whoever made them."


def check_table(predictions: pd.DataFrame) -> tuple[CheckLine, ...]:
    """Return the line of every check, in their order.

    Args:
        predictions: rows of all folds and seeds, of the test part and, where they are known, of the selection part.
    """
    verdicts = {name: check(predictions) for name, check in ANSWERED.items()}
    return tuple(
        CheckLine(number, name, **asdict(verdicts.get(name) or Verdict("declared", "", DECLARED)))
        for number, name in enumerate(CHECKS, start=1)
    )


def shared_subjects(predictions: pd.DataFrame) -> Verdict:
    """Check that no subject is selected on and tested in one fold, or tested in two folds of one seed.

    In cross-validation a fold trains on what other folds test, so that who is tested in two was trained on in both.
    """
    tested = predictions[predictions["part"] == "test"]
    if not tells_subjects_apart(tested.drop_duplicates(["dataset", "subject", "clip"])):
        return not_applicable(NO_SUBJECTS)
    rows = predictions.assign(person=subject_names(predictions))
    people = rows[rows["part"] == "test"].groupby(["person", "seed"])["fold"].nunique()
    repeated = set(people.index[people > 1].get_level_values("person"))
    parts = rows.groupby(["person", "fold", "seed"])["part"].nunique()
    both = set(parts.index[parts > 1].get_level_values("person"))
    subjects = len(set(people.index.get_level_values("person")))
    figure = f"of {subjects} tested subjects {len(repeated)} are tested in two folds, {len(both)} also selected on"
    if repeated or both:
        return Verdict("fail", figure, "A fold trains on what other folds test: these subjects stand on both sides.")
    why = "No subject stands in two folds; that none is trained on in its own fold is declared by whoever made them."
    return Verdict("declared", figure, why)


def identity(predictions: pd.DataFrame) -> Verdict:
    """Say whether the score beats labels permuted within each subject."""
    tested = clip_rows(predictions[predictions["part"] == "test"])
    if not tells_subjects_apart(tested.drop_duplicates(["dataset", "subject", "clip"])):
        return not_applicable(NO_SUBJECTS)
    if not tested["y_true"].notna().any():
        return not_applicable(NO_LABELS)
    return judge_answers(tested, in_series=False)


ANSWERED: dict[str, Callable[[pd.DataFrame], Verdict]] = {
    SHARED_SUBJECTS.name: shared_subjects,
    IDENTITY.name: identity,
}
