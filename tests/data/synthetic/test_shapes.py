import numpy as np
import pytest

from transferpain.data.synthetic.face import complete
from transferpain.data.synthetic.shapes import shape_brow, shape_eye, shape_mouth, shape_nose
from transferpain.data.synthetic.subjects import invent_look

LOOK = invent_look(4)


@pytest.mark.parametrize(("unit", "strength"), [("AU43", 1), ("AU45", 1)])
def test_closed_lids_meet(unit, strength):
    rest, closed = (shape_eye(LOOK, complete({unit: value}), 1) for value in (0, strength))
    assert (rest.lower - rest.upper)[7, 1] > 0.05
    assert closed.opening == 0
    assert (closed.lower - closed.upper)[7, 1] < 0.03


def test_an_eye_is_the_mirror_of_the_other():
    left, right = (shape_eye(LOOK, complete({"AU7": 3}), side) for side in (-1, 1))
    np.testing.assert_allclose(left.upper[::-1] * (-1, 1), right.upper, atol=1e-6)


def test_brows_go_down_and_up_as_asked():
    rest, lowered, raised = (shape_brow(LOOK, complete(units))[:, 1] for units in ({}, {"AU4": 5}, {"AU1": 5}))
    assert (lowered > rest).all()
    assert (raised < rest).all()


def test_a_mouth_gapes_only_with_parted_lips_or_a_fallen_jaw():
    assert not shape_mouth(LOOK, complete({"AU12": 5})).gaping
    assert all(shape_mouth(LOOK, complete({unit: 5})).gaping for unit in ("AU25", "AU26"))


def test_a_smile_widens_the_mouth_and_a_sniff_lifts_the_nose():
    assert shape_mouth(LOOK, complete({"AU12": 5})).x.max() > shape_mouth(LOOK, complete({})).x.max()
    (rest, narrow), (lifted, wide) = (shape_nose(LOOK, complete(units)) for units in ({}, {"AU9": 5}))
    assert lifted < rest
    assert wide > narrow
