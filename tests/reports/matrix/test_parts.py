"""A cell that several runs make up, one for each group of subjects, is read as one."""

from dataclasses import replace

import numpy as np
import pytest

from tests.evaluation.drawn import draw_predictions
from tests.reports.matrix.matrices import make_matrix, make_records
from tests.reports.run_folders import write_leakage, write_run
from transferpain.core.schema import write_stamped
from transferpain.core.store import write_json
from transferpain.evaluation.scores import score
from transferpain.experiments.leakage.checks import failed, write_checks
from transferpain.experiments.run_folder import RunFolder
from transferpain.reports.matrix import parts
from transferpain.reports.matrix.facts import cells_table, make_grids, read_cells
from transferpain.reports.matrix.tables import cells_text, subjects_text

CLASSES = ("none", "low", "high")
GROUPED = "all subjects in 2 groups, a source trained for each"


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """A cell of two runs, the predictions of which are those of one run of ten subjects; only the second leaks."""
    top = tmp_path_factory.mktemp("parts")
    whole = draw_predictions(subjects=10, seeds=(0, 1), clips_per_class=(2, 2, 2), skill=0.6).assign(dataset="biovid")
    first = whole["subject"].isin(sorted(set(whole["subject"]))[:5])
    runs = []
    for number, rows in enumerate((first, ~first)):
        shares = {f"fold{number}": [0.2 + 0.1 * number, 0.3, 0.5 - 0.1 * number]}
        stated = {"training_shares": shares, "source": {"name": "own", "datasets": ["biovid"]}, "task_hash": "00"}
        table = whole[rows].assign(fold=f"fold{number}")
        folder = write_run(top / "runs", f"cell-fold{number}", table, classes=CLASSES, stated=stated)
        write_leakage(folder, failing=(7,) if number else ())
        write_json(folder / "cost.json", {"seconds": 10.0, "sessions": 1, "clips_embedded": 5, "clips_from_cache": 1})
        value = {"value": 0.5 + number, "reason": ""}
        write_json(
            folder / "transferability.json", {"scores": {"logme": value, "leep": {"value": None, "reason": "w"}}}
        )
        runs.append(RunFolder(folder))
    return top, whole, runs


def test_what_is_scored_is_all_answers_together(drawn):
    _, whole, runs = drawn
    found, expected = parts.scores(runs)["all"], score(whole, CLASSES, ordinal=True)["all"]
    assert found["balanced_accuracy"] == expected["balanced_accuracy"]
    assert found["subjects"] == 10
    # Of each group alone there is no interval.
    assert parts.scores(runs[:1])["all"]["balanced_accuracy"]["low"] is None is not found["balanced_accuracy"]["low"]


def test_facts_that_differ_by_group_are_all_there(drawn):
    _, _, runs = drawn
    facts = parts.facts(runs)
    assert facts["training_shares"] == {"fold0": [0.2, 0.3, 0.5], "fold1": pytest.approx([0.3, 0.3, 0.4])}
    assert facts["source"]["datasets"] == ["biovid"]
    assert parts.cost(runs) == {"seconds": 20.0, "sessions": 2, "clips_embedded": 10, "clips_from_cache": 2}
    assert parts.transferability(runs) == {
        "logme": {"value": 1.0, "reason": ""},
        "leep": {"value": None, "reason": "w"},
    }


def test_a_line_that_fails_for_one_group_fails_for_the_cell(drawn):
    _, _, runs = drawn
    assert [line.number for line in failed(parts.checks(runs))] == [7]
    assert failed(parts.checks(runs[:1])) == ()


def test_of_runs_of_two_versions_the_checks_that_both_made_count(tmp_path):
    folders = [tmp_path / name for name in "ab"]
    first, _ = (write_leakage(folder, failing=(9,)) for folder in folders)
    write_checks(folders[1], first[:-1])
    runs = [RunFolder(folder) for folder in folders]
    assert [line.number for line in parts.checks(runs)] == list(range(1, 12))
    assert [line.number for line in failed(parts.checks(runs))] == [9]


@pytest.mark.parametrize("content", [b"", b"[]", b'{"seconds": "x"}', b'{"watts": 3}', None])
def test_a_damaged_cost_stops_no_report(content, tmp_path):
    runs = [RunFolder(tmp_path / name) for name in "ab"]
    for run in runs:
        write_stamped(run.path / "cost.json", {"seconds": 2.0, "sessions": 1, "clips_embedded": 3})
    assert parts.cost(runs) == {"seconds": 4.0, "sessions": 2, "clips_embedded": 6, "clips_from_cache": 0}
    (runs[1].path / "cost.json").unlink() if content is None else (runs[1].path / "cost.json").write_bytes(content)
    assert parts.cost(runs) == parts.cost(runs[1:]) == {}
    assert parts.cost(runs[:1])["seconds"] == 2.0


def test_the_table_and_the_page_say_who_was_tested(drawn):
    top, whole, runs = drawn
    (record,) = make_records(make_matrix(sources=("own",), targets=("biovid",)))
    names = tuple(run.path.name for run in runs)
    record = replace(record, runs=names, protocol=GROUPED)
    cells = read_cells([record], top / "runs")
    table = cells_table([record], cells, "balanced_accuracy")
    assert (table["subjects"].iloc[0], table["run"].iloc[0]) == (10, " ".join(names))
    assert cells[record.name].prior_draws["fold"].nunique() == 2
    text = cells_text(table, "balanced_accuracy")
    assert text["Tested on"].tolist() == [GROUPED]
    assert subjects_text(table).iloc[0].tolist() == ["transfer", "biovid", GROUPED, "1", "10"]
    (grid,) = make_grids([record])
    assert np.isfinite(grid.of(cells)["own", "biovid"].chance("macro_f1"))
    assert len(cells[record.name].predictions) == len(whole)
