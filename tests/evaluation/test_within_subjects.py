import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import balanced_accuracy_score, roc_auc_score

from tests.evaluation.drawn import draw_predictions
from transferpain.evaluation.within_subjects import NOBODY, ONE_CLASS, within_subject_area, worst_subject


def test_it_is_the_mean_of_the_subjects_own_areas():
    table = draw_predictions((5, 3), seeds=(0, 1), skill=0.7)
    area, subjects = within_subject_area(table)
    own = [roc_auc_score(rows["y_true"].astype(int), rows["p_1"]) for _, rows in table.groupby(["subject", "seed"])]
    assert area.value == pytest.approx(np.mean(own))
    assert area.low < area.value < area.high
    assert (subjects, area.kept, area.reason) == (10, 10, "")


def test_several_classes_have_the_mean_of_one_against_the_rest():
    table = draw_predictions((4, 3, 2), skill=0.7)
    own = [
        roc_auc_score(rows["y_true"].astype(int), rows[["p_0", "p_1", "p_2"]], multi_class="ovr")
        for _, rows in table.groupby("subject")
    ]
    assert within_subject_area(table)[0].value == pytest.approx(np.mean(own))


def test_what_only_tells_subjects_apart_does_not_raise_it():
    table = draw_predictions((2, 8), subjects=20, skill=0.5)
    odd = table["subject"].str[-1].astype(int) % 2 == 1
    swapped = table["y_true"].where(~odd, 1 - table["y_true"])
    table = table.assign(y_true=swapped, p_1=np.where(odd, 0.2, 0.8), p_0=np.where(odd, 0.8, 0.2))
    assert roc_auc_score(table["y_true"].astype(int), table["p_1"]) == pytest.approx(0.8)
    assert within_subject_area(table)[0].value == 0.5


def test_a_head_that_knows_the_training_prior_alone_is_at_chance():
    table = draw_predictions((3, 3), subjects=12)
    more = table["subject"].str[-2:].astype(int) % 3 > 0
    table = table[more | (table["y_true"] == 0) | table["clip"].str.endswith("5")]
    shares = [table.loc[table["subject"] != name, "y_true"].mean() for name in table["subject"]]
    table = table.assign(fold=table["subject"], p_1=shares, p_0=1 - np.array(shares))
    assert roc_auc_score(table["y_true"].astype(int), table["p_1"]) < 0.45
    assert within_subject_area(table)[0].value == 0.5


def test_subjects_without_every_class_are_not_counted():
    table = draw_predictions((3, 3))
    lacking = table["subject"].isin(["S00", "S01", "S02"]) & (table["y_true"] == 1)
    area, subjects = within_subject_area(table[~lacking])
    assert (subjects, area.reason) == (7, "7 subjects, fewer than 8")
    assert area.value == within_subject_area(table[~table["subject"].isin(["S00", "S01", "S02"])])[0].value
    assert worst_subject(table[~lacking]).compared == 7


@pytest.mark.parametrize(
    ("labels", "reason", "has_worst"),
    # Of one class every subject has all that occur.
    [
        ([1] * 60, ONE_CLASS, True),
        ([pd.NA] * 60, ONE_CLASS, False),
        ([number // 6 % 2 for number in range(60)], NOBODY, False),
    ],
    ids=["one class", "no label", "one class a subject"],
)
def test_without_a_subject_who_has_every_class_there_is_nothing(labels, reason, has_worst):
    table = draw_predictions((3, 3)).assign(y_true=pd.array(labels, dtype="Int64"))
    area, subjects = within_subject_area(table)
    assert np.isnan(area.value)
    assert (subjects, area.reason) == (0, reason)
    assert (worst_subject(table) is not None) == has_worst


def test_the_worst_subject_is_the_one_with_the_lowest_mean_over_seeds():
    table = draw_predictions((4, 2), seeds=(0, 1), spread=0.3)
    scores = {
        subject: np.mean([balanced_accuracy_score(x["y_true"].astype(int), x["y_pred"]) for _, x in y.groupby("seed")])
        for subject, y in table.groupby("subject")
    }
    worst = worst_subject(table)
    assert worst.balanced_accuracy == pytest.approx(min(scores.values()))
    assert worst.subject == f"ai4pain/{min(scores, key=scores.get)}"
    assert (worst.clips, worst.compared) == (6, 10)


def test_one_subject_alone_is_not_the_worst():
    assert worst_subject(draw_predictions((3, 3), subjects=1)) is None
