import numpy as np
import pytest

from tests.inputs.landmarks.drawn import drawn_person
from transferpain.inputs.landmarks.geometry import place
from transferpain.inputs.landmarks.mesh import find_points, forget_faces, load_mesh
from transferpain.inputs.landmarks.settings import LandmarkSettings
from transferpain.networks.training.augment import change_images, draw_changes
from transferpain.networks.training.settings import AugmentSettings
from transferpain.strategies.fused.augment import change_landmarks

SIZE = 240
PAPER = {"flip": 0.5, "rotation": 3, "shift": 0.03, "zoom": 0.05}


def mesh_of(picture: np.ndarray) -> np.ndarray:
    mesh = load_mesh(LandmarkSettings(detection_confidence=0.5))
    forget_faces(mesh)
    return find_points(mesh, picture)[0]


@pytest.fixture(scope="module")
def picture() -> np.ndarray:
    return np.ascontiguousarray(drawn_person(3)[:, 40:280])


@pytest.mark.parametrize("settings", [{"flip": 1}, PAPER, PAPER | {"elastic": 0.003, "grid": 0.05}])
def test_it_is_the_mesh_of_the_changed_picture(picture, settings):
    random = np.random.default_rng(1)
    changes = draw_changes(3, SIZE, AugmentSettings(**settings), random)
    before = mesh_of(picture)
    moved = change_landmarks(np.stack([before] * 3), changes)
    assert moved.shape == (3, 478, 3)
    assert moved.dtype == np.float32
    for image, landmarks in zip(change_images(np.stack([picture] * 3), SIZE, changes), moved, strict=True):
        seen = mesh_of(image)
        # In pixels; the distance between the eyes is about 55.
        assert np.linalg.norm((landmarks - seen)[:, :2], axis=1).mean() < 4


def test_shift_and_zoom_are_gone_once_the_landmarks_are_placed(picture):
    before = mesh_of(picture)
    changes = draw_changes(1, SIZE, AugmentSettings(shift=0.2, zoom=0.3), np.random.default_rng(0))
    moved = change_landmarks(before[None], changes)[0]
    assert np.abs(moved - before).max() > 5
    np.testing.assert_allclose(place(moved).points, place(before).points, atol=1e-4)


def test_the_frames_of_a_window_are_changed_alike(picture):
    before = mesh_of(picture)
    changes = draw_changes(2, SIZE, AugmentSettings(**PAPER, elastic=0.003), np.random.default_rng(0))
    assert len(set(changes.flipped)) == 2
    single = change_landmarks(np.stack([before, before + 5]), changes)
    window = change_landmarks(np.stack([[before, before], [before + 5, before + 5]]), changes)
    assert window.shape == (2, 2, 478, 3)
    for frame in (0, 1):
        np.testing.assert_allclose(window[:, frame], single, atol=1e-3)
