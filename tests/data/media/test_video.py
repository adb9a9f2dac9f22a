import math
import os

import numpy as np
import pytest

from tests.data.media import odd_videos
from tests.inputs.faces.drawing import write_video
from transferpain.data.media.medium import UnreadableMedium
from transferpain.data.media.video import open_video, stated_frames


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
    assert [frame.number for frame in frames] == list(range(7))
    assert [frame.seconds for frame in frames] == pytest.approx(np.arange(7) / rate, abs=1e-3)
    assert frames[0].image.shape == (48, 64, 3)
    assert frames[0].image.dtype == np.uint8


def test_a_red_video_is_red(tmp_path):
    _, frames = open_video(write_video(tmp_path / "red.mp4", plain((255, 0, 0))))
    red, green, blue = next(frames).image.mean(axis=(0, 1))
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
    assert [frame.image.mean() for frame in frames] == pytest.approx([20 + 30 * number for number in shown], abs=6)


@pytest.mark.parametrize(("start", "message"), [(7, "from frame 7 on"), (20, "ends before frame 20")])
def test_a_span_behind_the_end_is_named_so(tmp_path, start, message):
    path = write_video(tmp_path / "clip.mp4", plain((90, 90, 90), 7))
    with pytest.raises(UnreadableMedium, match=message):
        open_video(path, (start, None))


def halves(num_frames: int = 12) -> list[np.ndarray]:
    """Pictures that are darker above, each brighter than the one before."""
    frames = [np.full((48, 64, 3), 40 + 15 * number, np.uint8) for number in range(num_frames)]
    for frame in frames:
        frame[:24] //= 4
    return frames


def test_a_video_that_was_filmed_sideways_is_upright(tmp_path):
    path = write_video(tmp_path / "phone.mp4", halves())
    odd_videos.turn_in_header(path)
    _, frames = open_video(path)
    image = next(frames).image
    assert image.shape == (64, 48, 3)
    # What was above is at the right.
    assert image[:, -20:].mean() < image[:, :20].mean() / 2


@pytest.mark.parametrize(
    ("wide", "high", "turned", "shape"),
    [(4, 3, False, (48, 85)), (4, 3, True, (85, 48)), (3, 4, False, (64, 64)), (1, 1, False, (48, 64))],
)
def test_pixels_become_square(tmp_path, wide, high, turned, shape):
    path = write_video(tmp_path / "clip.mp4", halves(3))
    odd_videos.widen_pixels(path, wide, high)
    if turned:
        odd_videos.turn_in_header(path)
    _, frames = open_video(path)
    assert [frame.image.shape for frame in frames] == [(*shape, 3)] * 3


def test_pixels_that_nobody_films_with_are_refused(tmp_path):
    path = write_video(tmp_path / "clip.mp4", halves(3))
    odd_videos.widen_pixels(path, 300, 4)
    with pytest.raises(UnreadableMedium, match="75 wide and 1 high"):
        open_video(path)


@pytest.mark.parametrize("bad", [[5], [0], [11], [3, 4, 8]])
@pytest.mark.parametrize("uneven", [False, True])
def test_a_frame_that_cannot_be_decoded_keeps_its_number_and_time(tmp_path, bad, uneven):
    path = write_video(tmp_path / "clip.mp4", halves())
    times = 0.02 * np.arange(12) ** 2 if uneven else np.arange(12) / 25
    if uneven:
        odd_videos.show_at(path, times.tolist())
    for number in bad:
        odd_videos.spoil_frame(path, number)
    _, frames = open_video(path)
    frames = list(frames)
    assert [frame.number for frame in frames] == list(range(12))
    assert [frame.number for frame in frames if frame.image is None] == bad
    assert [frame.seconds for frame in frames] == pytest.approx(times, abs=2e-3)
    for frame in frames:
        if frame.image is not None and frame.number not in [number + 1 for number in bad]:
            assert frame.image[-10:].mean() == pytest.approx(40 + 15 * frame.number, abs=25)


def test_a_span_counts_frames_that_cannot_be_decoded(tmp_path):
    path = write_video(tmp_path / "clip.mp4", halves())
    odd_videos.spoil_frame(path, 2)
    odd_videos.spoil_frame(path, 5)
    _, frames = open_video(path, (4, 3))
    assert [(frame.number, frame.image is None) for frame in frames] == [(4, False), (5, True), (6, False)]


def test_not_one_frame_names_the_codec(tmp_path):
    path = write_video(tmp_path / "clip.mp4", halves(3))
    for number in range(3):
        odd_videos.spoil_frame(path, number)
    with pytest.raises(UnreadableMedium, match="no frame of the video can be decoded; its codec is FMP4"):
        open_video(path)


def test_a_codec_that_cannot_be_decoded_is_named(tmp_path):
    path = write_video(tmp_path / "clip.mp4", halves(3))
    path.write_bytes(path.read_bytes().replace(b"mp4v\0\0", b"zz42\0\0").replace(b"esds", b"free"))
    with pytest.raises(UnreadableMedium, match="zz42"):
        open_video(path)


def test_a_browsers_video_without_a_length_is_read_to_its_end(tmp_path):
    path = odd_videos.write_browser_video(tmp_path / "clip.webm", halves())
    _, frames = open_video(path)
    assert [frame.seconds for frame in frames] == pytest.approx(np.arange(12) / 25, abs=1e-3)
    assert stated_frames(path) == 12


def test_a_stream_without_a_container_is_read_to_its_end(tmp_path):
    path = odd_videos.write_bare_stream(tmp_path / "clip.mjpeg", halves())
    _, frames = open_video(path)
    assert len(list(frames)) == stated_frames(path) == 12


def test_a_pipe_a_device_and_a_folder_are_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / "pipe.mp4")
    (tmp_path / "folder.mp4").mkdir()
    for path, kind in ((tmp_path / "pipe.mp4", "pipe"), (tmp_path / "folder.mp4", "folder")):
        with pytest.raises(UnreadableMedium, match=f"it is a {kind}"):
            open_video(path)
        assert stated_frames(path) == 0
    (tmp_path / "null.mp4").symlink_to("/dev/null")
    with pytest.raises(UnreadableMedium, match="it is a device"):
        open_video(tmp_path / "null.mp4")


def test_a_container_without_times_of_display_loses_no_frame(tmp_path):
    path = odd_videos.write_mpeg2(tmp_path / "clip.avi", odd_videos.stepped(8))
    frames = list(open_video(path)[1])
    assert odd_videos.numbers_shown(frames) == [frame.number for frame in frames] == list(range(8))
    assert [frame.seconds for frame in frames] == pytest.approx(np.arange(8) / 25, abs=1e-3)
