"""Which pictures are drawn, whatever the order of the clips."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.inputs.adaptation.tables import faces_stage
from transferpain.core.errors import UserError
from transferpain.inputs.adaptation.pictures import ScaledPictures, draw_pictures, read_pictures
from transferpain.inputs.faces.cache import read_faces


@pytest.fixture
def stage(tmp_path) -> pd.DataFrame:
    return faces_stage(tmp_path)


def test_pictures_are_drawn_from_faces_alone_and_in_no_order_of_clips(stage):
    drawn = draw_pictures(stage, 1000, 0)
    assert [(key, numbers) for _, key, numbers in drawn] == [(f"key{number}", (0, 1)) for number in range(6)]
    assert draw_pictures(stage[::-1], 1000, 0) == drawn
    images = read_pictures(drawn[2:3])
    np.testing.assert_array_equal(images, read_faces(Path(stage["faces"][2])).images)


def test_no_more_pictures_are_drawn_than_stated(stage):
    many = stage.assign(pictures=[500, 0, 400, 300, 200, 100], stretch=1000)
    drawn = draw_pictures(many, 1000, 0)
    assert sum(len(numbers) for *_, numbers in drawn) == 1000
    for _, key, numbers in drawn:
        assert len(set(numbers)) == len(numbers)
        assert max(numbers) < many.set_index("key")["pictures"][key]
    assert draw_pictures(many, 1000, 1) != drawn


def test_of_a_long_clip_no_more_pictures_are_drawn_than_its_stretch_has(stage):
    drawn = draw_pictures(stage.assign(pictures=[500, 0, 4, 4, 4, 4], stretch=4), 1000, 0)
    assert [len(numbers) for *_, numbers in drawn] == [4] * 5


@pytest.mark.parametrize("rows", [slice(0, 0), slice(0, 3)])
def test_without_a_face_there_is_nothing_to_adapt_to(stage, rows):
    with pytest.raises(UserError, match="no face in any"):
        draw_pictures(stage.assign(pictures=0).iloc[rows], 1000, 0)


def test_pictures_are_scaled_slice_by_slice():
    images = np.full((5, 2, 2, 3), 255, np.uint8)
    scaled = ScaledPictures(images, "unit")
    assert len(scaled) == 5
    np.testing.assert_array_equal(scaled[1:3], np.ones((2, 2, 2, 3), np.float32))
