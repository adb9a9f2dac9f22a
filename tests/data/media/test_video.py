import math

import numpy as np
import pytest

from tests.inputs.faces.drawing import write_video
from transferpain.data.media.medium import UnreadableMedium
from transferpain.data.media.video import open_video


def plain(color: tuple[int, int, int], num_frames: int = 5) -> list[np.ndarray]:
    return [np.full((48, 64, 3), color, np.uint8)] * num_frames


def replace_rate(path, rate: float) -> None:
    """Rewrite the time scale of the video track, from which the header's frame rate follows."""
    content = bytearray(path.read_bytes())
    header = content.index(b"mdhd") + 4
    scale = int.from_bytes(content[header + 12 : header + 16], "big")
    content[header + 12 : header + 16] = round(scale * rate).to_bytes(4, "big")
    path.write_bytes(bytes(content))


@pytest.mark.parametrize("rate", [25.0, 30.0])
def test_rate_and_frames_are_read(tmp_path, rate):
    path = write_video(tmp_path / "clip.mp4", plain((10, 200, 30), 7), rate)
    fps, frames = open_video(path)
    frames = list(frames)
    assert fps == pytest.approx(rate)
    assert len(frames) == 7
    assert frames[0].shape == (48, 64, 3)
    assert frames[0].dtype == np.uint8


def test_a_red_video_is_red(tmp_path):
    _, frames = open_video(write_video(tmp_path / "red.mp4", plain((255, 0, 0))))
    red, green, blue = next(frames).mean(axis=(0, 1))
    assert red > 240
    assert max(green, blue) < 15


def test_an_insane_rate_in_the_header_is_no_rate(tmp_path):
    path = write_video(tmp_path / "clip.mp4", plain((90, 90, 90)))
    replace_rate(path, 1000)
    fps, frames = open_video(path)
    assert math.isnan(fps)
    assert len(list(frames)) == 5


def test_an_empty_file_is_named_so(tmp_path):
    (tmp_path / "empty.mp4").touch()
    with pytest.raises(UnreadableMedium, match="empty"):
        open_video(tmp_path / "empty.mp4")


def test_a_truncated_video_cannot_be_opened(tmp_path):
    path = write_video(tmp_path / "clip.mp4", plain((10, 200, 30), 30))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(UnreadableMedium, match="truncated"):
        open_video(path)


def test_a_text_is_no_video(tmp_path):
    (tmp_path / "clip.mp4").write_text("not a video")
    with pytest.raises(UnreadableMedium, match="cannot be opened"):
        open_video(tmp_path / "clip.mp4")


@pytest.mark.parametrize(
    ("span", "shown"),
    [((0, None), range(7)), ((0, 3), range(3)), ((2, 3), range(2, 5)), ((6, 1), [6]), ((5, 100), [5, 6])],
)
def test_a_span_holds_its_frames_alone(tmp_path, span, shown):
    greys = [np.full((48, 64, 3), 20 + 30 * number, np.uint8) for number in range(7)]
    fps, frames = open_video(write_video(tmp_path / "clip.mp4", greys), span)
    assert fps == 25.0
    assert [frame.mean() for frame in frames] == pytest.approx([20 + 30 * number for number in shown], abs=6)


@pytest.mark.parametrize(("start", "message"), [(7, "from frame 7 on"), (20, "ends before frame 20")])
def test_a_span_behind_the_end_is_named_so(tmp_path, start, message):
    path = write_video(tmp_path / "clip.mp4", plain((90, 90, 90), 7))
    with pytest.raises(UnreadableMedium, match=message):
        open_video(path, (start, None))
