from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from tests.apps.edge.small_fused import small_fused
from tests.apps.explain.small_models import SIZE, small_model
from transferpain.apps.edge.samples import drawn_samples, window_settings
from transferpain.models.sources.picture_model import PictureModel
from transferpain.models.sources.preprocessing import Preprocessing


def model_of(network) -> PictureModel:
    return PictureModel(Path("nowhere"), SimpleNamespace(model=network), Preprocessing(size=SIZE))


def test_a_network_on_one_picture_is_shown_faces():
    calibration, comparison = drawn_samples(model_of(small_model(2)), people=2)
    assert calibration.pixels.shape == comparison.pixels.shape == (6, 1, SIZE, SIZE, 3)
    assert calibration.landmarks is None
    assert 0 <= calibration.pixels.min() < 100 < calibration.pixels.max() <= 255
    assert calibration.origin == "6 drawn faces"
    # Nobody is in both halves, and nobody twice with the same expression.
    every = np.concatenate([calibration.pixels, comparison.pixels]).reshape(12, -1)
    assert len(np.unique(every, axis=0)) == 12


@pytest.mark.parametrize(("fusion", "frames"), [("dense", 1), ("bilstm", 3)])
def test_a_fused_network_is_shown_windows_with_landmarks(fusion, frames):
    calibration, _ = drawn_samples(model_of(small_fused(fusion)), people=1)
    assert calibration.pixels.shape[1:] == (frames, SIZE, SIZE, 3)
    assert calibration.landmarks.shape[1:] == (3, 1434)
    assert len(calibration.landmarks) == len(calibration.pixels) >= 2
    assert np.isfinite(calibration.landmarks).all()


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((16, 1434), ("time", 16, 478, 3)),
        ((16, 956), ("time", 16, 478, 2)),
        ((4, 1404), ("time", 4, 468, 3)),
        ((478, 3), ("points", 1, 478, 3)),
        ((468, 2), ("points", 1, 468, 2)),
    ],
)
def test_the_shape_says_how_landmarks_are_read(shape, expected):
    settings = window_settings(shape)
    assert (settings.axis, settings.frames, settings.points, settings.coordinates) == expected
    assert settings.landmark_shape == shape


def test_another_shape_is_no_face_mesh():
    with pytest.raises(ValueError, match="no reading of the face mesh"):
        window_settings((16, 100))
