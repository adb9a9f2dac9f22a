"""Grouped folds of a matrix: every subject is tested once, and by no source that may have seen it."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest

from tests.experiments.matrix.small_matrix import MINTPAIN, TINY_GRID, UNTRAINED, grouped_cells, write_matrix
from transferpain.core.errors import UserError
from transferpain.data.places import Places
from transferpain.data.synthetic.settings import TwinSettings
from transferpain.data.synthetic.twins import write_twin
from transferpain.experiments.chosen_source import source_experiment
from transferpain.experiments.executors.base import HERE
from transferpain.experiments.leakage.checks import failed, read_checks
from transferpain.experiments.matrix.cells import expand
from transferpain.experiments.matrix.check import absent_cells
from transferpain.experiments.matrix.grouped import GROUPED, check_bundle, protocol_in_words
from transferpain.experiments.matrix.run import (
    DRY_RUN_COLUMNS,
    LoadedMatrix,
    dry_run_rows,
    load,
    run_cells,
    unfinished_parts,
)
from transferpain.experiments.matrix.settings import load_matrix
from transferpain.experiments.runner import run_experiment
from transferpain.experiments.samples import labelled_samples, split_samples
from transferpain.reports.matrix.facts import read_cells

FOLDS = 2


def cells_by_name(folder, **changes):
    return {cell.name: cell for cell in grouped_cells(folder, **changes)}


def source_of(experiment, folder):
    return source_experiment(experiment, folder)


def test_a_source_of_the_tested_dataset_is_trained_for_each_fold_and_any_other_once(tmp_path):
    cells = cells_by_name(tmp_path)
    own = cells["mintpain-vgg16-to-mintpain-ann"]
    assert [part.name for part in own.parts] == [f"{own.name}-fold0", f"{own.name}-fold1"]
    for number, part in enumerate(own.parts):
        source = source_of(part, tmp_path)
        for protocol in (part.protocol, source.protocol):
            assert (protocol.kind, protocol.folds, protocol.fold) == ("grouped", FOLDS, number)
        assert source.name == f"mintpain-vgg16-fold{number}"
    assert protocol_in_words(own.experiment, FOLDS) == "all subjects in 2 groups, a source trained for each"
    (built,) = cells["untrained-to-mintpain-ann"].parts
    assert (built.protocol.kind, built.protocol.fold, built.source_set) == ("grouped", None, {})


def test_off_the_diagonal_one_source_serves_that_of_the_first_fold(tmp_path):
    cells = cells_by_name(tmp_path)
    first = source_of(cells["mintpain-vgg16-to-mintpain-ann"].parts[0], tmp_path)
    for name in ("mintpain-vgg16-to-unbc-ann", "mintpain-vgg16-to-biovid-ann", "mintpain-on-biovid-ann"):
        (part,) = cells[name].parts
        assert source_of(part, tmp_path) == first, name
    (official,) = cells["mintpain-vgg16-to-biovid-ann"].parts
    assert official.protocol.holdout == "biovid-61-26"
    (crossed,) = cells["biovid-on-mintpain-ann"].parts
    assert (crossed.protocol.kind, crossed.protocol.test_dataset) == ("grouped_cross_dataset", "mintpain")
    assert source_of(crossed, tmp_path).protocol.holdout == "biovid-61-26"


def test_both_grids_share_the_sources_of_a_dataset(tmp_path):
    cells = cells_by_name(tmp_path)
    pairs = zip(cells["mintpain-vgg16-to-mintpain-ann"].parts, cells["mintpain-on-mintpain-ann"].parts, strict=True)
    assert all(source_of(one, tmp_path) == source_of(other, tmp_path) for one, other in pairs)


def test_official_datasets_are_as_under_fixed_holdouts(tmp_path):
    grouped = cells_by_name(tmp_path)
    fast = {cell.name: cell for cell in expand(load_matrix(write_matrix(tmp_path, **TINY_GRID)), tmp_path, {})}
    assert grouped["biovid-on-biovid-ann"] == fast["biovid-on-biovid-ann"]
    assert grouped["untrained-to-biovid-ann"] == fast["untrained-to-biovid-ann"]
    assert all(cell.parts == (cell.experiment,) for cell in fast.values())
    assert set(GROUPED) == {"unbc", "mintpain"}


def test_a_source_before_the_source_is_trained_for_each_fold_too(tmp_path):
    sources = {"both": {"source": "biovid-vgg16", "source_set": {"source": "mintpain-vgg16"}}}
    grid = TINY_GRID["transfer"][0] | {"sources": sources, "targets": {"mintpain": {"task": "mintpain-five"}}}
    (cell,) = grouped_cells(tmp_path, transfer=[grid], cross_dataset=[])
    assert len(cell.parts) == FOLDS
    for number, part in enumerate(cell.parts):
        between = source_of(part, tmp_path)
        assert between.protocol.holdout == "biovid-61-26"
        assert source_of(between, tmp_path).protocol.fold == number


def test_what_a_source_says_of_its_protocol_stays_but_for_its_kind(tmp_path):
    sources = {"mintpain-vgg16": {"source": "mintpain-vgg16", "source_set": {"protocol": {"selection_share": 0.3}}}}
    grid = TINY_GRID["transfer"][0] | {"sources": sources}
    cells = {cell.name: cell for cell in grouped_cells(tmp_path, transfer=[grid], cross_dataset=[])}
    source = source_of(cells["mintpain-vgg16-to-mintpain-ann"].parts[1], tmp_path)
    assert (source.protocol.selection_share, source.protocol.holdout) == (0.3, None)


def test_a_cell_that_adapts_to_subjects_of_the_target_tests_the_others(tmp_path):
    grid = TINY_GRID["cross_dataset"][0] | {
        "heads": {"ann-coral": {"experiment": "matrix-ann", "set": {"adaptation": "coral"}}},
        "trained_on": {"biovid": {"source": "untrained"}},
        "tested_on": ["mintpain"],
    }
    (cell,) = grouped_cells(tmp_path, transfer=[], cross_dataset=[grid])
    assert [part.protocol.fold for part in cell.parts] == [0, 1]
    assert protocol_in_words(cell.experiment, FOLDS) == "all subjects in 2 groups, adapted for each"


def test_a_shared_model_that_learned_from_the_tested_dataset_is_refused(tmp_path, monkeypatch):
    (tmp_path / "shared").mkdir()
    lineage = [{"dataset": "mintpain", "task": "t", "definition": "d", "people": ["00"]}]
    (tmp_path / "shared" / "manifest.json").write_text(json.dumps({"lineage": lineage}), encoding="utf-8")
    cells = cells_by_name(tmp_path)
    shared = {"source": str(tmp_path / "shared")}
    tested = cells["untrained-to-mintpain-ann"].experiment.model_copy(update=shared)
    with pytest.raises(UserError, match="has learned from mintpain"):
        check_bundle(tested)
    check_bundle(cells["untrained-to-biovid-ann"].experiment.model_copy(update=shared))


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A MIntPAIN twin of ten, and the matrix of one cell whose source is trained for each of two folds of it."""
    workspace = tmp_path_factory.mktemp("grouped")
    twin = TwinSettings(subjects=10, seed=4, clips=1)
    write_twin("mintpain", workspace / "data", twin, lambda frames: None)
    # Both the heads' network and the source that is trained are SqueezeNets, which are quick to build and to trace.
    own = MINTPAIN | {"source_set": MINTPAIN["source_set"] | {"backbone": "squeezenet"}}
    grid = TINY_GRID["transfer"][0] | {
        "sources": {"untrained": UNTRAINED, "mintpain-vgg16": own},
        "targets": {"mintpain": {"task": "mintpain-five"}},
    }
    changes = {"set": TINY_GRID["set"] | {"backbone": "squeezenet"}, "transfer": [grid], "cross_dataset": []}
    path = write_matrix(workspace / "experiments", protocol="grouped", folds=FOLDS, **changes)
    matrix = load_matrix(path)
    cells = expand(matrix, path.parent, {})
    return LoadedMatrix(matrix, cells, cells, path.parent, Places(workspace / "data", workspace), matrix.matrix)


