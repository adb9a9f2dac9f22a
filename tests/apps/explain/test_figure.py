import numpy as np
import pytest

from transferpain.apps.explain.figure import (
    CANVAS,
    FACES_STAMP,
    draw_faces,
    draw_mean_maps,
    drawn_mesh,
    mean_map,
    region_outlines,
    to_drawn_mesh,
)
from transferpain.reports.figures import STAMP

SIZE = 96
LIP = 13  # the middle of the upper lip
MOUTH = (61, 291, 0, 17)


def turned_mesh() -> np.ndarray:
    """Return the drawn mesh as it lies in a smaller picture of a head that is tilted a little."""
    turn = np.array([[0.44, 0.08], [-0.08, 0.44]])
    return (drawn_mesh() - CANVAS / 2) @ turn.T + SIZE / 2


def spot(points: np.ndarray, at: int) -> np.ndarray:
    rows, columns = np.indices((SIZE, SIZE))
    column, row = points[at]
    return np.exp(-((columns - column) ** 2 + (rows - row) ** 2) / 20).astype(np.float32)


def test_the_drawn_mesh_is_a_face_on_the_canvas():
    mesh = drawn_mesh()
    assert mesh.shape == (478, 2)
    assert mesh.min() > 0
    assert mesh.max() < CANVAS
    assert mesh[33, 1] < mesh[4, 1] < mesh[LIP, 1]  # eye, nose, lip
    assert len(region_outlines()) == 7


@pytest.mark.parametrize("point", [LIP, 33, 263])
def test_what_is_on_a_point_of_the_picture_is_on_that_point_of_the_drawn_mesh(point):
    moved = to_drawn_mesh(spot(turned_mesh(), point), turned_mesh())
    row, column = np.unravel_index(np.nanargmax(moved), moved.shape)
    assert (column, row) == pytest.approx(drawn_mesh()[point], abs=3)


def test_a_mean_counts_each_picture_once_and_leaves_out_what_has_no_mesh_or_no_map():
    points = turned_mesh()
    lost = np.full_like(points, np.nan)
    cams = np.array([spot(points, LIP), 100 * spot(points, 33), np.zeros((SIZE, SIZE)), spot(points, 4)])
    mean = mean_map(cams, np.array([points, points, points, lost]))
    (lip, eye, nose) = (mean[tuple(np.rint(drawn_mesh()[point]).astype(int)[::-1])] for point in (LIP, 33, 4))
    assert lip == pytest.approx(eye, rel=0.15)
    assert nose < lip / 10


def test_without_any_map_there_is_no_mean():
    assert mean_map(np.zeros((1, SIZE, SIZE)), turned_mesh()[None]) is None
    assert mean_map(np.ones((1, SIZE, SIZE)), np.full((1, 478, 2), np.nan)) is None


@pytest.mark.parametrize("synthetic", [True, False])
def test_the_figure_has_a_panel_a_class_and_says_what_is_drawn(synthetic):
    mean = mean_map(np.ones((1, SIZE, SIZE)), turned_mesh()[None])
    figure = draw_mean_maps({"none": None, "pain": mean}, "Grad-CAM", synthetic)
    assert "mean Grad-CAM" in figure.get_supxlabel()
    assert [axes.get_title() for axes in figure.axes] == ["none", "pain"]
    assert [len(axes.images) for axes in figure.axes] == [0, 1]
    assert (figure.get_suptitle() == STAMP) is synthetic


def test_faces_are_stamped_and_stand_by_their_class():
    faces = np.zeros((3, SIZE, SIZE, 3), np.uint8)
    figure = draw_faces(faces, np.zeros((3, SIZE, SIZE)), ["none", "pain", "pain"], synthetic=False)
    assert [len(axes.images) for axes in figure.axes] == [2, 0, 0, 0, 2, 2, 0, 0]
    assert figure.get_supxlabel() == FACES_STAMP
