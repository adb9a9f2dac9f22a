import numpy as np
import pytest

from transferpain.apps.live.network import read_window
from transferpain.strategies.fused.settings import FusionSettings


def seen(frames: int) -> np.ndarray:
    """Faces whose chin drops frame by frame; the eyes stay where they are."""
    points = np.random.default_rng(0).random((478, 3), np.float32)
    past = np.repeat(points[None], frames, axis=0)
    past[:, 152, 1] += np.arange(frames)
    return past


@pytest.mark.parametrize(
    ("frames", "taken"), [(8, [1, 3, 5, 7]), (4, [0, 1, 2, 3]), (2, [0, 0, 1, 1]), (1, [0, 0, 0, 0])]
)
def test_a_window_is_spread_over_what_was_seen(frames, taken):
    settings = FusionSettings(frames=4)
    chin = read_window(seen(frames), settings).reshape(1, 4, 478, 3)[0, :, 152, 1]
    steps = (chin - chin[0]) / (read_window(seen(2), FusionSettings(frames=2)).reshape(2, 478, 3)[:, 152, 1] @ [-1, 1])
    np.testing.assert_allclose(steps, np.array(taken) - taken[0], atol=1e-4)


def test_a_network_along_the_points_reads_the_newest_frame():
    settings = FusionSettings(axis="points", frames=1)
    np.testing.assert_array_equal(read_window(seen(5), settings), read_window(seen(5)[-1:], settings))
