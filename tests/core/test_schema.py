import pytest

from transferpain.core.errors import UserError
from transferpain.core.schema import SCHEMA, as_today, read_stamped, stamp, write_stamped
from transferpain.core.store import read_json, write_json


def test_what_is_written_carries_the_number_and_is_read_without_it(tmp_path):
    write_stamped(tmp_path / "cost.json", {"seconds": 3})
    assert read_json(tmp_path / "cost.json") == stamp({"seconds": 3}) == {"schema": SCHEMA, "seconds": 3}
    assert read_stamped(tmp_path / "cost.json", {1: lambda _: pytest.fail("it is of today")}) == {"seconds": 3}


@pytest.mark.parametrize("content", [{"cut": "gap"}, {"cut": "gap", "schema": 1}])
def test_a_file_of_the_former_form_is_read_as_todays(tmp_path, content):
    write_json(tmp_path / "facts.json", content)
    assert read_stamped(tmp_path / "facts.json") == {"cut": "gap"}
    renamed = read_stamped(tmp_path / "facts.json", {1: lambda values: {"feature_layer": values["cut"]}})
    assert renamed == {"feature_layer": "gap"}


def test_a_list_is_of_the_first_form(tmp_path):
    assert as_today([1, 2], tmp_path, {1: lambda cells: {"cells": cells}}) == {"cells": [1, 2]}


def test_what_is_read_is_not_changed_in_place(tmp_path):
    content = {"schema": 1, "cut": "gap"}
    as_today(content, tmp_path)
    assert content == {"schema": 1, "cut": "gap"}


@pytest.mark.parametrize("number", [0, SCHEMA + 1, "2", True, 2.0, None])
def test_a_file_of_an_unknown_form_is_refused(tmp_path, number):
    write_json(tmp_path / "facts.json", {"schema": number})
    with pytest.raises(UserError) as caught:
        read_stamped(tmp_path / "facts.json")
    assert f"reads files of schema 1 to {SCHEMA}" in str(caught.value)
    assert f"Received: schema {number}" in str(caught.value)
