import pandas as pd

from tests.evaluation.drawn import draw_predictions
from transferpain.reports.facts import ReportFacts
from transferpain.reports.sections.probabilities import build, probabilities, probabilities_as_text


def test_probabilities_are_those_of_the_scores(read):
    run = read("ann", draw_predictions(seeds=(0, 1)))
    table = probabilities([run])
    for metric in ("auc", "log_loss", "brier", "calibration_error"):
        assert table.iloc[0][metric] == run.scores["all"][metric]["value"]
    assert table.iloc[0]["auc_low"] < table.iloc[0]["auc"] < table.iloc[0]["auc_high"]
    text = probabilities_as_text(table).iloc[0]
    assert text["AUC"].count("[") == 1
    assert text["Calibration error"] == f"{run.scores['all']['calibration_error']['value']:.3f}"


def test_covered_clips_have_rows_of_their_own(read):
    predictions = draw_predictions()
    predictions.loc[predictions["clip"] == "S00-000", "coverage"] = 0.0
    assert probabilities([read("lost", predictions)])["counted"].tolist() == ["all", "covered"]


def test_what_is_not_defined_is_said_with_the_reason(read):
    run = read("one", draw_predictions().assign(y_true=pd.array([1] * 120, dtype="Int64")))
    (note,) = build(ReportFacts((run,))).notes
    assert note.startswith("AUC of one is not defined: ")


def test_unlabelled_runs_have_no_row(read):
    predictions = draw_predictions(subjects=3)
    run = read("test", predictions.assign(y_true=pd.array([pd.NA] * 36, dtype="Int64")))
    assert probabilities([run]).empty
    assert build(ReportFacts((run,))) is None