def people(plan, part: str) -> set[str]:
    rows = np.concatenate([getattr(fold, part) for fold in plan.folds])
    return set(plan.samples["subject"].iloc[rows])


@pytest.mark.slow
def test_the_folds_of_source_and_head_are_the_same_people(small):
    assert absent_cells(small.cells, small.folder, small.places) == {}
    (own,) = [cell for cell in small.cells if len(cell.parts) > 1]
    tested = []
    for part in own.parts:
        sides = []
        for experiment in (part, source_experiment(part, small.folder)):
            _, _, samples = labelled_samples(experiment, small.places)
            samples, (fold,) = split_samples(experiment, samples)
            sides.append({name: set(samples["subject"].iloc[rows]) for name, rows in fold.parts.items()})
        head, source = sides
        assert head["test"] == source["test"]
        assert not head["test"] & (source["train"] | source["selection"])
        tested += sorted(head["test"])
    assert len(tested) == len(set(tested)) == 10


def test_a_dry_run_counts_each_training_once(small):
    file = small.folder / "small-matrix.yaml"
    (*rows, total), _ = dry_run_rows(file, small.places, [], [])
    place = DRY_RUN_COLUMNS.index("trainings")
    # A head for each group, and for each of them a source, of equal work.
    assert {row[0]: row[place] for row in rows} == {
        "untrained-to-mintpain-ann": "2",
        "mintpain-vgg16-to-mintpain-ann": "4",
    }
    assert total[place] == "6"


