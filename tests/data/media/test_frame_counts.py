"""How many frames videos have: counted, whatever their headers state, and as the reader of all stages numbers them."""

import time

import numpy as np
import pytest

from tests.data.media import faulty_videos, odd_videos
from tests.data.media.test_video import halves
from tests.inputs.faces.drawing import write_video
from transferpain.data.media import packets, video
from transferpain.data.media.frame_counts import other_length, too_short
from transferpain.data.media.video import count_frames, open_video, stated_frames


def trim(path, shown):
    """Let the header of an mp4 of 25 frames a second show its first frames alone."""
    edit = b"elst" + bytes(7) + b"\1" + (40 * shown).to_bytes(4, "big") + bytes(4) + b"\0\1\0\0"
    path.write_bytes(odd_videos.change_box(path.read_bytes(), b"elst", lambda _: edit))


@pytest.fixture(params=["plain", "uneven", "spoilt", "last spoilt", "trimmed", "cut", "avi", "browser", "bare"])
def clip(request, tmp_path):
    kind, pictures = request.param, halves()
    if kind == "browser":
        return odd_videos.write_browser_video(tmp_path / "clip.webm", pictures)
    if kind == "bare":
        return odd_videos.write_bare_stream(tmp_path / "clip.mjpeg", pictures)
    path = write_video(tmp_path / ("clip.avi" if kind == "avi" else "clip.mp4"), pictures)
    changes = {
        "uneven": lambda: odd_videos.show_at(path, [0, 0.1, 0.15, *np.arange(1, 10)]),
        "spoilt": lambda: odd_videos.spoil_frame(path, 4),
        "last spoilt": lambda: odd_videos.spoil_frame(path, 11),
        "trimmed": lambda: trim(path, 9),
        "cut": lambda: faulty_videos.state_more_frames(path),
    }
    changes.get(kind, lambda: None)()
    return path


def test_a_label_is_refused_for_the_frames_that_the_reader_does_not_give(clip, request):
    kind = request.node.callspec.params["clip"]
    frames = len(list(open_video(clip)[1]))
    assert (frames == 12) == (kind not in ("trimmed", "cut"))
    assert count_frames(clip) == frames
    assert too_short({clip: frames}) == {}
    assert too_short({clip: frames + 1}) == {clip: frames}
    assert other_length({clip: frames}) == {}
    assert other_length({clip: frames - 1}) == other_length({clip: frames + 1}) == {clip: frames}
    if kind == "cut":
        assert stated_frames(clip) == 12  # what the header states is not believed


@pytest.mark.parametrize("content", [None, b"", b"no video"])
def test_what_cannot_be_read_is_told_where_it_is_used(tmp_path, content):
    path = tmp_path / "clip.mp4"
    if content is not None:
        path.write_bytes(content)
    assert too_short({path: 5, tmp_path: 5}, tmp_path / "cache") == {}
    assert too_short({}) == {}


def test_counts_are_remembered_while_the_file_stays_as_it_is(tmp_path, monkeypatch):
    now = time.time_ns
    monkeypatch.setattr(time, "time_ns", lambda: now() + 60 * 10**9)
    path, cache = write_video(tmp_path / "clip.mp4", halves()), tmp_path / "cache"
    assert too_short({path: 13}, cache) == {path: 12}
    with monkeypatch.context() as context:
        for module, name in ((packets, "packet_times"), (video, "count_frames")):
            context.setattr(module, name, lambda _: pytest.fail("the video is read"))
        assert too_short({path: 13}, cache) == {path: 12}
        assert too_short({path: 12}, cache) == {}
    write_video(path, halves()[:7])
    assert too_short({path: 12}, cache) == {path: 7}


def test_a_video_that_cannot_be_read_has_no_length(tmp_path):
    (tmp_path / "clip.mp4").write_bytes(b"none")
    assert other_length({tmp_path / "clip.mp4": 3, tmp_path / "absent.mp4": 3}) == {}
