"""Networks of one kind in a matrix: how many there are, how far they lie apart, and what too few cannot show."""

import pytest

from tests.reports.matrix.matrices import make_matrix, make_records, write_cells
from tests.reports.run_folders import write_probes
from transferpain.experiments.run_folder import RunFolder
from transferpain.reports.matrix.facts import cells_table, make_grids, read_cells
from transferpain.reports.matrix.report import find
from transferpain.reports.matrix.tables import cells_text, probe_cells
from transferpain.reports.matrix.trainings import ONE_EACH, in_words, kinds_of_sources, spread, spread_text

METRIC = "balanced_accuracy"


def matrix_of(sources, **changes):
    made = make_matrix(sources=("untrained",), targets=("biovid",)).model_dump(by_alias=True)
    made["transfer"][0]["sources"] = sources
    return type(make_matrix()).model_validate(made | changes)


THREE = {"a": {"source": "untrained"}, "b": {"source": "untrained-1"}, "c": {"source": "untrained-2"}}


def test_networks_that_differ_in_the_seed_alone_are_of_one_kind():
    trained = {"source": "biovid-vgg16", "source_set": {"faces": {"size": 64}}}
    again = {"source": "biovid-vgg16", "source_set": {"faces": {"size": 64}, "seeds": [1]}}
    other = {"source": "untrained", "backbone": "resnet18"}
    sources = THREE | {"d": trained, "e": again, "f": other, "g": {"source": "biovid-vgg16"}}
    kinds = kinds_of_sources(matrix_of(sources))
    assert kinds == {"a": "a", "b": "a", "c": "a", "d": "d", "e": "d", "f": "f", "g": "g"}


def test_a_question_on_sources_says_that_there_was_one_training_each():
    assert in_words(matrix_of(THREE), "which?") == "which?"
    assert in_words(matrix_of(THREE | {"d": {"source": "biovid-vgg16"}}), "which?") == f"which? ({ONE_EACH})"


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    top = tmp_path_factory.mktemp("three")
    matrix = matrix_of(THREE | {"d": {"source": "biovid-vgg16"}})
    records = make_records(matrix)
    write_cells(top, records, skills={"a": 0.4, "b": 0.6, "c": 0.5, "d": 0.9}, subjects=6)
    for record in records:
        run = RunFolder(top / "runs" / record.runs[0])
        if record.source != "d":
            write_probes(run.path, run.predictions())
    return matrix, records, read_cells(records, top / "runs"), top


def test_the_spread_is_mean_and_ends_of_the_networks_of_one_kind(found):
    matrix, records, runs, _ = found
    table = spread(matrix, make_grids(records), runs, METRIC)
    (row,) = table.to_dict("records")
    scores = [runs[f"{name}-to-biovid-ann"].score(METRIC)["value"] for name in "abc"]
    assert (row["sources"], row["networks"]) == ("a, b, c", 3)
    assert (row["lowest"], row["highest"]) == (min(scores), max(scores))
    assert row["mean"] == pytest.approx(sum(scores) / 3)
    assert row["probe_mean"] == pytest.approx(row["mean"])
    assert spread_text(table)["Head"].item() == f"{row['mean']:.3f}, {min(scores):.3f} to {max(scores):.3f}"


def test_a_cell_shows_its_probes_and_one_without_says_none(found):
    _, records, runs, _ = found
    (grid,) = make_grids(records)
    cells = probe_cells(grid, runs, METRIC)
    assert [line[0].word for line in cells] == ["", "", "", "none"]
    assert cells[0][0].value == runs["a-to-biovid-ann"].scores["linear_probe"]["mean"][METRIC]["value"]
    table = cells_table(records, runs, METRIC)
    assert table["linear_probe_mean"].notna().tolist() == [True, True, True, False]
    text = cells_text(table, METRIC)
    assert text["Linear probe, mean + maximum: balanced accuracy"].iloc[0].startswith(f"{cells[0][0].value:.3f} [")
    assert probe_cells(grid, {"d-to-biovid-ann": runs["d-to-biovid-ann"]}, METRIC) == []


@pytest.mark.slow
def test_the_declared_question_of_the_report_says_one_training_each(found):
    matrix, records, _, top = found
    findings = find(matrix, records, top / "runs")
    assert findings.baselines["transfer"].question.endswith(f"({ONE_EACH})")
    assert len(findings.spread) == 1
