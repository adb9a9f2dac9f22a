import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from transferpain.models.sources.preprocessing import Preprocessing, scale_pixels

RED = np.array([[[[255.0, 0.0, 0.0]]]], dtype=np.float32)


@pytest.mark.parametrize(
    ("scaling", "expected"),
    [
        ("unit", [1, 0, 0]),
        ("symmetric", [1, -1, -1]),
        ("caffe", [-103.939, -116.779, 255 - 123.68]),  # blue, green, red
        ("torch", [(1 - 0.485) / 0.229, -0.456 / 0.224, -0.406 / 0.225]),
    ],
)
def test_scaling_of_a_red_pixel(scaling, expected):
    scaled = scale_pixels(RED, scaling)
    assert scaled.dtype == np.float32
    np.testing.assert_allclose(scaled[0, 0, 0], expected, rtol=1e-6)


def test_unknown_scaling_is_refused():
    with pytest.raises(ValueError, match="unknown scaling: pytorch"):
        scale_pixels(RED, "pytorch")


@pytest.mark.parametrize(
    "wrong",
    [
        *({"scaling": "pytorch"}, {"color": "bgr"}, {"crop": 3}, {"size": 4}, {"size": 10**9}, {"size": None}),
        *({"detector": "yolo"}, {"detector": ""}, {"detector": None}, {"detector": 3}),
        *({"margin": -0.1}, {"margin": 5}, {"margin": float("nan")}, {"margin": "wide"}),
        *({"size": "96"}, {"size": 96.0}, {"size": True}, {"margin": "0.2"}, {"margin": False}),
    ],
)
def test_wrong_settings_are_refused(wrong):
    with pytest.raises(ValidationError):
        Preprocessing(**wrong)


def test_faces_are_cut_as_in_training():
    chosen = Preprocessing(size=96, detector="dlib", margin=0.4).faces
    assert (chosen.detector, chosen.resolved_margin, chosen.size) == ("dlib", 0.4, 96)


def test_for_pictures_that_were_faces_already_a_face_is_cut_as_wide_as_they_are():
    chosen = Preprocessing(size=48, detector="none", margin=0.0).faces
    assert (chosen.detector, chosen.size) == ("mediapipe", 48)
    assert 0 < chosen.resolved_margin < 0.5


def test_every_choice_shows_in_the_canonical_string():
    choices = [
        {},
        {"size": 96},
        {"scaling": "caffe"},
        {"detector": "dlib"},
        {"margin": 0.0},
        {"margin": 0.25},
    ]
    texts = [Preprocessing(**choice).canonical for choice in choices]
    assert len(set(texts)) == len(choices)
    assert texts[1] == "detect(mediapipe,margin=default)|resize(96)|rgb|scale(unit)"


PREPROCESSINGS = st.builds(
    Preprocessing,
    size=st.integers(32, 512),
    scaling=st.sampled_from(["unit", "caffe", "symmetric"]),
    detector=st.sampled_from(["mediapipe", "dlib", "face_alignment", "yunet", "none"]),
    margin=st.none() | st.floats(0, 4),
)


@given(PREPROCESSINGS, PREPROCESSINGS, st.sampled_from(["size", "scaling", "detector", "margin"]))
def test_the_canonical_string_changes_with_each_field_and_with_nothing_else(one, other, field):
    changed = one.model_copy(update={field: getattr(other, field)})
    assert (one.canonical == changed.canonical) == (one == changed)
