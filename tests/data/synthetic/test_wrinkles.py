import cv2
import numpy as np
import pytest

from transferpain.data.synthetic.camera import BIOVID, seat
from transferpain.data.synthetic.face import Pose, complete, draw_face
from transferpain.data.synthetic.subjects import invent_look
from transferpain.data.synthetic.wrinkles import FLAT, depths, lay_creases, paint_creases

LOOK = invent_look(4, sex="w", age=30)


@pytest.mark.parametrize(
    ("crease", "act"),
    [("furrow", "AU4"), ("nose", "AU9"), ("lids", "AU7"), ("feet", "AU6"), ("nasolabial", "AU10"),
     ("nasolabial", "AU12"), ("forehead", "AU1"), ("strain", "strain")],
)  # fmt: skip
def test_a_crease_deepens_with_what_folds_it(crease, act):
    most = 1 if act == "strain" else 5
    rest, some, full = (depths(LOOK, complete({act: share * most}))[crease] for share in (0, 0.5, 1))
    assert rest < some < full <= 1.5
    assert full - rest > 0.25


def test_the_old_have_creases_at_rest():
    young, old = (depths(invent_look(4, age=age), complete({})) for age in (20, 65))
    assert sum(old.values()) > sum(young.values()) + 0.4


def test_everybody_has_own_creases_and_always_the_same():
    first, again, other = (paint_creases(invent_look(number))["furrow"][0] for number in (1, 1, 2))
    np.testing.assert_array_equal(first.relief, again.relief)
    assert first.relief.shape != other.relief.shape or (first.relief != other.relief).any()


def test_flat_skin_stays_as_it_is_and_a_fold_is_darker_than_its_ridge():
    face = np.full((238, 218, 4), 150, np.uint8)
    face[..., 3] = 0
    creases = paint_creases(LOOK)
    lay_creases(face, creases, LOOK, complete({"AU1": 5}))
    rows, columns, relief = creases["forehead"][0]
    assert (relief[..., 3] == FLAT).all()
    assert not face[..., 3].any()
    changed = face[rows, columns, 0].astype(int) - 150
    assert changed.min() < -20
    assert changed.max() > 4
    assert (changed[relief[..., 0] == FLAT] == 0).all()


def test_strained_lines_are_lost_in_small_pictures():
    sitter = seat(BIOVID, LOOK, 4)
    changes = {}
    for act, full in (("strain", 1.0), ("AU4", 5.0)):
        large = [draw_face(sitter, {act: value}, Pose())[25:225, 60:260] for value in (0, full)]
        small = [cv2.resize(picture, (48, 48), interpolation=cv2.INTER_AREA) for picture in large]
        changes[act] = [np.abs(np.diff(np.float32(pair), axis=0)).max() for pair in (large, small)]
    assert changes["strain"][0] > 25
    assert changes["strain"][1] / changes["strain"][0] < 0.6 * changes["AU4"][1] / changes["AU4"][0]
