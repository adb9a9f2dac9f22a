from itertools import pairwise

import numpy as np
import pytest
from pydantic import ValidationError

from tests.networks.heads.windows import build, counts, output_of, windows
from transferpain.networks.heads.bilstm_ann import BilstmAnnSettings, build_bilstm_ann


@pytest.mark.parametrize(("units", "hidden"), [(32, (32,)), (5, ()), (5, (7, 4))])
def test_parameter_count(units, hidden):
    model = build_bilstm_ann(9, 11, 3, 0, BilstmAnnSettings(kind="bilstm_ann", units=units, hidden=hidden))
    widths = (2 * units, *hidden, 3)
    dense = sum(after * (before + 1) for before, after in pairwise(widths))
    assert counts(model) == (2 * 11 + 2 * 4 * units * (11 + units + 1) + dense, 2 * 11)


def test_each_direction_ends_with_a_state_of_its_own_that_has_seen_all_rows():
    model, x = build("bilstm_ann"), windows()
    states = output_of(model, "bilstm", x)
    assert states.shape == (4, 12)
    for place in (0, 5):
        other = x.copy()
        other[:, place] += 1
        moved = np.abs(output_of(model, "bilstm", other) - states)
        assert moved[:, :6].max() > 1e-5
        assert moved[:, 6:].max() > 1e-5


@pytest.mark.parametrize("wrong", [{"units": 0}, {"units": 257}, {"dropout": 1.0}, {"hidden": (0,)}, {"hidden": 32}])
def test_settings_out_of_bounds_are_refused(wrong):
    with pytest.raises(ValidationError):
        BilstmAnnSettings(kind="bilstm_ann", **wrong)
