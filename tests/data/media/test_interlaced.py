import os

import numpy as np
import pytest

from tests.data.media import odd_videos
from transferpain.data.media.interlaced import VARIABLE, are_same, is_interlaced, open_whole_pictures
from transferpain.data.media.medium import UnreadableMedium


@pytest.mark.parametrize("before", [None, "rtsp_transport;tcp"])
def test_only_interlaced_video_is_and_the_users_variable_stays(tmp_path, monkeypatch, before):
    monkeypatch.delenv(VARIABLE, raising=False)
    if before:
        monkeypatch.setenv(VARIABLE, before)
    path = odd_videos.write_mpeg2(tmp_path / "clip.mpg", [np.full((32, 64, 3), 90, np.uint8)] * 2)
    assert not is_interlaced(path)
    odd_videos.interlace(path, 1)
    assert is_interlaced(path)
    assert os.environ.get(VARIABLE) == before


def test_what_is_no_video_is_refused(tmp_path):
    (tmp_path / "clip.mpg").write_text("no video")
    with pytest.raises(UnreadableMedium, match="interlaced"):
        open_whole_pictures(tmp_path / "clip.mpg")
    with pytest.raises(FileNotFoundError):
        open_whole_pictures(tmp_path / "absent.mpg")


def test_pictures_are_the_same_if_each_bit_is():
    picture = np.zeros((40, 40, 3), np.uint8)
    other = picture.copy()
    assert are_same(picture, other)
    other[5, 7, 2] = 1
    assert not are_same(picture, other)
    assert not are_same(picture, picture[:20])
