"""Hashes of what media hold: by content, remembered while a file is the one that was read, and no longer."""

import os
import re
import time
from pathlib import Path

import pandas as pd
import pytest

from transferpain.core.file_state import file_state
from transferpain.core.store import file_hash
from transferpain.data.media.contents import contents_hash, media_hash, pictures_hash


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    """Let every file of a test have been written a minute ago: none can have changed unseen."""
    now = time.time_ns
    monkeypatch.setattr(time, "time_ns", lambda: now() + 60 * 10**9)
    return now


def memories(cache: Path) -> list[Path]:
    return [path for path in cache.rglob("*") if path.is_file()]


def write(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def is_believed(path: Path, cache: Path, monkeypatch) -> bool:
    """Tell whether a file's hash comes from the memory: nothing is read then."""
    with monkeypatch.context() as context:
        context.setattr("builtins.open", lambda *_, **__: pytest.fail("the medium is read"))
        try:
            media_hash(path, cache)
        except pytest.fail.Exception:
            return False
    return True


def test_a_media_hash_is_of_the_content_and_remembered_without_names(tmp_path, monkeypatch):
    video, cache = write(tmp_path / "anna.mp4", b"content"), tmp_path / "cache"
    assert media_hash(video, cache) == file_hash(video)
    (memory,) = memories(cache)
    assert "anna" not in str(memory.relative_to(cache)) + memory.read_text()
    assert is_believed(video, cache, monkeypatch)


def test_a_file_that_was_just_written_is_not_remembered(tmp_path, clock, monkeypatch):
    monkeypatch.setattr(time, "time_ns", clock)
    video = write(tmp_path / "clip.mp4", b"content")
    assert media_hash(video, tmp_path / "cache") == file_hash(video)
    assert memories(tmp_path / "cache") == []


@pytest.mark.parametrize("damaged", [b"", b"0123", b"x" * 64, b"\xff" * 64, bytes(82), b"0" * 64, b"cut"])
def test_a_damaged_memory_is_not_believed(tmp_path, damaged):
    video, cache = write(tmp_path / "clip.mp4", b"content"), tmp_path / "cache"
    media_hash(video, cache)
    (memory,) = memories(cache)
    whole = memory.read_bytes()
    memory.write_bytes(whole[:-4] if damaged == b"cut" else damaged)
    assert media_hash(video, cache) == file_hash(video)
    assert memory.read_bytes() == whole


def test_swapped_memories_are_not_believed(tmp_path):
    videos, cache = [write(tmp_path / name, name.encode()) for name in "ab"], tmp_path / "cache"
    for video in videos:
        media_hash(video, cache)
    one, other = memories(cache)
    content = one.read_bytes()
    one.write_bytes(other.read_bytes())
    other.write_bytes(content)
    assert [media_hash(video, cache) for video in videos] == [file_hash(video) for video in videos]


@pytest.mark.parametrize("change", ["content", "same size", "same size and time", "replaced", "place"])
def test_a_changed_file_is_hashed_again(tmp_path, change):
    video, cache = write(tmp_path / "clip.mp4", b"content"), tmp_path / "cache"
    before, times = media_hash(video, cache), (video.stat().st_atime_ns, video.stat().st_mtime_ns)
    if change == "content":
        video.write_bytes(b"another content")
    elif change == "place":
        video = video.rename(tmp_path / "other.mp4")
    elif change == "replaced":
        os.replace(write(tmp_path / "new.mp4", b"CONTENT"), video)
        os.utime(video, ns=times)
    else:
        video.write_bytes(b"CONTENT")
        if change == "same size and time":
            os.utime(video, ns=times)
    assert media_hash(video, cache) == file_hash(video)
    assert (media_hash(video, cache) == before) == (change == "place")


def test_the_state_of_a_file_changes_with_what_nobody_can_set(tmp_path):
    video = write(tmp_path / "clip.mp4", b"content")
    before, times = file_state(video), (video.stat().st_atime_ns, video.stat().st_mtime_ns)
    time.sleep(0.02)
    video.write_bytes(b"CONTENT")
    os.utime(video, ns=times)
    assert file_state(video) != before


def test_a_missing_video_is_an_error_of_the_system(tmp_path):
    with pytest.raises(FileNotFoundError):
        media_hash(tmp_path / "missing.mp4", tmp_path)


def pictures(folder: Path, *contents: bytes, prefix: str = "anna") -> list[Path]:
    return [write(folder / f"{prefix}{number}.png", content) for number, content in enumerate(contents)]


def test_pictures_are_hashed_by_content_and_order_whatever_their_names(tmp_path):
    cache = tmp_path / "cache"
    one = pictures_hash(pictures(tmp_path / "Anna", b"1", b"2"), cache)
    assert re.fullmatch("[0-9a-f]{64}", one)
    assert pictures_hash(pictures(tmp_path / "Otto", b"1", b"2", prefix="x"), cache) == one
    others = [(b"2", b"1"), (b"12",), (b"1",), (b"1", b"2", b"2"), (b"1", b"")]
    hashes = [pictures_hash(pictures(tmp_path / str(number), *other), cache) for number, other in enumerate(others)]
    assert len({one, *hashes}) == len(others) + 1


def test_the_hash_of_pictures_is_remembered_without_names(tmp_path):
    paths, cache = pictures(tmp_path / "Anna", b"1", b"2"), tmp_path / "cache"
    pictures_hash(paths, cache)
    (memory,) = memories(cache)
    assert "anna" not in (str(memory.relative_to(tmp_path)) + memory.read_text()).lower()


@pytest.mark.parametrize("change", ["content", "time", "order", "fewer"])
def test_changed_pictures_are_hashed_again(tmp_path, change):
    paths, cache = pictures(tmp_path / "Anna", b"1", b"2"), tmp_path / "cache"
    before = pictures_hash(paths, cache)
    if change == "content":
        paths[1].write_bytes(b"3")
    elif change == "time":
        os.utime(paths[1], ns=(0, 12345))
    else:
        paths = paths[::-1] if change == "order" else paths[:1]
    assert (pictures_hash(paths, cache) == before) == (change == "time")
    assert len(memories(cache)) == 2


def test_pictures_that_swap_their_names_are_hashed_again(tmp_path):
    paths, cache = pictures(tmp_path / "Anna", b"1", b"2"), tmp_path / "cache"
    for path in paths:
        os.utime(path, ns=(0, 12345))
    before = pictures_hash(paths, cache)
    paths[0].rename(tmp_path / "aside")
    paths[1].rename(paths[0])
    (tmp_path / "aside").rename(paths[1])
    assert pictures_hash(paths, cache) != before


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="there is no file that is there but cannot be read")
def test_a_picture_that_cannot_be_read_counts_as_such_and_is_not_remembered(tmp_path):
    paths = pictures(tmp_path / "Anna", b"1", b"2")
    whole = pictures_hash(paths, tmp_path / "whole")
    paths[1].unlink()
    paths[1].symlink_to("/proc/self/mem")
    assert pictures_hash(paths, tmp_path / "cache") != whole
    assert memories(tmp_path / "cache") == []


