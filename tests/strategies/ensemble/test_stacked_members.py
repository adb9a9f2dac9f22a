"""Whom the members of a stack may have seen: not those that they learned from, but whose neutral face they read."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from transferpain.core.contracts import FittedRows
from transferpain.core.errors import UserError
from transferpain.data.protocols.fold import Fold
from transferpain.strategies.ensemble.strategy import ENSEMBLE, Member, check_selection

FOLD = Fold("fold0", np.array([0, 1]), np.array([2, 3, 4, 5]), np.array([6, 7]))


def check(use: str) -> None:
    check_fitted((FittedRows("weights", FOLD.train), FittedRows("a step", np.arange(8), use=use)))


def check_fitted(fitted: tuple[FittedRows, ...]) -> None:
    subjects = ["a", "a", "b", "b", "c", "c", "d", "d"]
    samples = pd.DataFrame({"dataset": "biovid", "subject": subjects, "y": [0, 1] * 4})
    experiment = SimpleNamespace(name="stack", seeds=(0,))
    plan = SimpleNamespace(samples=samples, task=SimpleNamespace(classes=("none", "pain")), experiment=experiment)
    check_selection(plan, FOLD, (Member("one", "digest", pd.DataFrame(), {("fold0", 0): fitted}),))


@pytest.mark.parametrize("use", ["selection", "reference"])
def test_who_chose_an_epoch_or_was_compared_with_the_own_neutral_face_was_not_learned_from(use):
    check(use)


def test_a_member_that_does_not_say_what_it_has_learned_from_is_refused():
    with pytest.raises(UserError, match=r"cannot be stacked(.|\n)*one, fold0: .*fitted\.json"):
        check_fitted(())


def test_who_was_learned_from_is_refused():
    with pytest.raises(UserError, match=r"cannot be stacked(.|\n)*one, fold0: a step"):
        check("fit")


def check_fold(kind: str, selection: list[int]) -> None:
    experiment = SimpleNamespace(name="stack", head=SimpleNamespace(kind=kind))
    samples = pd.DataFrame({"dataset": "biovid", "subject": ["a", "a", "b", "b", "c"], "y": [0, 1, 0, 1, 0]})
    task = SimpleNamespace(classes=("none", "pain"))
    fold = Fold("fold0", np.array([0, 1]), np.array(selection), np.array([4]))
    ENSEMBLE.check_samples(experiment, task, None, samples, [fold])


@pytest.mark.parametrize(
    ("selection", "said"), [([2, 3], "1 subjects"), ([0, 2, 4], "3 subjects, none with pain"), ([], "0 subjects")]
)
def test_a_stack_that_no_members_could_be_made_into_is_refused_by_its_samples_alone(selection, said):
    with pytest.raises(UserError, match=rf"fold0 has too few selection subjects(.|\n)*{said}"):
        check_fold("stacking", selection)
    check_fold("averaging", selection)


def test_two_subjects_with_every_class_are_enough():
    check_fold("stacking", [0, 3])
