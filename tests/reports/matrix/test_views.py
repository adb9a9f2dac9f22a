from tests.reports.matrix.matrices import make_matrix, make_records, write_cells
from transferpain.reports.matrix.facts import cells_table, make_grids, read_cells
from transferpain.reports.matrix.views import grid_views, unreliable


def read(top, **drawn):
    """Return the records and the finished runs of two sources on one target, of which one never errs."""
    records = make_records(make_matrix(sources=("sure", "untrained"), targets=("biovid",)))
    write_cells(top, records, skills={"sure": 1.5}, seeds=(0,), **drawn)
    return records, read_cells(records, top / "runs")


def test_cells_with_unreliable_intervals_are_named_with_the_reason(tmp_path):
    _, runs = read(tmp_path)
    assert unreliable(list(runs.values())) == [
        "The intervals of sure-to-biovid-ann, and of differences from them, are unreliable: the answers are nearly "
        "faultless (balanced accuracy 1.000)."
    ]


def test_below_eight_subjects_there_is_no_interval_to_warn_of(tmp_path):
    _, runs = read(tmp_path, subjects=7)
    assert unreliable(list(runs.values())) == []


def test_a_grid_carries_the_warning_to_the_page(tmp_path):
    records, runs = read(tmp_path)
    metric = "balanced_accuracy"
    (view,) = grid_views(make_grids(records), runs, cells_table(records, runs, metric), metric, {}, (0.0, 1.0))
    assert view["unreliable"] == unreliable(list(runs.values()))
