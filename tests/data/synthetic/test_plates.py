import numpy as np

from transferpain.data.synthetic import plates
from transferpain.data.synthetic.subjects import invent_look


def test_a_plate_is_opaque_in_the_face_and_clear_outside():
    image, opacity = plates.paint_plate(invent_look(1), (0.3, 0.1), 0.0)
    assert image.shape == (*plates.plate_shape(), 3)
    assert opacity.shape == plates.plate_shape()
    column, row = (round(value * plates.UNIT) for value in plates.ORIGIN)
    assert opacity[row, column] == 255
    assert opacity[0, 0] == 0
    # Premultiplied by the opacity: nothing shines where the plate is clear.
    assert not image[opacity == 0].any()


def test_the_jaw_lowers_the_chin_by_its_drop():
    look = invent_look(1)
    closed, wide = plates.outline(look, 0)[:, 1].max(), plates.outline(look, 1)[:, 1].max()
    assert abs(wide - closed - plates.JAW_DROP) < 0.02


def test_nothing_moves_at_the_outline_when_the_head_turns():
    relief = plates.depth()
    border = plates.to_pixels(plates.outline(invent_look(2), 0)) // plates.STEP
    assert relief[border[:, 1], border[:, 0]].max() < 0.06
    assert relief.max() > 0.6


def test_bare_skin_is_the_face_without_its_hair():
    look = invent_look(1)
    skin = plates.bare_skin(look)
    column, row = (round(value * plates.UNIT) for value in plates.ORIGIN)
    assert skin[row, column] == 255
    assert not skin[plates.hair_front(look) > 0].any()
    _, opacity = plates.paint_plate(look, (0.3, 0.1), 0.0)
    assert not skin[opacity == 0].any()


def test_smoothing_keeps_a_polygon_inside_its_hull():
    square = np.array([(0, 0), (1, 0), (1, 1), (0, 1)], np.float32)
    smooth = plates.smooth_closed(square)
    assert len(smooth) == 4 * 8
    assert smooth.min() >= 0
    assert smooth.max() <= 1
