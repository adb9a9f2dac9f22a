"""Answers of cross-dataset cells corrected for the shares of the classes: which cells, and what stands in the table."""

from dataclasses import replace

import numpy as np
import pytest

from tests.evaluation.test_label_shift import drawn
from tests.reports.matrix.matrices import make_matrix, make_records, write_cells
from transferpain.evaluation.label_shift import METHODS, NOT_CALIBRATED, corrected
from transferpain.evaluation.statistics import paired_difference
from transferpain.reports.matrix.facts import make_grids, read_cells
from transferpain.reports.matrix.shifted import shares_text, shifted, shifted_text

METRIC = "balanced_accuracy"


@pytest.fixture(scope="module")
def cells(tmp_path_factory):
    """The grids of a transfer and a cross-dataset matrix, and runs that are tested where one class is rare."""
    top = tmp_path_factory.mktemp("shifted")
    records = make_records(make_matrix(sources=("trained",), targets=("biovid",), crossed=("biovid", "ai4pain")))
    write_cells(top, records, clips_per_class=(4, 4))
    runs = read_cells(records, top / "runs")
    changed = {
        name: replace(run, predictions=drawn((0.9, 0.1), 800, 0), calibration=drawn((0.5, 0.5), 800, 1))
        for name, run in runs.items()
    }
    return make_grids(records), changed


def test_cross_dataset_cells_have_a_row_for_each_method(cells):
    grids, runs = cells
    table = shifted(grids, runs, METRIC)
    crossed = [name for name, run in runs.items() if run.record.kind == "cross_dataset"]
    assert list(zip(table["cell"], table["method"], strict=True)) == [
        (name, one) for name in crossed for one in METHODS
    ]
    run = runs[crossed[0]]
    found = corrected(run.predictions, run.calibration, METHODS[0])
    gain = paired_difference(found.predictions, run.predictions, METRIC)
    assert table["gain"][0] == pytest.approx(gain.value)
    assert table["gain_high"][0] == pytest.approx(gain.high)
    assert table["found"][0] == shares_text(found.shares)
    true = run.predictions["y_true"].mean()
    assert table["true"][0] == shares_text(np.array([1 - true, true]))


def test_without_a_calibration_the_reason_stands_there(cells):
    grids, runs = cells
    without = {name: replace(run, calibration=run.calibration.head(0)) for name, run in runs.items()}
    text = shifted_text(shifted(grids, without, METRIC))
    assert set(text["Limits"]) == {NOT_CALIBRATED}
    assert set(text["Shares found"]) == {"–"}
    assert set(text["Score"]) == {"–"}


def test_adapted_cells_and_transfer_have_none(cells):
    grids, runs = cells
    transfer = [grid for grid in grids if grid.kind == "transfer"]
    assert shifted(transfer, runs, METRIC).empty
    records = [replace(run.record, adaptation="coral") for run in runs.values()]
    assert shifted(make_grids(records), runs, METRIC).empty
