import numpy as np
import pytest

from tests.inputs.landmarks.drawn import NOBODY, drawn_person
from transferpain.data.synthetic.camera import BIOVID, seat
from transferpain.data.synthetic.face import Pose
from transferpain.data.synthetic.landmarks import landmarks
from transferpain.data.synthetic.subjects import invent_look
from transferpain.inputs.landmarks.blendshapes import BLENDSHAPES
from transferpain.inputs.landmarks.geometry import place
from transferpain.inputs.landmarks.mesh import FaceMesh, find_faces, find_points, forget_faces, load_mesh
from transferpain.inputs.landmarks.settings import LandmarkSettings, WithBlendshapes

# Points of the drawing, and the same ones of the mesh: corners of the eyes and of the mouth, chin.
SHARED = {36: 33, 39: 133, 42: 362, 45: 263, 48: 61, 54: 291, 8: 152}
# Pairs of mesh points: inner end of the right brow and corner of its eye; inside of the upper and the lower lip.
BROW_TO_EYE, LIPS = (55, 133), (13, 14)


@pytest.fixture
def mesh():
    mesh = load_mesh(LandmarkSettings(detection_confidence=0.5))
    forget_faces(mesh)
    return mesh


def test_the_points_lie_on_the_drawn_face(mesh):
    sitter = seat(BIOVID, invent_look(1), 1)
    (points,) = find_points(mesh, drawn_person(1))
    assert points.shape == (478, 3)
    assert points.dtype == np.float32
    drawn = landmarks(sitter, {}, Pose())
    errors = [np.linalg.norm(drawn[ours] - points[theirs, :2]) for ours, theirs in SHARED.items()]
    assert np.mean(errors) < 0.1 * sitter.zoom


@pytest.mark.parametrize(("units", "pair", "direction"), [({"AU4": 5}, BROW_TO_EYE, -1), ({"AU26": 5}, LIPS, 1)])
def test_the_points_follow_the_action_unit(mesh, units, pair, direction):
    def distance(picture: np.ndarray) -> float:
        forget_faces(mesh)
        first, second = place(find_points(mesh, picture)[0]).points[list(pair), :2]
        return float(np.linalg.norm(second - first))

    assert (distance(drawn_person(1, units)) - distance(drawn_person(1))) * direction > 0.03


def test_without_a_face_there_are_no_points(mesh):
    assert find_points(mesh, NOBODY).shape == (0, 478, 3)


def test_several_faces_are_found_where_several_are_asked_for():
    both = np.concatenate([drawn_person(1), drawn_person(2)], axis=1)
    mesh = load_mesh(LandmarkSettings(detection_confidence=0.5), faces=3)
    forget_faces(mesh)
    places = sorted(find_points(mesh, both)[:, :, 0].mean(axis=1))
    assert places == pytest.approx([160, 480], abs=15)


def test_blendshapes_come_with_the_same_points_where_they_are_asked_for(mesh):
    with_blendshapes = load_mesh(WithBlendshapes(detection_confidence=0.5))
    forget_faces(with_blendshapes)
    calm, jaw = drawn_person(1), drawn_person(1, {"AU26": 5})
    without, found = find_faces(mesh, calm), find_faces(with_blendshapes, calm)
    np.testing.assert_array_equal(found.points, without.points)
    assert found.blendshapes.shape == without.blendshapes.shape == (1, 52)
    assert found.blendshapes.dtype == np.float32
    assert np.isnan(without.blendshapes).all()
    forget_faces(with_blendshapes)
    opened = find_faces(with_blendshapes, jaw).blendshapes - found.blendshapes
    assert opened[0, BLENDSHAPES.index("jawOpen")] == opened.max() > 0.2
    assert find_faces(with_blendshapes, NOBODY).blendshapes.shape == (0, 52)


def test_it_says_nothing_when_it_starts_and_finds_a_face(mesh, capfd):
    forget_faces(mesh)
    find_points(mesh, drawn_person())
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("faces", [1, 3])
@pytest.mark.parametrize("confidence", [0.5, 0.0])
def test_what_has_forgotten_answers_as_what_is_new(faces, confidence):
    # With no confidence asked for, it goes on to see a face in an empty picture.
    settings = LandmarkSettings(detection_confidence=0.5, tracking_confidence=confidence)
    used, pictures = FaceMesh(settings, faces), [drawn_person(1), drawn_person(1, x=0.55)]
    for picture in (drawn_person(2, x=0.3), drawn_person(2, x=0.35)):
        assert len(find_points(used, picture))
    forget_faces(used)
    new = FaceMesh(settings, faces)
    for picture in pictures:
        np.testing.assert_array_equal(find_points(used, picture), find_points(new, picture))


def test_a_mesh_for_single_pictures_follows_nothing():
    mesh = FaceMesh(LandmarkSettings(still=True), 1)
    first = find_points(mesh, drawn_person(1))
    find_points(mesh, drawn_person(2, x=0.3))
    np.testing.assert_array_equal(find_points(mesh, drawn_person(1)), first)
