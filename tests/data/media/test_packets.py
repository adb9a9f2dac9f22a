import struct

import numpy as np
import pytest

from tests.data.media import odd_videos
from tests.data.media.test_video import halves
from tests.inputs.faces.drawing import write_video
from transferpain.data.media.packets import is_trimmed, packet_times
from transferpain.data.media.video import open_video


def test_times_of_all_frames_stand_in_the_container(tmp_path):
    path = write_video(tmp_path / "clip.mp4", halves())
    odd_videos.show_at(path, [0, 0.1, 0.15, *np.arange(1, 10)])
    odd_videos.spoil_frame(path, 4)
    assert packet_times(path) == pytest.approx([0, 0.1, 0.15, *np.arange(1, 10)], abs=2e-3)


def test_what_is_no_video_holds_nothing(tmp_path):
    (tmp_path / "clip.mp4").write_text("no video")
    assert len(packet_times(tmp_path / "clip.mp4")) == 0
    assert not is_trimmed(tmp_path / "clip.mp4")


@pytest.mark.parametrize("size", [0, 3, 2**31, 2**32 - 1])
@pytest.mark.parametrize("box", [b"ftyp", b"free", b"moov", b"edts", b"elst", b"mdhd", b"mvhd"])
def test_sizes_that_cannot_be_end_the_search_for_edits(tmp_path, box, size):
    path = write_video(tmp_path / "clip.mp4", halves())
    content = path.read_bytes()
    place = content.index(box)
    path.write_bytes(content[: place - 4] + size.to_bytes(4, "big") + content[place:])
    assert not is_trimmed(path)
    wide = b"\0\0\0\1" + box + b"\x7f" + b"\xff" * 7
    path.write_bytes(content[: place - 4] + wide + content[place + 4 :])
    assert not is_trimmed(path)


@pytest.mark.parametrize(("start", "shown"), [(0, 12), (3, 9), (0, 9), (2, 6)])
def test_frames_that_an_edit_list_leaves_out_are_not_taken_for_damaged(tmp_path, start, shown):
    path = write_video(tmp_path / "clip.mp4", halves())
    content = path.read_bytes()
    place = content.index(b"mdhd") + 16
    scale = int.from_bytes(content[place : place + 4], "big")
    edit = struct.pack(">4sIIIIHH", b"elst", 0, 1, 40 * shown, start * scale // 25, 1, 0)
    path.write_bytes(odd_videos.change_box(content, b"elst", lambda _: edit))
    assert is_trimmed(path) == (shown < 12)
    frames = list(open_video(path)[1])
    assert all(frame.image is not None for frame in frames)
    assert len(frames) == shown
