import math

import cv2
import numpy as np
import pytest
from PIL import Image

from tests.data.media.test_video import halves
from tests.inputs.faces.drawing import write_video
from transferpain.data.media.medium import Medium, UnreadableMedium
from transferpain.data.media.reader import open_medium, open_moving


def test_whatever_holds_frames_gives_them_with_their_numbers(tmp_path):
    write_video(tmp_path / "clip.mp4", halves(4))
    (tmp_path / "pictures").mkdir()
    for number, frame in enumerate(halves(4)):
        cv2.imwrite(str(tmp_path / "pictures" / f"{number}.png"), frame)
    pages = [Image.fromarray(frame) for frame in halves(4)]
    pages[0].save(tmp_path / "pages.tif", save_all=True, append_images=pages[1:])
    media = [
        Medium(tmp_path / "clip.mp4"),
        Medium(tmp_path / "pictures", pictures=True),
        Medium(tmp_path / "pages.tif"),
    ]
    for medium in media:
        for span, numbers in ((None, [0, 1, 2, 3]), ((1, 2), [1, 2])):
            _, frames = open_medium(Medium(medium.path, medium.pictures, span))
            frames = list(frames)
            assert [frame.number for frame in frames] == numbers
            for frame in frames:
                assert np.abs(frame.image[-10:].mean() - (40 + 15 * frame.number)) < 6


def test_pictures_have_no_times(tmp_path):
    cv2.imwrite(str(tmp_path / "one.png"), halves(1)[0])
    rate, frames = open_medium(Medium(tmp_path / "one.png", pictures=True))
    assert math.isnan(rate)
    assert math.isnan(next(frames).seconds)


def test_what_is_neither_is_refused(tmp_path):
    (tmp_path / "clip.mp4").write_text("no video")
    with pytest.raises(UnreadableMedium, match="cannot be opened"):
        open_moving(tmp_path / "clip.mp4")