def test_the_command_line_may_choose_the_other_protocol(small):
    file = small.folder / "small-matrix.yaml"
    fast = load(file, small.places, ["matrix.protocol=fast", "matrix.folds=null"], [])
    assert {cell.experiment.protocol.holdout for cell in fast.cells} == {"mintpain-15-5"}
    assert [cell.experiment for cell in load(file, small.places, [], []).cells] == [
        cell.experiment for cell in small.cells
    ]
    with pytest.raises(UserError, match="protocol"):
        load(file, small.places, ["matrix.protocol=slow"], [])


@pytest.mark.slow
def test_every_subject_is_tested_once_and_a_wrong_pairing_fails_the_line_of_the_source(small):
    records, _ = run_cells(small, HERE)
    assert {record.state for record in records} == {"done"}
    own = next(record for record in records if len(record.runs) > 1)
    assert own.protocol == "all subjects in 2 groups, a source trained for each"
    cells = read_cells(records, small.places.runs)
    for run in cells.values():
        assert run.scores["subjects"] == 10
        assert len(run.predictions) == run.scores["clips"] == cells[own.name].scores["clips"]
        assert {line.number: line.state for line in run.checks}[7] != "fail"
    assert {line.number: line.state for line in cells[own.name].checks}[7] == "pass"
    # A part that is gone is computed again, the same, and nothing else is.
    files = {file: file.stat().st_mtime_ns for file in small.places.runs.rglob("*") if file.is_file()}
    gone, kept = (small.places.runs / name for name in own.runs)
    shutil.rmtree(gone)
    assert [part.name for part in unfinished_parts(small.cells[-1:], small)] == [small.cells[-1].parts[0].name]
    run_cells(small, HERE)
    assert all(file.stat().st_mtime_ns == files[file] for file in kept.rglob("*") if file.is_file())
    again = read_cells(records, small.places.runs)[own.name]
    pd.testing.assert_frame_equal(again.predictions, cells[own.name].predictions)
    # The head of the first fold with the source of the second, which has learned from the people of the first.
    (cell,) = [cell for cell in small.cells if len(cell.parts) > 1]
    first, second = cell.parts
    wrong = first.model_copy(update={"name": "wrong", "source_set": second.source_set})
    planted = failed(read_checks(run_experiment(wrong, small.folder, small.places).path))
    # What lies behind the seventh depends on how well such small heads answer.
    (line,) = [line for line in planted if line.number <= 7]
    assert line.number == 7
    assert line.figure.startswith("5 of 5 tested subjects were in the training of the source")
