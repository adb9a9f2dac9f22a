import json

import pandas as pd
import pytest

from tests.evaluation.drawn import draw_predictions, from_confusion
from tests.evaluation.test_confusion import ANN
from tests.forked_program import heavy_modules
from transferpain.core.errors import UserError
from transferpain.evaluation.metrics import auc, levels
from transferpain.evaluation.metrics.registry import metrics_of
from transferpain.evaluation.scores import mark_copies, score

CLASSES = ("none", "low", "high")


def test_published_run_of_prajod():
    scores = score(from_confusion(ANN), CLASSES)
    assert scores["clips"] == 300
    assert scores["all"]["accuracy"]["value"] == pytest.approx(0.59)
    assert scores["all"]["majority_class_accuracy"]["value"] == pytest.approx(0.48)
    assert scores["all"]["balanced_accuracy"]["value"] == pytest.approx(0.463, abs=0.005)
    assert scores["all"]["confusion"] == ANN.tolist()
    none = scores["all"]["per_class"]["none"]
    assert none.pop("auc") is not None
    assert none.pop("recall_low") < none["recall"] < none.pop("recall_high")
    assert none.pop("recall_reason") is None
    assert none == pytest.approx({"precision": 0.1, "recall": 2 / 12, "f1": 0.125, "support": 12})


def test_scores_are_means_over_seeds_and_the_confusion_is_their_sum():
    table = draw_predictions(seeds=(0, 1, 2))
    scores = score(table, CLASSES)
    assert scores["seeds"] == [0, 1, 2]
    for name in metrics_of("answers"):
        by_seed = [scores["all"]["per_seed"][seed][name] for seed in ("0", "1", "2")]
        assert scores["all"][name]["value"] == pytest.approx(sum(by_seed) / 3)
        alone = score(table[table["seed"] == 1], CLASSES)["all"][name]["value"]
        assert by_seed[1] == pytest.approx(alone)
    assert sum(map(sum, scores["all"]["confusion"])) == 3 * scores["clips"] == 360
    assert scores["all"]["per_class"]["low"]["support"] == 40


def test_clips_without_a_face_count_in_all_but_not_in_covered():
    table = draw_predictions(skill=1.0)
    lost = table.index[::10]
    table.loc[lost, "coverage"] = 0.0
    table.loc[lost, "y_pred"] = (table.loc[lost, "y_true"] + 1) % 3
    scores = score(table, CLASSES)
    assert scores["all"]["accuracy"]["value"] == pytest.approx(0.9)
    assert scores["covered"]["accuracy"]["value"] == 1.0
    assert (scores["all"]["clips"], scores["covered"]["clips"], scores["clips_without_face"]) == (
        120,
        108,
        12,
    )
    assert scores["coverage"] == pytest.approx(0.9)


def test_selected_rows_are_scored_a_second_time():
    table = draw_predictions(skill=1.0, seeds=(0, 1))
    wrong = table["clip"].str.endswith("000")
    table.loc[wrong, "y_pred"] = 2
    scores = score(table.assign(selected=~wrong), CLASSES)
    assert scores["all"]["accuracy"]["value"] == pytest.approx(11 / 12)
    assert (scores["selected"]["accuracy"]["value"], scores["selected"]["clips"]) == (1.0, 110)
    assert score(table, CLASSES)["selected"] is None


def test_copies_of_training_pictures_are_left_out_of_the_second_scores():
    table = draw_predictions(skill=1.0, seeds=(0, 1))
    copied = table["clip"].str.endswith("000")
    table.loc[~copied & (table["y_true"] == 1), "y_pred"] = 2
    clips = table[table["seed"] == 0][["clip"]].assign(in_training=copied[table["seed"] == 0])
    scores = score(mark_copies(table, clips), CLASSES)
    assert (scores["copies"], scores["all"]["clips"], scores["without_copies"]["clips"]) == (10, 120, 110)
    assert scores["all"]["accuracy"]["value"] == pytest.approx(80 / 120)
    assert scores["without_copies"]["accuracy"]["value"] == pytest.approx(70 / 110)
    assert scores["without_copies"]["per_class"]["none"]["support"] == 30


@pytest.mark.parametrize(("marked", "copies"), [(None, None), (False, 0), (True, 120)])
def test_without_copies_or_without_anything_else_there_are_no_second_scores(marked, copies):
    table = draw_predictions()
    clips = table[["clip"]] if marked is None else table[["clip"]].assign(in_training=marked)
    scores = score(mark_copies(table, clips), CLASSES)
    assert (scores["copies"], scores["without_copies"]) == (copies, None)


def test_the_interval_of_a_recall_is_over_subjects():
    # Four of ten subjects are always right and six always wrong: s = .516, so that Student's interval of the probit,
    # -.2533, reaches 2.262 x .516 / sqrt(10) / .3863 = .9562 to each side.
    table = draw_predictions((3,) * 3, skill=0.0)
    right = table["subject"] < "S04"
    table.loc[right, "y_pred"] = table.loc[right, "y_true"].astype(int)
    for row in score(table, CLASSES)["all"]["per_class"].values():
        assert row["recall"] == pytest.approx(0.4)
        assert (row["recall_low"], row["recall_high"]) == pytest.approx((0.1132, 0.7589), abs=1e-4)


