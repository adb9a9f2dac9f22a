from pathlib import Path

import pytest

from tests.command_line import EXPERIMENTS
from tests.experiments.matrix.small_matrix import MATRIX, NAMES, write_matrix
from transferpain.core.errors import UserError
from transferpain.core.store import read_json
from transferpain.experiments.matrix.cells import RECORD, CellRecord, choose, expand, write_records
from transferpain.experiments.matrix.settings import load_matrix


def cells_of(folder: Path, overrides=None, **changes):
    return expand(load_matrix(write_matrix(folder, **changes)), folder, overrides or {})


def test_cells_stand_in_order_and_each_has_its_own_experiment(tmp_path):
    cells = cells_of(tmp_path)
    assert tuple(cell.name for cell in cells) == NAMES
    transfer, _, diagonal, crossed = (cell.experiment for cell in cells)
    assert (transfer.task, transfer.dataset, transfer.protocol.holdout) == ("biovid-bl1-pa4", "biovid", "biovid-61-26")
    assert diagonal.protocol == transfer.protocol
    assert (crossed.dataset, crossed.protocol.kind, crossed.protocol.test_dataset) == (
        "biovid",
        "cross_dataset",
        "ai4pain",
    )
    assert {cell.experiment.features.frames for cell in cells} == {6}


def test_the_command_line_changes_every_cell_and_wins(tmp_path):
    cells = cells_of(tmp_path, {"training": {"epochs": 1}, "seeds": [5]})
    assert {(cell.experiment.training.epochs, cell.experiment.seeds) for cell in cells} == {(1, (5,))}


def test_changes_of_a_dataset_go_into_every_cell_that_reads_it(tmp_path):
    cells = cells_of(tmp_path, datasets={"ai4pain": {"window": {"seconds": 3}}})
    assert [cell.experiment.window.seconds for cell in cells] == [0.5, 3, 0.5, 3]


def test_what_is_said_of_every_protocol_holds_for_that_of_each_cell(tmp_path):
    plain = [cell.experiment.protocol for cell in cells_of(tmp_path)]
    told = {"set": MATRIX["set"] | {"protocol": {"selection_share": 0.4}}}
    cells = cells_of(tmp_path, **told)
    assert [cell.experiment.protocol for cell in cells] == [
        one.model_copy(update={"selection_share": 0.4}) for one in plain
    ]
    loso = {"protocol": {"kind": "loso", "selection_share": 0.3}}
    heads = {"ann": {"experiment": "matrix-ann", "set": loso}}
    cells = cells_of(tmp_path, transfer=[MATRIX["transfer"][0] | {"heads": heads}], cross_dataset=[], **told)
    assert {cell.experiment.protocol.selection_share for cell in cells} == {0.3}
    assert {cell.experiment.protocol.kind for cell in cells} == {"loso"}


def test_two_cells_of_one_name_are_refused(tmp_path):
    with pytest.raises(UserError, match="untrained-to-biovid-ann"):
        cells_of(tmp_path, transfer=MATRIX["transfer"] * 2)


def test_a_cell_that_breaks_the_schema_is_refused(tmp_path):
    grid = MATRIX["transfer"][0] | {"heads": {"odd": {"experiment": "matrix-ann", "set": {"strategy": "full"}}}}
    with pytest.raises(UserError, match="does not go with strategy"):
        cells_of(tmp_path, transfer=[grid])


def test_a_part_is_chosen_by_its_axes(tmp_path):
    cells = cells_of(tmp_path)
    chosen = choose(cells, ["target=ai4pain", "kind=transfer"])
    assert [cell.name for cell in chosen] == ["untrained-to-ai4pain-ann"]
    assert choose(cells, ["source=untrained,biovid"]) == cells
    assert choose(cells, []) == cells


@pytest.mark.parametrize("condition", ["target", "target=unbc", "colour=red", "head=ann,lstm", "target="])
def test_a_part_that_is_not_there_is_refused(tmp_path, condition):
    with pytest.raises(UserError, match="could not be chosen"):
        choose(cells_of(tmp_path), [condition])


def test_every_cell_of_the_shipped_matrices_is_an_experiment():
    for name, number in (
        ("transfer-matrix", 13 * 4 * 2 + 2 * 4 + 4 * 4 * 3),
        ("transfer-matrix-demo", 10 * 3 * 2 + 3 + 4 + 18 + 4),
        ("deep-adaptation", 4 * 4 + 4 * 3 * 4),
        ("deep-adaptation-demo", 2 + 4),
    ):
        matrix = load_matrix(EXPERIMENTS / f"{name}.yaml")
        assert len(expand(matrix, EXPERIMENTS, {})) == number


def test_records_come_back(tmp_path):
    names = ("a-to-b-c", "transfer", "a", "b", "b", "c", "frozen", "cross-binary", "inner", "", "none")
    record = CellRecord(*names, state="failed", reason="why", runs=("a-0", "a-1"))
    write_records(tmp_path, [record])
    (read,) = read_json(tmp_path / RECORD)
    assert CellRecord(**read | {"runs": tuple(read["runs"])}) == record
