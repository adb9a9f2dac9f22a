"""Seeds are functions of what they are for."""

from hypothesis import given
from hypothesis import strategies as st

from transferpain.core.seeds import derive_seed


@given(st.lists(st.one_of(st.integers(), st.text("abc")), min_size=1, max_size=4))
def test_a_seed_is_a_31_bit_function_of_its_parts(parts):
    seed = derive_seed(*parts)
    assert seed == derive_seed(*parts)
    assert 0 <= seed < 2**31


def test_neighbouring_epochs_and_folds_get_other_seeds():
    seeds = {derive_seed(seed, fold, epoch) for seed in range(3) for fold in range(5) for epoch in range(100)}
    assert len(seeds) == 3 * 5 * 100
