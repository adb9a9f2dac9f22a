import pandas as pd
import pytest

from tests.evaluation.drawn import draw_predictions
from tests.reports.run_folders import write_run
from transferpain.reports import score_tables
from transferpain.reports.facts import read_run


@pytest.fixture
def read(tmp_path):
    return lambda name, predictions, **options: read_run(write_run(tmp_path, name, predictions, **options))


def test_probabilities_are_those_of_the_scores(read):
    run = read("ann", draw_predictions(seeds=(0, 1)))
    table = score_tables.probabilities([run])
    for metric in ("auc", "log_loss", "brier", "calibration_error"):
        assert table.iloc[0][metric] == run.scores["all"][metric]["value"]
    assert table.iloc[0]["auc_low"] < table.iloc[0]["auc"] < table.iloc[0]["auc_high"]
    text = score_tables.probabilities_as_text(table).iloc[0]
    assert text["AUC"].count("[") == 1
    assert text["Calibration error"] == f"{run.scores['all']['calibration_error']['value']:.3f}"


def test_covered_clips_have_rows_of_their_own(read):
    predictions = draw_predictions()
    predictions.loc[predictions["clip"] == "S00-000", "coverage"] = 0.0
    run = read("lost", predictions)
    assert score_tables.probabilities([run])["counted"].tolist() == ["all", "covered"]
    assert score_tables.ordinal([run])["counted"].tolist() == ["all", "all", "covered", "covered"]


def test_only_ordered_classes_have_a_table_of_levels(read):
    ordered = read("ordered", draw_predictions())
    emotions = read("emotions", draw_predictions(), stated={"ordinal": False})
    table = score_tables.ordinal([ordered, emotions])
    assert list(zip(table["run"], table["answer"], strict=True)) == [
        ("ordered", "predicted level"),
        ("ordered", "expected level"),
    ]
    levels = ordered.scores["all"]["ordinal"]
    assert table["mae"].tolist() == [levels["mae"]["value"], levels["mae_expected"]["value"]]
    assert table["pcc_high"].tolist() == [levels["pcc"]["high"], levels["pcc_expected"]["high"]]
    assert score_tables.ordinal([emotions]).empty


def test_the_expected_level_has_no_kappa(read):
    text = score_tables.ordinal_as_text(score_tables.ordinal([read("ann", draw_predictions())]))
    assert text["Quadratic kappa"][0].count("[") == 1
    assert text["Quadratic kappa"][1] == "–"


def test_what_is_not_defined_is_said_once_with_the_reason(read):
    predictions = draw_predictions().assign(y_pred=1)
    predictions.loc[predictions["clip"] == "S00-000", "coverage"] = 0.0
    run = read("constant", predictions)
    assert score_tables.undefined([run]) == ["PCC of constant is not defined: the answers do not vary."]
    one_class = read("one", draw_predictions().assign(y_true=pd.array([1] * 120, dtype="Int64")))
    named = [sentence.split(" of one ")[0] for sentence in score_tables.undefined([one_class])]
    assert named == [
        "AUC", "ICC(3,1)", "Quadratic kappa", "PCC", "ICC(3,1) (expected level)", "PCC (expected level)",
    ]  # fmt: skip


def test_unlabelled_runs_have_no_row(read):
    predictions = draw_predictions(subjects=3)
    run = read("test", predictions.assign(y_true=pd.array([pd.NA] * 36, dtype="Int64")))
    assert score_tables.probabilities([run]).empty
    assert score_tables.ordinal([run]).empty
    assert score_tables.undefined([run]) == []
