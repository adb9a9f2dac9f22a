from dataclasses import replace

import pandas as pd
import pytest

from tests.reports.matrix.matrices import make_matrix, make_records, write_cells
from transferpain.evaluation.few_shot import NUMBERS
from transferpain.reports.matrix import statistics
from transferpain.reports.matrix.facts import make_grids, read_cells

METRIC = "balanced_accuracy"
SKILLS = {"good": 0.9, "fair": 0.6, "untrained": 0.34}


@pytest.fixture(scope="module")
def transfer(tmp_path_factory):
    """Three sources of different worth on two targets of twelve subjects; `fair` is absent on ai4pain."""
    top = tmp_path_factory.mktemp("transfer")
    records = make_records(make_matrix(sources=tuple(SKILLS)), states={("fair", "ai4pain"): "absent"})
    write_cells(top, records, subjects=12, seeds=(0,), skills=SKILLS)
    return make_grids(records), read_cells(records, top / "runs")


@pytest.fixture(scope="module")
def crossed(tmp_path_factory):
    """Two datasets, each trained and tested on, of three subjects with 13 clips."""
    top = tmp_path_factory.mktemp("crossed")
    records = make_records(make_matrix(sources=(), crossed=("biovid", "ai4pain")))
    write_cells(top, records, subjects=3, seeds=(0,), skills={"biovid": 0.8}, clips_per_class=(5, 4, 4))
    return make_grids(records), read_cells(records, top / "runs")


def test_a_good_run_beats_permuted_labels_and_an_untrained_one_does_not(transfer, monkeypatch):
    monkeypatch.setattr(statistics, "PERMUTATIONS", 400)
    _, runs = transfer
    table, family = statistics.permutations(runs, METRIC)
    by_cell = table.set_index("cell")
    assert family.size == len(runs) == 5
    assert (table["draws"] == 400).all()
    assert by_cell.loc["good-to-biovid-ann", "p"] == pytest.approx(2 / 401)
    # Holm multiplies the smallest of five by five.
    assert by_cell.loc["good-to-biovid-ann", "adjusted_p"] == pytest.approx(10 / 401)
    assert by_cell.loc["untrained-to-biovid-ann", "p"] > 0.05


def test_labels_of_neighbours_that_hang_together_are_shifted_in_a_circle(transfer):
    """A subject's twelve clips, by class one after the other, all answered rightly: one step of twelve is as good."""
    _, runs = transfer
    run = runs["good-to-biovid-ann"]
    one = run.predictions[run.predictions["subject"] == run.predictions["subject"].iloc[0]]
    pieces = replace(run, predictions=one.assign(y_pred=one["y_true"]), facts=run.facts | {"in_series": True})
    independent = replace(pieces, facts=run.facts | {"in_series": False})
    table, _ = statistics.permutations({"pieces": pieces, "independent": independent}, METRIC)
    p = table.set_index("cell")["p"]
    assert p["pieces"] == pytest.approx(2 / 12, rel=0.25)
    assert p["independent"] < 0.01


def test_a_cell_of_several_folds_is_widened_where_they_learned_from_each_other(transfer, crossed, monkeypatch):
    monkeypatch.setattr(statistics, "PERMUTATIONS", 200)

    def in_folds(run, **source):
        person = run.predictions["subject"].astype(str)
        stated = run.facts | {"source": run.facts["source"] | source}
        return replace(run, predictions=run.predictions.assign(fold=person.str[-1]), facts=stated)

    own, other = transfer[1]["untrained-to-biovid-ann"], crossed[1]["ai4pain-on-biovid-ann"]
    runs = {
        "one part": own,
        "own folds": in_folds(own),
        "another dataset": in_folds(other),
        "a source of the same": in_folds(other, datasets=["biovid"]),
        "an unknown source": in_folds(other, datasets=None),
    }
    table, _ = statistics.permutations(runs, METRIC)
    said = table.set_index("cell")["reason"]
    assert (said[["own folds", "a source of the same", "an unknown source"]] == statistics.CROSS_VALIDATED).all()
    assert (said[["one part", "another dataset"]] == "").all()
    assert table["p"].notna().all()


