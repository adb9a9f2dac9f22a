import numpy as np
import pytest

from tests.data.media import odd_videos
from tests.inputs.faces.drawing import write_video
from transferpain.data.media.video import open_video


@pytest.mark.parametrize(
    ("edges", "corners"),
    [
        ((-1, 0, 0, 1), "ba.c"),  # mirrored, as a front camera's
        ((1, 0, 0, -1), "c.ab"),
        ((-1, 0, 0, -1), ".cba"),
        ((0, 1, 1, 0), "acb."),
        ((0, -1, -1, 0), ".bca"),
        ((0, -1, 1, 0), "b.ac"),
    ],
)
def test_a_mirrored_video_is_shown_as_its_header_says(tmp_path, edges, corners):
    picture = np.zeros((48, 64, 3), np.uint8)
    picture[:16, :16, 0] = picture[:16, -16:, 1] = picture[-16:, :16, 2] = 255
    path = write_video(tmp_path / "clip.mp4", [picture] * 2)
    odd_videos.turn_in_header(path, edges)
    image = next(open_video(path)[1]).image
    shown = [image[y, x] for y in (4, -5) for x in (4, -5)]
    assert "".join("abc"[one.argmax()] if one.max() > 150 else "." for one in shown) == corners


@pytest.mark.parametrize(("name", "first"), [("clip.mpg", 0), ("clip.avi", 0), ("a',b=[c];d.mkv", 3)])
def test_frames_of_two_moments_have_their_own_pictures(tmp_path, name, first):
    path = odd_videos.write_mpeg2(tmp_path / name, odd_videos.stepped(6))
    odd_videos.interlace(path, first)
    assert odd_videos.numbers_shown(open_video(path)[1]) == list(range(6))
    assert odd_videos.numbers_shown(open_video(path, (4, 1))[1]) == [4]


def test_frames_of_two_moments_are_turned_as_others_are(tmp_path):
    path = odd_videos.write_mpeg2(tmp_path / "clip.mp4", odd_videos.stepped(2))
    odd_videos.interlace(path)
    odd_videos.turn_in_header(path)
    assert [frame.image.shape for frame in open_video(path)[1]] == [(96, 64, 3)] * 2


def test_a_still_video_is_read_as_it_is(tmp_path):
    path = write_video(tmp_path / "clip.mp4", [np.full((48, 64, 3), 90, np.uint8)] * 3)
    assert len({frame.image.tobytes() for frame in open_video(path)[1]}) == 1
