import pytest

from transferpain.core.store import write_text
from transferpain.data.datasets.unit_tables import holds_action_units


@pytest.mark.parametrize("head", ["frame, AU04_r", "au_4_intensity", "x,au12", "AU1"])
def test_a_column_of_an_action_unit_tells(head, tmp_path):
    write_text(tmp_path / "a.csv", f"{head}\n1\n")
    assert holds_action_units(tmp_path / "a.csv")


@pytest.mark.parametrize("head", ["time\tgsr\tecg", "HbO_1,HbO_2", "", "beau1"])
def test_other_tables_have_none(head, tmp_path):
    write_text(tmp_path / "a.csv", f"{head}\n1,AU04_r\n")
    assert not holds_action_units(tmp_path / "a.csv")


def test_what_cannot_be_read_has_none(tmp_path):
    assert not holds_action_units(tmp_path / "nothing.csv")