def test_nothing_to_permute_is_said(transfer, monkeypatch):
    monkeypatch.setattr(statistics, "PERMUTATIONS", 200)
    _, runs = transfer
    run = runs["good-to-biovid-ann"]
    kept = run.predictions["y_true"] == 1
    one_class = type(run)(**{**vars(run), "predictions": run.predictions[kept]})
    table, family = statistics.permutations({"one": one_class}, METRIC)
    assert pd.isna(table["p"][0])
    assert "nothing can be permuted" in table["reason"][0]
    assert family.adjusted == {"one": None}


def test_large_runs_have_fewer_permutations(transfer, monkeypatch):
    monkeypatch.setattr(statistics, "PERMUTED_ROWS", 250 * 144)
    _, runs = transfer
    name = "good-to-biovid-ann"
    table, _ = statistics.permutations({name: runs[name]}, METRIC)
    assert table["draws"].tolist() == [250]


def test_friedman_singles_out_the_sources_or_says_why_not(transfer):
    grids, runs = transfer
    table, family = statistics.friedman(grids, runs, METRIC)
    biovid, ai4pain = table.itertuples()
    assert (biovid.sources, biovid.subjects) == (3, 12)
    assert biovid.p < 0.001
    assert biovid.adjusted_p == pytest.approx(2 * biovid.p)
    assert "good above untrained" in biovid.different
    # Demsar's q for three is 2.343: the critical difference is q sqrt(3 4 / (6 12)).
    assert biovid.critical_difference == pytest.approx(2.343 * (1 / 6) ** 0.5, abs=1e-3)
    assert pd.isna(ai4pain.p)
    assert "2 runs" in ai4pain.reason
    assert family.size == 2


def test_too_few_subjects_for_friedman_are_named(crossed):
    grids, runs = crossed
    table, _ = statistics.friedman(grids, runs, METRIC)
    assert table["p"].isna().all()
    assert (table["reason"] != "").all()


def test_mean_ranks_count_targets_where_every_source_is_done(transfer):
    table = statistics.mean_ranks(*transfer, METRIC).set_index("source")
    assert table["mean_rank"].to_dict() == {"good": 1.0, "fair": 2.0, "untrained": 3.0}
    assert (table["targets"] == 1).all()


def test_no_mean_rank_without_a_whole_target(transfer):
    grids, runs = transfer
    some = {name: run for name, run in runs.items() if not name.startswith("good")}
    assert statistics.mean_ranks(grids, some, METRIC)["mean_rank"].isna().all()


def test_the_diagonal_and_the_others_are_means_over_the_same_targets(crossed):
    grids, runs = crossed
    score = {name: run.score(METRIC)["value"] for name, run in runs.items()}
    row = statistics.diagonals(grids, runs, METRIC).iloc[0]
    assert row["diagonal"] == pytest.approx((score["biovid-on-biovid-ann"] + score["ai4pain-on-ai4pain-ann"]) / 2)
    assert row["off_diagonal"] == pytest.approx((score["biovid-on-ai4pain-ann"] + score["ai4pain-on-biovid-ann"]) / 2)
    part = {name: run for name, run in runs.items() if name != "ai4pain-on-biovid-ann"}
    row = statistics.diagonals(grids, part, METRIC).iloc[0]
    assert (row["targets"], row["diagonal"]) == (1, score["ai4pain-on-ai4pain-ann"])


def predictions(values, achieved, reasons=None):
    sources = [f"source {number}" for number in range(len(values))]
    axes = {"kind": "transfer", "selection": "inner", "head": "ann", "target": "biovid", "score": "logme"}
    rows = pd.DataFrame({"source": sources, "value": values, "achieved": achieved})
    return rows.assign(**axes, reason=reasons or [""] * len(values), left_out="")


