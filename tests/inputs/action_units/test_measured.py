import numpy as np
import pandas as pd
import pytest

from transferpain.core.errors import UserError
from transferpain.inputs.action_units.measured import ActionUnits, Estimator, stack

FACS = Estimator("coder", "a coder", "intensity", 5)
SHARES = Estimator("shares", "another tool", "activation", 1)


def measured(intensities, presences=None, estimator=FACS) -> ActionUnits:
    values = pd.DataFrame(intensities, dtype=np.float64)
    nothing = pd.Series(np.nan, index=values.index)
    present = pd.DataFrame(presences or {}, index=values.index, dtype=np.float64)
    return ActionUnits(estimator, values.notna().any(axis=1), nothing, values, present)


def test_clips_are_stacked_in_the_order_asked_for():
    clips = [measured({4: [1.0, 2.0], 12: [3.0, np.nan]}), measured({12: [5.0], 4: [4.0]})]
    np.testing.assert_array_equal(stack(clips, [12, 4]), [[3, 1], [np.nan, 2], [5, 4]])


def test_scales_are_never_mixed():
    with pytest.raises(UserError, match=r"a coder \(intensity 0 to 5\), another tool \(activation 0 to 1\)"):
        stack([measured({4: [1.0]}), measured({4: [1.0]}, estimator=SHARES)], [4])


def test_a_unit_that_one_clip_lacks_is_refused():
    with pytest.raises(UserError, match="did not measure AU12"):
        stack([measured({4: [1.0], 12: [0.0]}), measured({4: [1.0]})], [4, 12])
