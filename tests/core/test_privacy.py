from pathlib import Path

import pytest

from transferpain.core.privacy import hide_name, hide_names


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Sub1 Erika Muster", "Sub01"),
        (" sub012_Jörg", "Sub12"),
        ("Sub20", "Sub20"),
        ("SUB3-x\ny", "Sub03"),
        ("Sub01_Trial02", "Sub01_Trial02"),
        ("Sub01_Trial02_Sweep03_Label4", "Sub01_Trial02_Sweep03_Label4"),
        ("Subjects", "Subjects"),
        ("Extracted_Data", "Extracted_Data"),
    ],
)
def test_a_persons_name_is_hidden(name, shown):
    assert hide_name(name) == shown


def test_every_part_of_a_path_is_hidden():
    assert hide_names(Path("data") / "Sub7 Erika Muster" / "Sub07_Trial01") == "data/Sub07/Sub07_Trial01"
    assert hide_names("/mnt/sub012_Jörg/a.png") == "/mnt/Sub12/a.png"
