import pandas as pd
import pytest

from tests.reports.matrix.matrices import make_matrix, make_records, write_cells
from transferpain.core.errors import UserError
from transferpain.core.store import read_json, write_json
from transferpain.evaluation.predictions import CLIP
from transferpain.experiments.run_folder import RunFolder
from transferpain.reports.matrix.facts import cells_table, make_grids, read_cells


@pytest.fixture(scope="module")
def crossed(tmp_path_factory):
    """Records and runs of a cross-dataset grid of two datasets, one of whose cells failed."""
    top = tmp_path_factory.mktemp("crossed")
    matrix = make_matrix(sources=(), crossed=("biovid", "ai4pain"))
    records = make_records(matrix, states={("ai4pain", "biovid"): "failed"})
    write_cells(top, records, subjects=8)
    return records, read_cells(records, top / "runs"), top


def test_clips_of_a_cross_dataset_run_are_named_as_in_their_own_dataset(crossed):
    _, runs, _ = crossed
    within, cross = (runs[f"{source}-on-ai4pain-ann"].predictions for source in ("ai4pain", "biovid"))
    assert set(map(tuple, within[CLIP].to_numpy())) == set(map(tuple, cross[CLIP].to_numpy()))


def test_only_clip_rows_are_kept(tmp_path):
    records = make_records(make_matrix(sources=("untrained",), targets=("biovid",)))
    write_cells(tmp_path, records, subjects=2)
    file = next((tmp_path / "runs").glob("*/folds/0-seed0/predictions.parquet"))
    table, history = pd.read_parquet(file), pd.read_csv(file.with_name("history.csv"))
    RunFolder(file.parents[2]).finish_fold("0", 0, pd.concat([table, table.assign(frame=3)]), history)
    assert (read_cells(records, tmp_path / "runs")[records[0].name].predictions["frame"] == -1).all()


def test_grids_have_the_sources_and_targets_of_their_cells_alone():
    matrix = make_matrix(heads=("ann", "lstm"), crossed=("biovid", "unbc"))
    records = make_records(matrix)
    few = [record for record in records if record.name == "trained-to-biovid-ann"]
    (small,) = make_grids(few)
    assert (small.sources, small.targets) == (("trained",), ("biovid",))
    grids = make_grids([record for record in records if record.name != "untrained-to-ai4pain-lstm"])
    assert [(grid.kind, grid.head) for grid in grids] == [
        ("transfer", "ann"),
        ("transfer", "lstm"),
        ("cross_dataset", "ann"),
        ("cross_dataset", "lstm"),
    ]
    assert grids[1].sources == ("trained", "untrained")
    assert grids[1].targets == ("biovid", "ai4pain")
    assert ("untrained", "ai4pain") not in grids[1].records
    assert len(grids[3].records) == 4


def test_a_selection_rule_has_grids_of_its_own_and_paper_warns():
    inner, paper = (make_records(make_matrix(), selection=rule) for rule in ("inner", "paper"))
    grids = make_grids([*inner, *paper])
    assert [grid.selection for grid in grids] == ["inner", "paper"]
    assert grids[0].warning == ""
    assert "optimistic" in grids[1].warning


def test_the_table_has_a_row_a_cell_and_the_figures_of_its_run(crossed):
    records, runs, top = crossed
    table = cells_table(records, runs, "balanced_accuracy").set_index("name")
    assert len(table) == 4
    run = runs["biovid-on-ai4pain-ann"]
    metrics = read_json(top / "runs" / run.record.runs[0] / "metrics.json")
    row = table.loc["biovid-on-ai4pain-ann"]
    for name in ("balanced_accuracy", "macro_f1", "accuracy", "majority_class_accuracy"):
        assert row[name] == metrics["all"][name]["value"]
    assert (row["balanced_accuracy_low"], row["balanced_accuracy_high"]) == (
        metrics["all"]["balanced_accuracy"]["low"],
        metrics["all"]["balanced_accuracy"]["high"],
    )
    assert row["chance"] == pytest.approx(1 / 3)
    assert (row["subjects"], row["clips"], row["seeds"]) == (8, 96, 2)
    assert row["task_hash"] == "00ff00ff00ff00ff"
    failed = table.loc["ai4pain-on-biovid-ann"]
    assert (failed["state"], failed["reason"]) == ("failed", "The training diverged.")
    assert pd.isna(failed["balanced_accuracy"])


def test_cost_and_training_shares_may_be_missing(tmp_path):
    records = make_records(make_matrix(sources=("untrained",), targets=("biovid",)))
    write_cells(tmp_path, records, subjects=2, with_costs=False)
    folder = tmp_path / "runs" / records[0].runs[0]
    facts = read_json(folder / "facts.json")
    del facts["training_shares"]
    write_json(folder / "facts.json", facts)
    runs = read_cells(records, tmp_path / "runs")
    run = runs[records[0].name]
    row = cells_table(records, runs, "macro_f1").iloc[0]
    assert run.transferability == {}
    assert run.prior_draws is None
    assert row["seconds"] == 12.0  # of the record
    assert pd.isna(row["chance"])
    assert pd.isna(row["prior_draws"])


def test_draws_answer_each_fold_from_its_own_training_shares(tmp_path):
    records = make_records(make_matrix(sources=("untrained",), targets=("biovid",)))
    write_cells(tmp_path, records, subjects=4, seeds=(0,))
    run = read_cells(records, tmp_path / "runs")[records[0].name]
    run.facts["training_shares"] = {"first": [1.0, 0.0, 0.0], "second": [0.0, 0.0, 1.0]}
    run.predictions["fold"] = ["first"] * 24 + ["second"] * 24
    answers = run.prior_draws.groupby("fold")["y_pred"].unique()
    assert (answers["first"].tolist(), answers["second"].tolist()) == ([0], [2])


def test_a_run_without_labels_has_no_score(tmp_path):
    records = make_records(make_matrix(sources=("untrained",), targets=("biovid",)))
    write_cells(tmp_path, records, subjects=2)
    run = read_cells(records, tmp_path / "runs")[records[0].name]
    run.scores["all"] = None
    assert run.score("accuracy") == {"value": None, "low": None, "high": None, "reason": None}
    assert run.chance("balanced_accuracy") is None
    assert make_grids(records)[0].of({records[0].name: run}) == {}


def test_refuses_a_finished_cell_without_a_finished_run(tmp_path):
    records = make_records(make_matrix(sources=("untrained",), targets=("biovid",)))
    with pytest.raises(UserError, match="finished run"):
        read_cells(records, tmp_path)