def test_absent_classes_are_named_and_enter_no_mean():
    scores = score(draw_predictions((4, 4, 0), skill=1.0), CLASSES)
    assert scores["absent"] == ["high"]
    assert scores["all"]["balanced_accuracy"]["value"] == 1.0
    assert scores["all"]["per_class"]["high"] == {
        "precision": None, "recall": None, "recall_low": None, "recall_high": None, "recall_reason": None,
        "f1": None, "auc": None, "support": 0,
    }  # fmt: skip


def test_unlabelled_test_set_has_no_score():
    table = draw_predictions(subjects=3)
    scores = score(table.assign(y_true=pd.array([pd.NA] * len(table), dtype="Int64")), CLASSES)
    assert (scores["all"], scores["covered"], scores["per_subject"]) == (None, None, [])
    assert (scores["clips"], scores["unlabelled"]) == (0, 36)


def test_partly_labelled_test_set_scores_what_is_labelled():
    table = draw_predictions(subjects=3)
    table.loc[:5, "y_true"] = pd.NA
    scores = score(table, CLASSES)
    assert (scores["all"]["clips"], scores["unlabelled"]) == (30, 6)


def test_scores_of_each_subject():
    table = draw_predictions(subjects=3, seeds=(0, 1))
    table.loc[table["subject"] == "S01", "y_pred"] = 0
    scores = score(table, CLASSES)
    assert scores["has_subjects"]
    row = scores["per_subject"][1]
    assert row["subject"] == "ai4pain/S01"
    assert (row["clips"], row["coverage"]) == (12, 1.0)
    assert row["balanced_accuracy"] == pytest.approx(1 / 3)
    assert row["accuracy"] == pytest.approx(1 / 3)
    assert row["macro_f1"] == pytest.approx(0.5 / 3)


def test_single_images_have_no_scores_of_subjects():
    table = draw_predictions((1, 0, 0), subjects=20)
    scores = score(table, CLASSES)
    assert (scores["has_subjects"], scores["per_subject"]) == (False, [])


def test_no_face_in_any_clip_leaves_covered_undefined():
    scores = score(draw_predictions(subjects=3).assign(coverage=0.0), CLASSES)
    assert scores["covered"]["accuracy"] == {
        "value": None,
        "low": None,
        "high": None,
        "kept": 0,
        "reason": "no clip is counted",
    }
    assert scores["covered"]["auc"]["reason"] == "no clip is counted"
    assert scores["covered"]["clips"] == 0
    assert scores["all"]["clips"] == 36


def test_levels_are_scored_only_where_classes_are_ordered():
    table = draw_predictions(seeds=(0, 1))
    assert score(table, CLASSES)["all"]["ordinal"] is None
    scores = score(table, CLASSES, ordinal=True)["all"]
    assert list(scores["ordinal"]) == list(metrics_of("levels"))
    for name, entry in scores["ordinal"].items():
        assert entry["low"] <= entry["value"] <= entry["high"]
        by_seed = [scores["per_seed"][seed][name] for seed in ("0", "1")]
        assert entry["value"] == pytest.approx(sum(by_seed) / 2)


def test_probabilities_are_scored_for_every_task():
    scores = score(draw_predictions(seeds=(0, 1)), CLASSES)["all"]
    for name in metrics_of("probabilities"):
        assert scores[name]["value"] == pytest.approx(sum(by[name] for by in scores["per_seed"].values()) / 2)
        assert scores[name]["reason"] is None
        assert (scores[name]["low"] is None) == (name == "calibration_error")
    assert sum(row["clips"] for row in scores["reliability"]) == 2 * scores["clips"]
    assert scores["auc"]["value"] == pytest.approx(sum(row["auc"] for row in scores["per_class"].values()) / 3)


def test_a_score_that_is_not_defined_says_why_and_for_which_seed():
    table = draw_predictions(seeds=(0, 1))
    table.loc[table["seed"] == 1, "y_pred"] = 2
    entries = score(table, CLASSES, ordinal=True)["all"]["ordinal"]
    assert entries["pcc"] == {
        "value": None, "low": None, "high": None, "kept": 0, "reason": f"seed 1: {levels.CONSTANT}",
    }  # fmt: skip
    assert entries["pcc_expected"]["reason"] is None
    one = score(table.assign(y_true=pd.array([1] * len(table), dtype="Int64")), CLASSES, ordinal=True)["all"]
    assert (one["auc"]["value"], one["auc"]["reason"]) == (None, auc.ONE_CLASS)
    assert one["ordinal"]["icc"]["reason"] == levels.ONE_LEVEL
    assert one["ordinal"]["mae"]["value"] is not None


def test_predictions_of_several_folds_are_pooled():
    table = draw_predictions(subjects=6)
    folds = table.assign(fold=table["subject"])
    assert score(folds, CLASSES, ordinal=True) == score(table, CLASSES, ordinal=True)


def test_json_can_hold_it():
    scores = score(draw_predictions((4, 4, 0), subjects=1), CLASSES, ordinal=True)
    assert json.loads(json.dumps(scores, allow_nan=False)) == scores


def test_classes_must_fit_the_predictions():
    with pytest.raises(UserError, match="2 classes"):
        score(draw_predictions(), ("none", "high"))


def test_imports_nothing_heavy():
    heavy = {"sklearn", "scipy", "keras", "tensorflow"}
    assert heavy_modules("import transferpain.evaluation.scores", heavy) == set()
