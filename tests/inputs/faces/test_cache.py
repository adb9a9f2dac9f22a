import dataclasses
import math
import os
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.inputs.faces.drawing import draw_plain_face
from transferpain.core.errors import UserError
from transferpain.core.store import file_hash, is_intact
from transferpain.inputs.faces.cache import (
    FaceFacts,
    face_key,
    faces_path,
    media_hash,
    pictures_hash,
    read_faces,
    read_facts,
    using,
    write_faces,
)
from transferpain.inputs.faces.jpeg import encode_jpeg

REMEMBERED = "0123456789abcdef" * 4
SPANS = st.none() | st.tuples(st.integers(0, 99), st.none() | st.integers(1, 99))
KEY_INPUTS = st.tuples(st.text(max_size=8), st.text(max_size=8), st.floats(0, 4), st.integers(16, 1024), SPANS)


@given(KEY_INPUTS, KEY_INPUTS)
def test_the_key_changes_with_an_input_and_with_nothing_else(one, other):
    assert (face_key(*one) == face_key(*other)) == (one == other)


def test_a_whole_margin_is_the_same_margin():
    assert face_key("a", "dlib 1", 0, 96) == face_key("a", "dlib 1", 0.0, 96)


def test_the_keys_of_whole_media_stay_what_they_were():
    # Else everybody's cache is computed again.
    assert face_key("c", "mediapipe 0.10.21", 0, 224) == "5da0b34cc6255cf3"


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


def test_the_same_faces_are_the_same_bytes(tmp_path):
    one, _, _ = some_faces(tmp_path / "one")
    other, _, _ = some_faces(tmp_path / "other")
    assert file_hash(one) == file_hash(other)


def test_facts_are_frozen(tmp_path):
    _, facts, _ = some_faces(tmp_path)
    with pytest.raises(dataclasses.FrozenInstanceError):
        facts.found = 3


def test_a_media_hash_is_of_the_content_and_remembered_without_names(tmp_path):
    video = tmp_path / "anna.mp4"
    video.write_bytes(b"content")
    cache = tmp_path / "cache"
    assert media_hash(video, cache) == file_hash(video)
    (memory,) = [path for path in cache.rglob("*") if path.is_file()]
    assert "anna" not in str(memory.relative_to(cache)) + memory.read_text()
    memory.write_text(REMEMBERED)
    assert media_hash(video, cache) == REMEMBERED


@pytest.mark.parametrize("damaged", ["", "0123", "x" * 64])
def test_a_damaged_memory_is_not_believed(tmp_path, damaged):
    video = tmp_path / "clip.mp4"
    video.write_bytes(b"content")
    media_hash(video, tmp_path)
    (memory,) = [path for path in (tmp_path / "hashes").rglob("*") if path.is_file()]
    memory.write_text(damaged)
    assert media_hash(video, tmp_path) == memory.read_text() == file_hash(video)


@pytest.mark.parametrize("change", ["content", "time", "place"])
def test_a_changed_file_is_hashed_again(tmp_path, change):
    video = tmp_path / "clip.mp4"
    video.write_bytes(b"content")
    cache = tmp_path / "cache"
    media_hash(video, cache)
    for memory in cache.rglob("*"):
        if memory.is_file():
            memory.write_text(REMEMBERED)
    if change == "content":
        video.write_bytes(b"another content")
    elif change == "time":
        os.utime(video, ns=(0, 12345))
    else:
        video = video.rename(tmp_path / "other.mp4")
    assert media_hash(video, cache) == file_hash(video)


def test_a_missing_video_is_an_error_of_the_system(tmp_path):
    with pytest.raises(FileNotFoundError):
        media_hash(tmp_path / "missing.mp4", tmp_path)


def pictures(folder: Path, *contents: bytes, prefix: str = "anna") -> list[Path]:
    folder.mkdir()
    paths = [folder / f"{prefix}{number}.png" for number in range(len(contents))]
    for path, content in zip(paths, contents, strict=True):
        path.write_bytes(content)
    return paths


def memories(cache: Path) -> list[Path]:
    return [path for path in cache.rglob("*") if path.is_file()]


def test_pictures_are_hashed_by_content_and_order_whatever_their_names(tmp_path):
    cache = tmp_path / "cache"
    one = pictures_hash(pictures(tmp_path / "Anna", b"1", b"2"), cache)
    assert re.fullmatch("[0-9a-f]{64}", one)
    assert pictures_hash(pictures(tmp_path / "Otto", b"1", b"2", prefix="x"), cache) == one
    others = [(b"2", b"1"), (b"12",), (b"1",), (b"1", b"2", b"2"), (b"1", b"")]
    hashes = [pictures_hash(pictures(tmp_path / str(number), *other), cache) for number, other in enumerate(others)]
    assert len({one, *hashes}) == len(others) + 1


def test_the_hash_of_pictures_is_remembered_without_names(tmp_path):
    paths = pictures(tmp_path / "Anna", b"1", b"2")
    pictures_hash(paths, tmp_path / "cache")
    (memory,) = memories(tmp_path / "cache")
    assert "anna" not in (str(memory.relative_to(tmp_path)) + memory.read_text()).lower()
    memory.write_text(REMEMBERED)
    assert pictures_hash(paths, tmp_path / "cache") == REMEMBERED


@pytest.mark.parametrize("change", ["content", "time", "order", "fewer"])
def test_changed_pictures_are_hashed_again(tmp_path, change):
    paths = pictures(tmp_path / "Anna", b"1", b"2")
    before = pictures_hash(paths, tmp_path / "cache")
    (memory,) = memories(tmp_path / "cache")
    memory.write_text(REMEMBERED)
    if change == "content":
        paths[1].write_bytes(b"other")
    elif change == "time":
        os.utime(paths[1], ns=(0, 12345))
    else:
        paths = paths[::-1] if change == "order" else paths[:1]
    after = pictures_hash(paths, tmp_path / "cache")
    assert after != REMEMBERED
    assert (after == before) == (change == "time")


def test_pictures_that_swap_their_names_are_hashed_again(tmp_path):
    paths = pictures(tmp_path / "Anna", b"1", b"2")
    for path in paths:
        os.utime(path, ns=(0, 12345))
    before = pictures_hash(paths, tmp_path / "cache")
    paths[0].rename(tmp_path / "aside")
    paths[1].rename(paths[0])
    (tmp_path / "aside").rename(paths[1])
    assert pictures_hash(paths, tmp_path / "cache") != before


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="there is no file that is there but cannot be read")
def test_a_picture_that_cannot_be_read_counts_as_such_and_is_not_remembered(tmp_path):
    paths = pictures(tmp_path / "Anna", b"1", b"2")
    whole = pictures_hash(paths, tmp_path / "whole")
    paths[1].unlink()
    paths[1].symlink_to("/proc/self/mem")
    assert pictures_hash(paths, tmp_path / "cache") != whole
    assert memories(tmp_path / "cache") == []


def test_a_failed_write_names_the_cache(tmp_path):
    with pytest.raises(UserError, match=r"cache .* cannot be read or written(.|\n)*No space left"), using(tmp_path):
        raise OSError(28, "No space left on device")
