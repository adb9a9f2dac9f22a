"""What prediction sets kept in the cells of a matrix, within and across datasets."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from tests.evaluation.drawn import draw_predictions
from tests.reports.matrix.matrices import make_matrix, make_records
from tests.reports.run_folders import write_leakage, write_run
from transferpain.core.schema import write_stamped
from transferpain.evaluation.label_shift import METHODS, corrected
from transferpain.evaluation.prediction_sets import ALL, keep_sets
from transferpain.reports.matrix.facts import read_cells
from transferpain.reports.matrix.promises import promises, promises_text
from transferpain.strategies.common.fitted import FITTED


@pytest.fixture(scope="module")
def cells(tmp_path_factory):
    """A network that answers well on its own dataset, and badly on the other, with eleven people to calibrate on."""
    top = tmp_path_factory.mktemp("promises")
    records = make_records(make_matrix(sources=(), crossed=("biovid", "ai4pain")))
    for number, record in enumerate(records):
        own = record.trained_on == record.tested_on
        tested = draw_predictions(subjects=12, skill=0.99 if own else 0.3, seed=number)
        tested = tested.assign(dataset=record.tested_on, part="test")
        if not own:
            tested["clip"] = record.tested_on + "/" + tested["clip"]
        selected = draw_predictions(subjects=11, skill=0.99, seed=10 + number)
        selected = selected.assign(dataset=record.trained_on, part="selection", subject="other-" + selected["subject"])
        folder = write_run(top / "runs", record.name, pd.concat([tested, selected], ignore_index=True))
        write_leakage(folder)
        write_stamped(folder / "folds" / "0-seed0" / FITTED, {"fitted": []})
    return read_cells(records, top / "runs")


def test_every_cell_has_what_came_of_the_promise(cells):
    table = promises(cells).set_index("cell")
    assert table.index.tolist() == list(cells)
    for name, run in cells.items():
        kept = keep_sets(run.predictions, run.calibration, 0.9)[ALL]
        assert table.loc[name, "covered"] == pytest.approx(kept.figures["covered"].value)
        assert table.loc[name, "size_high"] == pytest.approx(kept.figures["size"].high)
        assert table.loc[name, "calibrated_on"] == 11


def test_the_promise_is_kept_within_a_dataset_and_shown_broken_across(cells):
    table = promises(cells)
    within = table["trained_on"] == table["tested_on"]
    assert (table.loc[within, "covered"] > 0.85).all()
    assert (table.loc[~within, "covered"] < 0.8).all()


def test_a_cell_with_too_few_people_says_so(cells):
    few = {name: replace(run, calibration=run.calibration.head(0)) for name, run in cells.items()}
    text = promises_text(promises(few))
    assert all("0 subjects, and 90% needs 9" in one for one in text["Covered"])
    assert set(text["Kind"]) == {"Cross-dataset"}


def test_cells_without_labels_promise_nothing(cells):
    without = {name: replace(run, scores={"all": None}) for name, run in cells.items()}
    assert promises(without).empty


def test_folds_may_select_on_the_same_people(tmp_path):
    (record, *_) = make_records(make_matrix(sources=("untrained",), targets=("biovid",)))
    tested = draw_predictions(subjects=12, skill=0.99).assign(dataset="biovid", part="test")
    tested["fold"] = (tested["subject"] > "S05").astype(int)
    selected = draw_predictions(subjects=11, skill=0.99, seed=1).assign(dataset="biovid", part="selection")
    selected["subject"] = "other-" + selected["subject"]
    frames = selected.assign(frame=0)
    parts = [tested, selected, selected.assign(fold=1), frames]
    folder = write_run(tmp_path / "runs", record.name, pd.concat(parts, ignore_index=True))
    write_leakage(folder)
    for fold in (0, 1):
        write_stamped(folder / "folds" / f"{fold}-seed0" / FITTED, {"fitted": []})
    run = read_cells([record], tmp_path / "runs")[record.name]
    assert len(run.calibration) == 2 * len(selected)
    (row,) = promises({record.name: run}).to_dict("records")
    assert (row["calibrated_on"], row["covered"] > 0.85) == (11, True)
    for method in METHODS:
        assert not np.isnan(corrected(run.predictions, run.calibration, method).shares).any()
