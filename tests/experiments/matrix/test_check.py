import pytest

from tests.experiments.matrix.small_matrix import MATRIX, NAMES, write_matrix
from tests.parts import needs
from transferpain.core.errors import UserError
from transferpain.core.overrides import merge
from transferpain.data.places import Places
from transferpain.experiments.matrix.cells import expand
from transferpain.experiments.matrix.check import absent_cells
from transferpain.experiments.matrix.settings import load_matrix


def check(folder, data_root, **changes):
    # The shipped sources that are named here are of VGG16, as is ImageNet's file.
    settings = {"set": MATRIX["set"] | {"backbone": "vgg16"}}
    cells = expand(load_matrix(write_matrix(folder, **settings, **changes)), folder, {})
    return absent_cells(cells, folder, Places(data_root, folder))


def with_source(**changes):
    return [MATRIX["transfer"][0] | {"sources": {"other": changes}}]


def test_cells_that_can_be_computed_have_no_reason(tmp_path, small_twin):
    assert check(tmp_path, small_twin) == {}


def test_a_dataset_that_is_not_here_leaves_its_cells_absent(tmp_path, small_twin):
    grid = merge(MATRIX["transfer"][0], {"targets": {"mintpain": {"task": "mintpain-five"}}})
    absent = check(tmp_path, small_twin, transfer=[grid])
    assert list(absent) == ["untrained-to-mintpain-ann"]
    assert "No data of MIntPAIN was found" in absent["untrained-to-mintpain-ann"]


def test_without_any_data_every_cell_is_absent(tmp_path):
    assert tuple(check(tmp_path, tmp_path / "nothing")) == NAMES


def test_a_source_whose_data_are_not_here_leaves_its_cells_absent(tmp_path, small_twin):
    changes = with_source(source="unbc-vgg16", source_set={"faces": {"size": 32}})
    assert len(check(tmp_path, small_twin, transfer=changes, cross_dataset=[])) == 2


def test_imagenet_without_its_file_is_absent(tmp_path, small_twin, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    absent = check(tmp_path, small_twin, transfer=with_source(source="imagenet"), cross_dataset=[])
    assert set(absent.values()) == {"The file of ImageNet's weights is not on this machine."}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"source": "no-such-source"}, "was not found"),
        pytest.param({"source": "biovid-vgg16"}, "It reads faces of 224x224 pixels", marks=needs("face-alignment")),
        pytest.param({"source": "ai4pain-ann"}, "cannot be a source", marks=needs("face-alignment")),
        ({"source": "untrained", "protocol": {"kind": "loso", "leave_out": "biovid-low-reactive"}}, "does not fit"),
    ],
)
def test_impossible_cells_are_named_together(tmp_path, small_twin, changes, message):
    with pytest.raises(UserError) as error:
        check(tmp_path, small_twin, transfer=with_source(**changes), cross_dataset=[])
    assert message in str(error.value)
    assert "other-to-ai4pain-ann" in str(error.value)
    assert "nothing was started" in str(error.value)
