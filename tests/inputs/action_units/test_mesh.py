import numpy as np

from tests.inputs.landmarks.drawn import NOBODY, drawn_person
from transferpain.inputs.action_units.mesh import NO_MESH, STILL, load_still_mesh, stack_meshes
from transferpain.inputs.landmarks.mesh import find_points, load_mesh


def test_points_and_blendshapes_of_one_face():
    mesh = load_still_mesh()(drawn_person())
    assert (mesh.points.shape, mesh.blendshapes.shape) == ((478, 3), (52,))
    assert np.isfinite(mesh.points).all()
    assert ((mesh.blendshapes >= 0) & (mesh.blendshapes <= 1)).all()
    np.testing.assert_array_equal(mesh.points, find_points(load_mesh(STILL), drawn_person())[0])


def test_a_picture_without_a_face_has_no_mesh():
    mesh = load_still_mesh()(NOBODY)
    assert (mesh.points.shape, mesh.blendshapes.shape) == ((478, 3), (52,))
    assert np.isnan(mesh.points).all()
    assert np.isnan(mesh.blendshapes).all()


def test_a_picture_does_not_matter_for_the_next_one():
    find = load_still_mesh()
    first = find(drawn_person(1))
    find(drawn_person(2, x=0.3))
    np.testing.assert_array_equal(find(drawn_person(1)).blendshapes, first.blendshapes)


def test_meshes_are_stacked_in_their_order():
    face = NO_MESH._replace(points=np.ones((478, 3)))
    stacked = stack_meshes([NO_MESH, face])
    assert (stacked.points.shape, stacked.blendshapes.shape) == ((2, 478, 3), (2, 52))
    assert np.isnan(stacked.points).all(axis=(1, 2)).tolist() == [True, False]
