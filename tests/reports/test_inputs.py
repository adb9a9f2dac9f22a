"""A report is made anew unless it was made of the very same."""

import pytest

from transferpain.core.store import write_json
from transferpain.reports.inputs import says


def test_a_record_says_what_it_was_written_with(tmp_path):
    record = tmp_path / "inputs.json"
    assert not says(record, {})
    write_json(record, {"digests": ["a"], "comparisons": [("x", "y")]})
    assert says(record, {"digests": ["a"], "comparisons": [("x", "y")]})
    assert not says(record, {"digests": ["b"], "comparisons": [("x", "y")]})


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", bytes(9), b"[" * 100_000])
def test_a_damaged_record_says_nothing(content, tmp_path):
    (tmp_path / "inputs.json").write_bytes(content)
    assert not says(tmp_path / "inputs.json", {})