def test_tau_is_one_where_a_score_orders_the_sources():
    table, family = statistics.agreements(predictions([1.0, 2.0, 3.0, 4.0], [0.4, 0.5, 0.6, 0.7]))
    assert table["kendall"][0] == pytest.approx(1.0)
    # Of the 24 orders of four sources two are as extreme.
    assert table["p"][0] == pytest.approx(2 / 24)
    assert family.size == 1


def test_too_few_sources_and_missing_scores_have_a_reason():
    table, _ = statistics.agreements(predictions([1.0, 2.0, None], [0.4, 0.5, 0.6], ["", "", "No trained outputs."]))
    assert table["kendall"].isna().all()
    assert table["reason"][0].startswith("2 sources")
    assert table["reason"][0].endswith("No trained outputs.")


def test_predicted_stands_beside_achieved(transfer):
    grids, runs = transfer
    table = statistics.predicted(grids, runs, METRIC)
    assert len(table) == 5 * 2
    row = table.query("source == 'good' and target == 'ai4pain' and score == 'logme'").iloc[0]
    assert row["achieved"] == runs["good-to-ai4pain-ann"].score(METRIC)["value"]
    assert row["value"] == runs["good-to-ai4pain-ann"].transferability["logme"]["value"]
    assert table.query("score == 'h_score'")["value"].isna().all()


def test_only_the_distance_tells_of_the_target_of_a_cross_dataset_cell(crossed):
    grids, runs = crossed
    table = statistics.predicted(grids, runs, METRIC)
    assert set(table["score"]) == {"proxy_a_distance"}
    stated = [run.transferability["proxy_a_distance"]["value"] for run in runs.values()]
    assert table["value"].tolist() == [-value for value in stated]


@pytest.mark.parametrize(
    ("datasets", "reason"),
    [
        (["ferplus", "ai4pain"], "good is left out: it learned from these very clips."),
        (None, "good is left out: the run does not say what its source learned from."),
    ],
)
def test_a_source_that_learned_from_the_clips_is_not_counted_in_kendalls_tau(transfer, datasets, reason):
    grids, runs = transfer
    own = runs["good-to-ai4pain-ann"]
    changed = runs | {"good-to-ai4pain-ann": replace(own, facts=own.facts | {"source": {"datasets": datasets}})}
    before, after = (
        statistics.agreements(statistics.predicted(grids, found, METRIC))[0].query(
            "target == 'ai4pain' and score == 'logme'"
        )
        for found in (runs, changed)
    )
    assert after["sources"].item() == before["sources"].item() - 1
    assert after["reason"].item().endswith(reason)
    assert "left out" not in before["reason"].item()


def test_runs_without_scores_predict_nothing(transfer):
    grids, _ = transfer
    table, family = statistics.agreements(statistics.predicted(grids, {}, METRIC))
    assert (len(table), family.size) == (0, 0)


def test_few_shot_curves_are_those_of_cross_dataset_cells(crossed, transfer):
    curves = statistics.few_shot(*crossed, METRIC)
    assert sorted(curves) == sorted(crossed[1])
    curve = curves["biovid-on-ai4pain-ann"]
    assert tuple(curve.scores) == NUMBERS
    assert (curve.subjects, curve.clips) == (3, 3 * 3)
    assert statistics.few_shot(*transfer, METRIC) == {}


def test_too_few_clips_for_a_curve_have_a_reason(tmp_path):
    records = make_records(make_matrix(sources=(), crossed=("biovid",)))
    write_cells(tmp_path, records, subjects=3, seeds=(0,), clips_per_class=(1, 1, 1))
    curves = statistics.few_shot(make_grids(records), read_cells(records, tmp_path / "runs"), METRIC)
    curve = curves["biovid-on-biovid-ann"]
    assert curve.scores is None
    assert "3 of 3 subjects" in curve.reason
