import pandas as pd
import pytest

from tests.evaluation.drawn import draw_predictions
from transferpain.evaluation.formatting import with_interval
from transferpain.evaluation.recalibration import SEPARATED, recalibrate
from transferpain.evaluation.resampling import read_answers
from transferpain.reports.facts import ReportFacts
from transferpain.reports.sections.recalibration import build, recalibration, recalibration_as_text


def test_each_class_has_its_slope_and_intercept(read):
    run = read("ann", draw_predictions(seeds=(0, 1)))
    table = recalibration([run])
    assert table["class"].tolist() == list(run.classes)
    slope, intercept = recalibrate(read_answers(run.predictions), 2)
    assert (table["slope"][2], table["slope_low"][2]) == (slope.value, slope.low)
    assert (table["intercept"][2], table["intercept_high"][2]) == (intercept.value, intercept.high)
    assert recalibration_as_text(table)["Calibration slope"][2].startswith(
        with_interval(slope.value, slope.low, slope.high)
    )


def test_of_two_classes_the_second_stands_alone(read):
    run = read("two", draw_predictions((4, 4)), classes=("none", "pain"))
    assert recalibration([run])["class"].tolist() == ["pain"]


def test_where_there_is_no_slope_the_reason_stands(read):
    table = draw_predictions((3, 3))
    sure = table.assign(p_1=table["y_true"].astype(float), p_0=1 - table["y_true"].astype(float))
    text = recalibration_as_text(recalibration([read("sure", sure, classes=("none", "pain"))]))
    assert text["Calibration slope"].tolist() == [f"– [{SEPARATED}]"]
    assert text["Calibration intercept"][0].endswith("0.000 [none: all subjects alike]")  # certain, and right


@pytest.mark.parametrize("label", [1, pd.NA])
def test_labels_of_one_class_and_none_have_no_section(read, label):
    table = draw_predictions(subjects=3)
    assert build(ReportFacts((read("one", table.assign(y_true=pd.array([label] * 36, dtype="Int64"))),))) is None