def clips(root: Path) -> pd.DataFrame:
    """Write a video with two spans, and a folder of pictures."""
    write(root / "own/video.mp4", b"video")
    pictures(root / "own/pictures", b"1", b"2")
    rows = [("a", "own/video.mp4", "span"), ("b", "own/video.mp4", "span"), ("c", "own/pictures", "images")]
    return pd.DataFrame(rows, columns=["clip", "media", "kind"])


def test_the_contents_of_clips_do_not_depend_on_where_they_stand(tmp_path):
    one, other = (contents_hash(clips(tmp_path / name), tmp_path / name, tmp_path / "cache") for name in "xy")
    assert one == other


def test_nothing_is_read_where_nothing_has_changed(tmp_path, monkeypatch):
    table = clips(tmp_path)
    before = contents_hash(table, tmp_path, tmp_path / "cache")
    monkeypatch.setattr("builtins.open", lambda *_, **__: pytest.fail("a medium is read"))
    assert contents_hash(table, tmp_path, tmp_path / "cache") == before


@pytest.mark.parametrize("change", ["video", "picture", "order", "gone", "added"])
def test_changed_contents_are_noticed_whatever_size_and_time_say(change, tmp_path):
    table = clips(tmp_path)
    video, picture = tmp_path / "own/video.mp4", tmp_path / "own/pictures/anna1.png"
    for path in (video, picture, picture.with_name("anna0.png")):
        os.utime(path, ns=(0, 12345))
    before = contents_hash(table, tmp_path, tmp_path / "cache")
    changed = video if change == "video" else picture
    if change in ("video", "picture"):
        changed.write_bytes(changed.read_bytes()[::-1] if change == "video" else b"3")
        os.utime(changed, ns=(0, 12345))
    elif change == "order":
        picture.rename(picture.with_name("a.png"))
    elif change == "gone":
        picture.unlink()
    else:
        write(picture.with_name("anna2.png"), b"3")
    assert contents_hash(table, tmp_path, tmp_path / "cache") != before


def test_media_that_cannot_be_read_count_and_are_looked_at_again(tmp_path):
    table = clips(tmp_path)
    whole = contents_hash(table, tmp_path, tmp_path / "cache")
    content = (tmp_path / "own/video.mp4").read_bytes()
    (tmp_path / "own/video.mp4").unlink()
    assert contents_hash(table, tmp_path, tmp_path / "cache") != whole
    write(tmp_path / "own/video.mp4", content)
    assert contents_hash(table, tmp_path, tmp_path / "cache") == whole
