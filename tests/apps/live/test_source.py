import os
import time
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from tests.apps.live.streams import serve_folder, serve_pictures
from tests.data.media import odd_videos
from tests.data.media.faulty_videos import state_rate
from tests.inputs.faces.drawing import write_video
from transferpain.apps.live.source import FrameSource, without_password
from transferpain.core.errors import UserError

SIZE = (96, 128)
FRAMES = 30


def grey(level: int, size: tuple[int, int] = SIZE) -> np.ndarray:
    return np.full((*size, 3), level, np.uint8)


def levels(frames) -> list[float]:
    """Return the mean brightness of each frame."""
    return [frame.image.mean() for frame in frames]


@pytest.fixture
def video(tmp_path) -> Path:
    return write_video(tmp_path / "video.mp4", [grey(40 + 5 * number) for number in range(FRAMES)])


def test_a_recording_is_read_whole_and_in_order_however_slowly_it_is_taken(video):
    with FrameSource(str(video)) as source:
        frames = []
        for frame in source:
            frames.append(frame)
            time.sleep(0.005)
    assert source.recording
    assert source.dropped == 0
    assert source.ended == "the recording ended"
    assert [frame.number for frame in frames] == list(range(FRAMES))
    assert [frame.seconds for frame in frames] == pytest.approx(np.arange(FRAMES) / 25, abs=1e-3)
    assert levels(frames) == pytest.approx(40 + 5 * np.arange(FRAMES), abs=8)
    assert frames[0].image.shape == (*SIZE, 3)


def test_colours_are_red_green_blue(tmp_path):
    red = np.zeros((*SIZE, 3), np.uint8)
    red[..., 0] = 200
    with FrameSource(str(write_video(tmp_path / "red.mp4", [red] * 2))) as source:
        color = next(iter(source)).image.mean(axis=(0, 1))
    assert color == pytest.approx((200, 0, 0), abs=12)


@pytest.mark.parametrize("factor", [2, 1e3])
def test_a_wrong_rate_in_the_header_costs_no_frame_and_time_goes_on(video, factor):
    state_rate(video, factor)
    with FrameSource(str(video)) as source:
        frames = list(source)
    assert len(frames) == FRAMES
    # What cannot be is taken for 25.
    assert [frame.seconds for frame in frames] == pytest.approx(np.arange(FRAMES) / (50 if factor == 2 else 25))


def test_a_portrait_video_is_turned_upright(tmp_path):
    picture = grey(40)
    picture[:, :64] = 220
    video = write_video(tmp_path / "phone.mp4", [picture] * 3)
    content = bytearray(video.read_bytes())
    # The track's matrix, 40 bytes into its header's fields: what was the left side is up, a quarter turn clockwise.
    matrix = content.index(b"tkhd") + 4 + 40
    for place, value in enumerate((0, 0x10000, 0, -0x10000, 0, 0, SIZE[0] << 16, 0, 0x40000000)):
        content[matrix + 4 * place : matrix + 4 * place + 4] = (value & 0xFFFFFFFF).to_bytes(4, "big")
    video.write_bytes(content)
    with FrameSource(str(video)) as source:
        image = next(iter(source)).image
    assert image.shape == (128, 96, 3)
    assert image[:40].mean() > 180 > 80 > image[-40:].mean()


@pytest.mark.parametrize("bad", [[12], [0, 1], [29]])
def test_a_frame_that_cannot_be_decoded_is_a_black_one_with_its_number(video, bad):
    for number in bad:
        odd_videos.spoil_frame(video, number)
    with FrameSource(str(video)) as source:
        frames = list(source)
    assert [frame.number for frame in frames] == list(range(FRAMES))
    assert [frame.seconds for frame in frames] == pytest.approx(np.arange(FRAMES) / 25, abs=1e-3)
    assert [frame.number for frame in frames if not frame.decoded] == bad
    assert [frame.image.max() for frame in frames if not frame.decoded] == [0] * len(bad)


@pytest.mark.parametrize("kind", ["webm", "mjpeg", "gif", "uneven"])
def test_any_file_is_a_recording_and_read_once_and_whole(tmp_path, kind):
    pictures = [grey(40 + 5 * number) for number in range(12)]
    times = np.arange(12) / 25
    path = tmp_path / f"clip.{kind}"
    if kind == "webm":
        odd_videos.write_browser_video(path, pictures)
    elif kind == "mjpeg":
        odd_videos.write_bare_stream(path, pictures)
    elif kind == "gif":
        images = [Image.fromarray(picture) for picture in pictures]
        images[0].save(path, save_all=True, append_images=images[1:], duration=40)
    else:
        times = 0.02 * np.arange(12) ** 2
        path = write_video(tmp_path / "clip.mp4", pictures)
        odd_videos.show_at(path, times.tolist())
    with FrameSource(str(path)) as source:
        frames = []
        for frame in source:
            frames.append(frame)
            time.sleep(0.002)
    assert source.recording
    assert source.dropped == 0
    assert source.ended == "the recording ended"
    assert [frame.number for frame in frames] == list(range(12))
    assert [frame.seconds for frame in frames] == pytest.approx(times, abs=2e-3)


def test_a_file_may_be_named_by_its_address(video):
    with FrameSource(video.as_uri()) as source:
        assert len(list(source)) == FRAMES
    assert source.recording


