import pytest

from tests.reports.matrix.matrices import TARGETS, make_matrix, make_records, write_cells
from transferpain.reports.matrix.answer import answer
from transferpain.reports.matrix.report import find

OPEN = dict.fromkeys(((s, t) for s in ("trained", "untrained", "biovid", "ai4pain") for t in TARGETS), "open")


def answered(workspace, states):
    """Return the answer of a matrix of eight cells, of which `states` says what became."""
    matrix = make_matrix(crossed=TARGETS)
    records = make_records(matrix, states=states)
    write_cells(workspace, records, subjects=9, seeds=(0,), skills={"trained": 0.9}, with_costs=False)
    findings = find(matrix, records, workspace / "runs")
    return answer(records, findings.runs, findings.families, matrix.metric, None)


def test_of_a_finished_matrix_nothing_is_said_to_be_missing(tmp_path):
    said = answered(tmp_path, {})
    assert "8 of 8 cells are done" in said.sentence
    assert not any("not done" in line or "not tested" in line for line in said.others)
    assert said.cautions == ("1 of 8 cells has a leakage check that fails.",)


def test_tests_whose_cells_are_missing_have_not_found_that_there_is_no_difference(tmp_path):
    own = {("biovid", "biovid"): "open", ("ai4pain", "ai4pain"): "absent", ("trained", "biovid"): "failed"}
    said = answered(tmp_path, own)
    transfer, crossed, gaps = said.others
    assert "of 2 declared tests 1 higher, none lower, 1 not computed, as a cell is not done" in transfer
    assert "of 4 declared tests" in crossed
    assert "2 not computed" in crossed
    assert gaps.endswith("not tested yet, as each of its 2 declared tests needs a cell that is not done.")
    assert "No difference is shown" not in gaps
    assert said.cautions[0] == (
        "The matrix is not finished: of 8 cells 1 failed, 1 cannot be computed here, 1 not computed yet. "
        "A declared test that needs one of them counts as p = 1."
    )


def test_of_a_matrix_without_its_baseline_nothing_is_said_of_its_sources(tmp_path):
    transfer, *_ = answered(tmp_path, {("untrained", target): "open" for target in TARGETS}).others
    assert transfer.endswith("not tested yet, as each of its 2 declared tests needs a cell that is not done.")


@pytest.mark.parametrize(("done", "sentence"), [(1, "1 of 8 cells is done, tested"), (0, "0 of 8 cells are done, and")])
def test_a_matrix_that_has_hardly_begun_says_so(done, sentence, tmp_path):
    said = answered(tmp_path, OPEN | dict.fromkeys(list(OPEN)[:done], "done"))
    assert sentence in said.sentence
    assert f"of 8 cells {8 - done} not computed yet" in said.cautions[0]
    assert all("not tested yet" in line for line in said.others)
