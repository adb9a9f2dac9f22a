import dataclasses
import math
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.inputs.faces.drawing import draw_plain_face
from transferpain.core.errors import DamagedFile
from transferpain.core.store import checksum_path, file_hash, is_intact
from transferpain.data.media.medium import READER
from transferpain.inputs.faces.cache import (
    FaceFacts,
    face_key,
    faces_path,
    read_faces,
    read_facts,
    write_faces,
)
from transferpain.inputs.faces.jpeg import encode_jpeg

SPANS = st.none() | st.tuples(st.integers(0, 99), st.none() | st.integers(1, 99))
KEY_INPUTS = st.tuples(st.text(max_size=8), st.text(max_size=8), st.floats(0, 4), st.integers(16, 1024), SPANS)


@given(KEY_INPUTS, KEY_INPUTS)
def test_the_key_changes_with_an_input_and_with_nothing_else(one, other):
    assert (face_key(*one) == face_key(*other)) == (one == other)


def test_a_whole_margin_is_the_same_margin():
    assert face_key("a", "dlib 1", 0, 96) == face_key("a", "dlib 1", 0.0, 96)


def test_the_keys_of_whole_media_stay_what_they_are():
    # Else everybody's cache is computed again: with another reader of media alone.
    assert READER == 3
    assert face_key("c", "mediapipe 0.10.21", 0, 224) == "47dd0cc42691a20f"


def some_faces(tmp_path: Path, fps: float = 25.0) -> tuple[Path, FaceFacts, np.ndarray]:
    face = draw_plain_face(96, 96, (48, 48), 0.5)
    missing = {**dict.fromkeys(("left", "top", "right", "bottom", "score"), math.nan), "found": False, "jpeg": None}
    missing |= {"seconds": 0.04, "faces": 0}
    there = {"found": True, "left": 1, "top": 2, "right": 3, "bottom": 4.5, "score": 0.5, "jpeg": encode_jpeg(face)}
    there |= {"seconds": 0.0, "faces": 1}
    facts = FaceFacts(key="k", fps=fps, num_frames=3, found=2, detector="dlib 1")
    path = faces_path(tmp_path, "abcd")
    write_faces(path, facts, [there, missing, there])
    return path, facts, face


def test_faces_come_back(tmp_path):
    path, facts, face = some_faces(tmp_path)
    faces = read_faces(path)
    assert is_intact(path)
    assert faces.facts == facts == read_facts(path)
    assert (faces.fps, faces.num_frames) == (25.0, 3)
    assert faces.found.tolist() == [True, False, True]
    assert faces.found.dtype == bool
    assert faces.boxes.dtype == faces.scores.dtype == np.float32
    assert faces.boxes[0].tolist() == [1, 2, 3, 4.5]
    assert np.isnan(faces.boxes[1]).all()
    assert np.isnan(faces.scores).tolist() == [False, True, False]
    assert faces.images.shape == (2, 96, 96, 3)
    assert np.abs(faces.images[1].astype(int) - face).mean() < 2


def test_an_unknown_rate_stays_unknown(tmp_path):
    path, _, _ = some_faces(tmp_path, fps=math.nan)
    assert math.isnan(read_faces(path).fps)


def test_a_clip_without_a_face_has_no_image(tmp_path):
    path = tmp_path / "none.parquet"
    facts = FaceFacts(key="k", fps=25.0, num_frames=1, found=0, detector="dlib 1")
    write_faces(path, facts, [{"found": False, "jpeg": None}])
    assert len(read_faces(path).images) == 0
    assert read_faces(path).jpegs() == []


def test_pictures_of_some_frames_come_by_frame(tmp_path):
    faces = read_faces(some_faces(tmp_path)[0])
    first, second = faces.jpegs()
    assert faces.jpegs_of(np.array([2, 0, 2])) == {0: first, 2: second}
    assert faces.jpegs_of(np.empty(0, np.int64)) == {}


@pytest.mark.parametrize("frame", [1, 3], ids=["without a face", "behind the end"])
def test_a_picture_that_is_not_there_is_missed(frame, tmp_path):
    path = some_faces(tmp_path)[0]
    with pytest.raises(DamagedFile, match="frames without a picture"):
        read_faces(path).jpegs_of(np.array([0, frame]))
    assert not checksum_path(path).exists()


def peak_of_two_pictures(path: Path, frames: int) -> int:
    """Return the most bytes that two pictures of a long clip take while they are read."""
    picture = bytes(range(256)) * 32
    write_faces(path, FaceFacts("k", 25.0, frames, frames, "drawn"), [{"found": True, "jpeg": picture}] * frames)
    faces, before = read_faces(path), pa.default_memory_pool()
    pool = pa.proxy_memory_pool(before)
    pa.set_memory_pool(pool)
    try:
        assert faces.jpegs_of(np.array([7, frames - 1])) == {7: picture, frames - 1: picture}
    finally:
        pa.set_memory_pool(before)
    return pool.max_memory()


def test_a_long_clip_is_not_held_whole_for_a_few_of_its_pictures(tmp_path):
    short, long = (peak_of_two_pictures(tmp_path / f"{frames}.parquet", frames) for frames in (1500, 9000))
    assert 0 < long < 1.5 * short


def test_the_same_faces_are_the_same_bytes(tmp_path):
    one, _, _ = some_faces(tmp_path / "one")
    other, _, _ = some_faces(tmp_path / "other")
    assert file_hash(one) == file_hash(other)


def test_facts_are_frozen(tmp_path):
    _, facts, _ = some_faces(tmp_path)
    with pytest.raises(dataclasses.FrozenInstanceError):
        facts.found = 3


@pytest.mark.parametrize(
    "damage",
    [lambda content: b"", lambda content: content[:-20], lambda content: content[:4] + b"\xff" * 40 + content[44:]],
)
def test_damaged_faces_are_refused_and_no_longer_count(damage, tmp_path):
    path, _, _ = some_faces(tmp_path)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(DamagedFile, match=r"abcd\.parquet is damaged"):
        read_faces(path).images.sum()
    assert not checksum_path(path).exists()
