import numpy as np
import pytest

from tests.strategies.fused.recorded import BOX, SIZE, face_points, write_recording
from transferpain.inputs.faces.jpeg import decode_jpeg
from transferpain.inputs.landmarks.geometry import place
from transferpain.models.sources.face_settings import FaceSettings
from transferpain.strategies.fused.inputs import landmark_rows, one_frame, read_clip
from transferpain.strategies.fused.settings import FusionSettings

FACES = FaceSettings(detector="mediapipe", margin=0.0, size=SIZE)


@pytest.mark.parametrize(
    ("frames", "faces", "mesh", "standing", "found"),
    [
        (8, range(8), range(8), [1, 3, 5, 7], [1, 1, 1, 1]),
        (2, range(2), range(2), [0, 0, 1, 1], [1, 1, 1, 1]),
        (8, range(8), [0, 1, 2, 4, 6, 7], [1, 2, 4, 7], [1, 0, 0, 1]),  # the frame before
        (8, [0, 1, 2, 4, 6, 7], range(8), [1, 2, 4, 7], [1, 0, 0, 1]),
        (4, [1, 2, 3], [0, 2], [2, 2, 2, 2], [0, 0, 1, 0]),  # or the first one after
    ],
)
def test_a_frame_without_face_or_landmarks_is_stood_for(tmp_path, frames, faces, mesh, standing, found):
    shown, traced, points = write_recording(tmp_path, list(faces), list(mesh), frames)
    clip = read_clip(shown, traced, FACES, 4)
    assert [round(decode_jpeg(jpeg).mean() / 10) for jpeg in clip.jpegs] == standing
    assert clip.found.tolist() == [bool(one) for one in found]
    assert clip.coverage == sum(found) / 4
    assert clip.total_found == len(set(faces) & set(mesh))
    # The crop is the box of 120 pixels, shrunk to 32; pixel areas are aligned.
    share = SIZE / (BOX[2] - BOX[0])
    expected = (points[standing] - (BOX[0], BOX[1], 0) + (0.5, 0.5, 0)) * share - (0.5, 0.5, 0)
    np.testing.assert_allclose(clip.landmarks, expected, atol=1e-3)


@pytest.mark.parametrize(("axis", "traced"), [("time", [0, 1, 2, 3]), ("points", [2])])
def test_one_frame_is_read_with_the_landmarks_of_all(tmp_path, axis, traced):
    shown, mesh, _ = write_recording(tmp_path, list(range(8)), [0, 1, 2, 4, 6, 7], 8)
    clip = read_clip(shown, mesh, FACES, 4)
    one = one_frame(clip, 2, axis)
    assert (one.jpegs, one.frames.tolist(), one.found.tolist()) == (clip.jpegs[2:3], [clip.frames[2]], [False])
    np.testing.assert_array_equal(one.landmarks, clip.landmarks[traced])


def test_a_clip_without_any_such_frame_has_nothing_to_read(tmp_path):
    shown, traced, _ = write_recording(tmp_path, [0, 2], [1, 3], 4)
    clip = read_clip(shown, traced, FACES, 4)
    assert (clip.coverage, clip.total_found, clip.jpegs, clip.landmarks.shape) == (0, 0, (), (0, 478, 3))


def test_rows_are_placed_and_hold_what_is_asked_for():
    random = np.random.default_rng(1)
    window = np.stack([[face_points(random) for _ in range(3)] for _ in range(2)])
    placed = place(window).points
    along_time = landmark_rows(window, FusionSettings(frames=3, points=468, coordinates=2))
    assert along_time.shape == (2, 3, 936)
    assert along_time.dtype == np.float32
    np.testing.assert_array_equal(along_time[1, 2], placed[1, 2, :468, :2].reshape(-1))
    along_points = landmark_rows(window[:, 0], FusionSettings(axis="points"))
    np.testing.assert_array_equal(along_points, placed[:, 0])


def test_where_and_how_large_a_face_is_does_not_count():
    points = face_points(np.random.default_rng(2))[None, None]
    settings = FusionSettings(frames=1)
    np.testing.assert_allclose(
        landmark_rows(points, settings), landmark_rows(points * 3 + (7, -4, 0), settings), atol=1e-4
    )
