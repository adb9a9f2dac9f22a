import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from transferpain.core.errors import DamagedFile
from transferpain.core.store import checksum_path, file_hash, is_intact
from transferpain.inputs.faces.cache import FaceFacts, read_facts
from transferpain.inputs.landmarks.cache import landmark_key, landmarks_path, read_landmarks, write_landmarks
from transferpain.inputs.landmarks.geometry import place
from transferpain.inputs.landmarks.settings import LandmarkSettings, WithBlendshapes

CONFIDENCES = st.sampled_from([0, 0.5, 0.7, 1])
SPANS = st.none() | st.tuples(st.integers(0, 99), st.none() | st.integers(1, 99))
SETTINGS = st.one_of(
    st.builds(kind, detection_confidence=CONFIDENCES, tracking_confidence=CONFIDENCES, still=st.booleans())
    for kind in (LandmarkSettings, WithBlendshapes)
)
KEY_INPUTS = st.tuples(st.text(max_size=4), st.text(max_size=4), SETTINGS, SPANS)


@given(KEY_INPUTS, KEY_INPUTS)
def test_the_key_changes_with_an_input_and_with_nothing_else(one, other):
    assert (landmark_key(*one) == landmark_key(*other)) == (one == other)


def some_landmarks(folder: Path) -> tuple[Path, FaceFacts, np.ndarray]:
    pixels = np.random.default_rng(0).normal(120, 30, size=(478, 3)).astype(np.float32)
    facts = FaceFacts("k", math.nan, 4, 3, "mesh 1")
    face = {"found": True, **place(pixels)._asdict()}
    path = landmarks_path(folder, "abcd")
    write_landmarks(path, facts, [face, {"found": False}, face, face])
    return path, facts, pixels


def test_landmarks_come_back_and_are_missing_where_there_is_no_face(tmp_path):
    path, facts, pixels = some_landmarks(tmp_path)
    landmarks = read_landmarks(path)
    assert is_intact(path)
    assert repr(landmarks.facts) == repr(read_facts(path))  # NaN equals itself
    assert (landmarks.facts.key, landmarks.facts.detector) == (facts.key, facts.detector)
    assert landmarks.points.shape == (4, 478, 3)
    assert landmarks.points.dtype == landmarks.centre.dtype == landmarks.interocular.dtype == np.float32
    assert landmarks.found.tolist() == [True, False, True, True]
    assert landmarks.coverage == 0.75
    assert np.isnan(landmarks.points[1]).all()
    assert np.isfinite(landmarks.points[[0, 2, 3]]).all()
    np.testing.assert_allclose(landmarks.pixels[2], pixels, rtol=1e-4, atol=1e-2)


def test_a_clip_without_a_face_has_only_missing_points(tmp_path):
    path = tmp_path / "none.parquet"
    write_landmarks(path, FaceFacts("k", 25.0, 2, 0, "mesh 1"), [{"found": False}] * 2)
    landmarks = read_landmarks(path)
    assert landmarks.points.shape == (2, 478, 3)
    assert np.isnan(landmarks.points).all()
    assert landmarks.coverage == 0


def test_the_same_landmarks_are_the_same_bytes(tmp_path):
    one, _, _ = some_landmarks(tmp_path / "one")
    other, _, _ = some_landmarks(tmp_path / "other")
    assert file_hash(one) == file_hash(other)


def test_blendshapes_are_kept_where_they_are_asked_for(tmp_path):
    _, facts, pixels = some_landmarks(tmp_path)
    scores = np.random.default_rng(1).random(52).astype(np.float32)
    face = {"found": True, **place(pixels)._asdict(), "blendshapes": scores}
    rows = [{"found": False}, face]
    write_landmarks(tmp_path / "with.parquet", facts, rows, blendshapes=True)
    kept = read_landmarks(tmp_path / "with.parquet").blendshapes
    assert kept.dtype == np.float32
    assert np.isnan(kept[0]).all()
    np.testing.assert_array_equal(kept[1], scores)
    write_landmarks(tmp_path / "without.parquet", facts, rows)
    assert read_landmarks(tmp_path / "without.parquet").blendshapes is None


@pytest.mark.parametrize("key", ["abcd", "ffff"])
def test_the_file_stands_under_its_key(tmp_path, key):
    assert landmarks_path(tmp_path, key) == tmp_path / "landmarks" / key[:2] / f"{key}.parquet"


@pytest.mark.parametrize(
    "damage",
    [lambda content: b"", lambda content: content[:-20], lambda content: content[:4] + b"\xff" * 40 + content[44:]],
)
def test_damaged_landmarks_are_refused_and_no_longer_count(damage, tmp_path):
    path, _, _ = some_landmarks(tmp_path)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(DamagedFile, match=r"abcd\.parquet is damaged"):
        read_landmarks(path)
    assert not checksum_path(path).exists()
