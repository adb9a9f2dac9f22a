import pandas as pd

from tests.evaluation.drawn import draw_predictions
from transferpain.reports.facts import ReportFacts
from transferpain.reports.sections.levels import build, levels, levels_as_text


def test_only_ordered_classes_have_a_table_of_levels(read):
    ordered = read("ordered", draw_predictions())
    emotions = read("emotions", draw_predictions(), stated={"ordinal": False})
    table = levels([ordered, emotions])
    assert list(zip(table["run"], table["answer"], strict=True)) == [
        ("ordered", "predicted level"),
        ("ordered", "expected level"),
    ]
    scores = ordered.scores["all"]["ordinal"]
    assert table["mae"].tolist() == [scores["mae"]["value"], scores["mae_expected"]["value"]]
    assert table["pcc_high"].tolist() == [scores["pcc"]["high"], scores["pcc_expected"]["high"]]
    assert levels([emotions]).empty


def test_the_expected_level_has_no_kappa(read):
    text = levels_as_text(levels([read("ann", draw_predictions())]))
    assert text["Quadratic kappa"][0].count("[") == 1
    assert text["Quadratic kappa"][1] == "–"


def test_covered_clips_have_rows_of_their_own(read):
    predictions = draw_predictions()
    predictions.loc[predictions["clip"] == "S00-000", "coverage"] = 0.0
    assert levels([read("lost", predictions)])["counted"].tolist() == ["all", "all", "covered", "covered"]


def test_what_is_not_defined_is_said_once_with_the_reason(read):
    predictions = draw_predictions().assign(y_pred=1)
    predictions.loc[predictions["clip"] == "S00-000", "coverage"] = 0.0
    section = build(ReportFacts((read("constant", predictions),)))
    assert section.notes == ("PCC of constant is not defined: the answers do not vary.",)
    one_class = read("one", draw_predictions().assign(y_true=pd.array([1] * 120, dtype="Int64")))
    named = [sentence.split(" of one ")[0] for sentence in build(ReportFacts((one_class,))).notes]
    of_numbers = ["PCC", "CCC"]
    expected = [f"{name} (expected level)" for name in ("ICC(3,1)", *of_numbers)]
    assert named == ["ICC(3,1)", "Quadratic kappa", *of_numbers, *expected]
