"""Settings laid over others."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transferpain.core.errors import UserError
from transferpain.core.overrides import merge, parse_overrides


def test_overrides_are_read_as_yaml_and_nest():
    assert parse_overrides(["training.epochs=5", "training.patience=null", "seeds=[1, 2]", "source=a=b"]) == {
        "training": {"epochs": 5, "patience": None},
        "seeds": [1, 2],
        "source": "a=b",
    }


@pytest.mark.parametrize(
    "assignment", ["training.epochs", "=3", "seeds=[1", "a=" + "[" * 2000, "a=.inf", "a." * 40 + "b=1"]
)
def test_an_unreadable_override_is_refused(assignment):
    with pytest.raises(UserError):
        parse_overrides([assignment])


keys = st.sampled_from(["a", "b", "c"])
mappings = st.dictionaries(keys, st.one_of(st.integers(0, 9), st.dictionaries(keys, st.integers(0, 9))))


@given(mappings, mappings)
def test_merging_lays_one_mapping_over_the_other(base, over):
    merged = merge(base, over)
    assert set(merged) == set(base) | set(over)
    assert merge(base, {}) == base
    assert merge({}, over) == over
    for key, value in over.items():
        if not isinstance(value, dict):
            assert merged[key] == value