def test_a_pipe_and_a_folder_are_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / "pipe.mp4")
    for path, kind in ((tmp_path / "pipe.mp4", "pipe"), (tmp_path, "folder")):
        with pytest.raises(UserError, match=f"it is a {kind}"):
            FrameSource(str(path))


@pytest.mark.parametrize(
    ("name", "reason"), [("missing.mp4", "no such file"), ("text.mp4", "cannot be opened"), ("97", "cannot open")]
)
def test_a_source_that_is_none_is_refused(tmp_path, name, reason):
    (tmp_path / "text.mp4").write_text("no video")
    place = name if name.isdigit() else str(tmp_path / name)
    with pytest.raises(UserError, match=f"source cannot be read[\\s\\S]*{reason}"):
        FrameSource(place)


def test_closing_ends_the_reading_thread(video):
    source = FrameSource(str(video))
    next(iter(source))
    source.close()
    assert not source._thread.is_alive()
    assert source.ended == "closed"


def test_of_a_stream_only_the_newest_frame_waits():
    with (
        serve_pictures(lambda number: [] if number else [grey(3 * n) for n in range(60)], pause=0) as (url, _),
        FrameSource(url, retry_seconds=(0.05,)) as source,
    ):
        taken = iter(source)
        frames = [next(taken)]
        source._thread.join()  # everything has been read
        frames += taken
    assert not source.recording
    assert frames[-1].number == 59
    assert len(frames) <= 2
    assert len(frames) + source.dropped == 60
    assert levels(frames) == pytest.approx([3 * frame.number for frame in frames], abs=3)


def test_a_stream_that_is_cut_is_opened_again_until_it_stays_away():
    def connection(number: int) -> list[np.ndarray]:
        return [grey(60 * (number + 1))] * 5 if number in (0, 2) else []

    with serve_pictures(connection) as (url, sent), FrameSource(url, retry_seconds=(0.05, 0.1)) as source:
        brightness = levels(source)
    assert sent == [5, 0, 5, 0, 0]
    assert {round(level / 60) for level in brightness} == {1, 3}
    assert source.ended == "the source was cut and did not come back"


def test_a_stream_may_change_its_size():
    large = (144, 192)
    small, enlarged = [grey(3 * n) for n in range(5)], [grey(100 + n, large) for n in range(60)]
    with (
        serve_pictures(lambda number: [small + enlarged, enlarged, []][min(number, 2)], pause=0.005) as (url, _),
        FrameSource(url, retry_seconds=(0.05,)) as source,
    ):
        shapes = [frame.image.shape[:2] for frame in source]
    assert shapes[0] == SIZE
    assert shapes[-1] == large


def test_a_corrupt_picture_does_not_end_a_stream():
    pictures = [grey(50)] * 4 + [b"\xff\xd8 no picture \xff\xd9"] + [grey(200)] * 4
    with (
        serve_pictures(lambda number: [] if number else pictures) as (url, sent),
        FrameSource(url, retry_seconds=(0.05,)) as source,
    ):
        brightness = levels(source)
    assert sent[0] == 9
    assert brightness[-1] == pytest.approx(200, abs=3)


def test_a_still_picture_is_opened_again_once():
    with (
        serve_pictures(lambda number: [grey(80)] * 60 if number < 2 else [], pause=0.002) as (url, sent),
        FrameSource(url, retry_seconds=(0.02,)) as source,
    ):
        frames = sum(1 for _ in source) + source.dropped
    assert len(sent) == 3
    assert frames >= 26 + 50


def test_a_stream_that_sends_nothing_is_given_up():
    with (
        serve_pictures(lambda number: [b"nothing"] * 5 if number else [grey(80 + n) for n in range(5)]) as (url, _),
        FrameSource(url, retry_seconds=(0.02, 0.02)) as source,
    ):
        assert sum(1 for _ in source) + source.dropped == 5
    assert source.ended == "the source was cut and did not come back"


def test_a_password_is_not_shown():
    place = "rtsp://anna:secret@127.0.0.1:1/stream"
    assert without_password(place) == "rtsp://127.0.0.1:1/stream"
    with pytest.raises(UserError) as refused:
        FrameSource(place)
    assert "secret" not in str(refused.value)


def test_a_stream_that_is_refused_is_told():
    with serve_pictures(lambda number: []) as (url, _), pytest.raises(UserError, match="cannot open it"):
        FrameSource(url)


def test_a_recording_behind_a_url_is_read_whole(tmp_path):
    writer = cv2.VideoWriter(str(tmp_path / "clip.avi"), cv2.VideoWriter_fourcc(*"MJPG"), 25, SIZE[::-1])
    for number in range(FRAMES):
        writer.write(grey(40 + 5 * number))
    writer.release()
    with serve_folder(tmp_path) as url, FrameSource(f"{url}/clip.avi") as source:
        frames = []
        for frame in source:
            frames.append(frame)
            time.sleep(0.002)
    assert source.recording
    assert source.ended == "the recording ended"
    assert [frame.number for frame in frames] == list(range(FRAMES))
    assert [frame.seconds for frame in frames] == pytest.approx(np.arange(FRAMES) / 25, abs=1e-3)
