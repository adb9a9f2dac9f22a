import numpy as np
import pandas as pd
import pytest

from tests.command_line import EXPERIMENTS
from tests.reports.matrix.matrices import make_matrix, make_records, write_cells
from transferpain.evaluation.comparisons import subject_scores
from transferpain.evaluation.statistics import paired_difference
from transferpain.experiments.matrix.cells import expand
from transferpain.experiments.matrix.run import record_of
from transferpain.experiments.matrix.settings import load_matrix
from transferpain.reports.matrix.declared_tests import (
    PRIOR_DRAWS,
    Pair,
    adapted_pairs,
    compare,
    comparisons_table,
    crossed_pairs,
    gap_pairs,
    run_family,
    source_pairs,
)
from transferpain.reports.matrix.facts import is_transductive, read_cells

METRIC = "balanced_accuracy"


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A transfer grid whose source is much better than the untrained one on biovid, and failed on ai4pain."""
    top = tmp_path_factory.mktemp("finished")
    matrix = make_matrix()
    records = make_records(matrix, states={("trained", "ai4pain"): "failed"})
    write_cells(top, records, subjects=12, seeds=(0,), skills={"trained": 0.9})
    return matrix, records, read_cells(records, top / "runs")


def names(pairs: list[Pair]) -> list[tuple[str, str | None]]:
    return [(pair.a.name, pair.b and pair.b.name) for pair in pairs]


def test_each_source_is_compared_with_the_untrained_one_of_its_head_and_target():
    matrix = make_matrix(sources=("a", "b", "untrained"), targets=("biovid",), heads=("ann", "lstm"))
    question, pairs = source_pairs(matrix, make_records(matrix))
    assert "untrained" in question
    assert names(pairs) == [
        (f"{source}-to-biovid-{head}", f"untrained-to-biovid-{head}") for source in "ab" for head in ("ann", "lstm")
    ]


def test_of_two_untrained_sources_the_one_with_the_same_backbone_counts():
    matrix = make_matrix(sources=("a", "untrained", "untrained-resnet18"), targets=("biovid",))
    sources = matrix.transfer[0].sources
    sources["a"]["backbone"] = sources["untrained-resnet18"]["backbone"] = "resnet18"
    _, pairs = source_pairs(matrix, make_records(matrix))
    assert names(pairs) == [("a-to-biovid-ann", "untrained-resnet18-to-biovid-ann")]


def test_without_an_untrained_source_each_cell_is_compared_with_draws():
    matrix = make_matrix(sources=("a", "b"), targets=("biovid",))
    question, pairs = source_pairs(matrix, make_records(matrix))
    assert PRIOR_DRAWS in question
    assert names(pairs) == [("a-to-biovid-ann", None), ("b-to-biovid-ann", None)]


def test_gaps_compare_a_targets_own_dataset_with_each_other():
    records = make_records(make_matrix(sources=(), crossed=("biovid", "unbc", "ai4pain")))
    pairs = gap_pairs(records)
    assert len(pairs) == 6
    assert ("biovid-on-biovid-ann", "unbc-on-biovid-ann") in names(pairs)
    assert all(pair.a.tested_on == pair.b.tested_on and pair.a.trained_on == pair.a.tested_on for pair in pairs)
    assert len(crossed_pairs(records)) == 9


def test_an_adapted_cell_finds_its_own_by_name_or_else_by_all_that_agrees():
    matrix = make_matrix(targets=("biovid",), sources=("a",), heads=("ann", "ann-wide", "ann-wide-coral"))
    records = make_records(matrix, adapted=("ann-wide-coral",))
    assert names(adapted_pairs(records)) == [("a-to-biovid-ann-wide-coral", "a-to-biovid-ann-wide")]
    matrix = make_matrix(targets=("biovid",), sources=("a",), heads=("plain", "coral"))
    records = make_records(matrix, adapted=("coral",))
    assert names(adapted_pairs(records)) == [("a-to-biovid-coral", "a-to-biovid-plain")]
    matrix = make_matrix(targets=("biovid",), sources=("a",), heads=("one", "two", "coral"))
    assert adapted_pairs(make_records(matrix, adapted=("coral",))) == []


@pytest.mark.parametrize(("matrix", "pairs"), [("deep-adaptation", 4 * 4 * 3), ("deep-adaptation-demo", 4)])
def test_each_network_that_was_adapted_while_it_learned_is_compared_with_the_one_that_was_not(matrix, pairs):
    cells = expand(load_matrix(EXPERIMENTS / f"{matrix}.yaml"), EXPERIMENTS, {})
    records = [record_of(cell, (), "", "") for cell in cells]
    found = adapted_pairs(records)
    assert len(found) == pairs == sum(record.adaptation != "" for record in records)
    assert {pair.b.head for pair in found} == {"tuned"}
    assert all((pair.a.trained_on, pair.a.tested_on) == (pair.b.trained_on, pair.b.tested_on) for pair in found)
    flagged = {record.head for record in records if is_transductive(record)}
    assert flagged == {record.head for record in records if record.head.endswith("-transductive")} != set()


def test_a_comparison_holds_what_the_modules_of_statistics_say(finished):
    _, records, runs = finished
    by_name = {record.name: record for record in records}
    pair = Pair(by_name["trained-to-biovid-ann"], by_name["untrained-to-biovid-ann"])
    test = compare(pair, runs, METRIC)
    a, b = (runs[record.name].predictions for record in (pair.a, pair.b))
    assert test.difference == paired_difference(a, b, METRIC)
    scores = subject_scores([a, b], METRIC)
    assert test.median.value == pytest.approx(np.median(scores[0] - scores[1]))
    assert test.wilcoxon.p < 0.01
    assert test.mcnemar.only_a > test.mcnemar.only_b
    assert test.reason == ""


def test_a_declared_test_whose_cell_is_not_done_counts_in_the_family(finished):
    matrix, records, runs = finished
    question, pairs = source_pairs(matrix, records)
    family = run_family(question, pairs, runs, METRIC)
    done, missing = family.tests
    assert family.family.size == 2
    # Holm multiplies the smallest of two by two.
    assert done.adjusted == pytest.approx(2 * done.wilcoxon.p)
    assert done.verdict == "higher"
    assert (missing.adjusted, missing.verdict) == (None, "")
    assert missing.reason == "The cell trained-to-ai4pain-ann failed."


def test_a_worse_cell_is_lower(finished):
    _, records, runs = finished
    by_name = {record.name: record for record in records}
    pair = Pair(by_name["untrained-to-biovid-ann"], by_name["trained-to-biovid-ann"])
    assert run_family("reversed", [pair], runs, METRIC).tests[0].verdict == "lower"


def test_draws_are_compared_but_have_no_single_answers(finished):
    _, records, runs = finished
    record = next(record for record in records if record.name == "trained-to-biovid-ann")
    test = compare(Pair(record, None), runs, METRIC)
    # The balanced accuracy of draws is 1/3 whatever their shares.
    assert test.difference.value == pytest.approx(runs[record.name].score(METRIC)["value"] - 1 / 3, abs=0.02)
    assert test.mcnemar is None


def test_one_subject_gives_a_difference_and_the_reason_for_no_more(tmp_path):
    matrix = make_matrix(targets=("biovid",))
    records = make_records(matrix)
    write_cells(tmp_path, records, subjects=1, seeds=(0,))
    test = run_family(*source_pairs(matrix, records), read_cells(records, tmp_path / "runs"), METRIC).tests[0]
    assert np.isfinite(test.difference.value)
    assert np.isnan(test.difference.low)
    assert (test.wilcoxon.p, test.rank_biserial, test.median.low) == (None, None, None)
    assert "1 subject" in test.reason
    assert "no outcome can reach" in test.reason


def test_runs_on_other_clips_are_refused_with_the_reason(finished):
    _, records, runs = finished
    by_name = {record.name: record for record in records}
    pair = Pair(by_name["trained-to-biovid-ann"], by_name["untrained-to-ai4pain-ann"])
    test = compare(pair, runs, METRIC)
    assert test.difference is None
    assert "cannot be paired" in test.reason


def test_adaptation_that_takes_clips_out_is_compared_on_the_others(tmp_path):
    matrix = make_matrix(sources=("a",), targets=("biovid",), heads=("ann", "ann-coral"))
    records = make_records(matrix, adapted=("ann-coral",))
    write_cells(tmp_path, records, subjects=7, seeds=(0,))
    runs = read_cells(records, tmp_path / "runs")
    adapted = runs["a-to-biovid-ann-coral"].predictions
    adapted.drop(adapted.index[adapted["clip"].str.endswith("-000")], inplace=True)
    test = compare(adapted_pairs(records)[0], runs, METRIC)
    assert test.clips == 7 * 11
    assert "7 clips are left out" in test.reason


def test_the_table_holds_a_row_a_comparison(finished):
    matrix, records, runs = finished
    family = run_family(*source_pairs(matrix, records), runs, METRIC)
    table = comparisons_table([family], METRIC)
    assert table["cell"].tolist() == ["trained-to-biovid-ann", "trained-to-ai4pain-ann"]
    first = family.tests[0]
    row = table.iloc[0]
    assert (row["difference"], row["adjusted_p"]) == (first.difference.value, first.adjusted)
    assert (row["family_size"], row["verdict"], row["metric"]) == (2, "higher", METRIC)
    assert pd.isna(table["difference"][1])
