import numpy as np
import pytest

from transferpain.multimodal.inputs import landmark_input
from transferpain.multimodal.settings import FusionSettings


def clip(frames: int, missing: tuple[int, ...] = ()) -> np.ndarray:
    """Return landmarks whose every number is that of their frame, NaN where there is no face."""
    points = np.broadcast_to(np.arange(frames, dtype=np.float32)[:, None, None], (frames, 478, 3)).copy()
    points[list(missing)] = np.nan
    return points


@pytest.mark.parametrize(
    ("frames", "missing", "read"),
    [
        (8, (), [1, 3, 5, 7]),
        (4, (), [0, 1, 2, 3]),
        (2, (), [0, 0, 1, 1]),
        (8, (3, 5), [1, 2, 4, 7]),  # the face before
        (4, (0, 1), [2, 2, 2, 3]),  # or the first one after
        (4, (0, 1, 3), [2, 2, 2, 2]),
    ],
)
def test_frames_are_spread_over_the_clip_and_missing_ones_are_held(frames, missing, read):
    received = landmark_input(clip(frames, missing), FusionSettings(frames=4))
    assert received.shape == (4, 1434)
    assert received.dtype == np.float32
    assert received[:, 0].tolist() == read
    assert np.ptp(received, axis=1).max() == 0


def test_points_and_coordinates_are_those_asked_for():
    points = np.random.default_rng(0).normal(size=(1, 478, 3)).astype(np.float32)
    received = landmark_input(points, FusionSettings(frames=1, points=468, coordinates=2))
    np.testing.assert_array_equal(received.reshape(468, 2), points[0, :468, :2])


@pytest.mark.parametrize(("missing", "read"), [((), 4), ((4,), 3), ((3, 4, 5), 2), (tuple(range(8)), 8)])
def test_along_the_points_the_face_nearest_to_the_middle_is_read(missing, read):
    received = landmark_input(clip(9, missing), FusionSettings(axis="points", coordinates=2))
    assert received.shape == (478, 2)
    assert (received == read).all()


@pytest.mark.parametrize("axis", ["time", "points"])
def test_a_clip_without_a_face_has_none(axis):
    assert landmark_input(clip(3, (0, 1, 2)), FusionSettings(axis=axis)) is None
