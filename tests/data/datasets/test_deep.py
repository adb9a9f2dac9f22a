import io

import pandas as pd
import pytest
from PIL import Image

from tests.data.datasets.media_files import png, video
from tests.data.datasets.trees import touch
from tests.data.media import odd_videos
from tests.data.media.faulty_videos import state_more_frames
from tests.data.media.test_video import halves
from tests.inputs.faces.drawing import write_video
from transferpain.data.datasets.deep import Decoded, decode_clips


@pytest.fixture
def decode(tmp_path):
    def decode(*rows: tuple[str, str, str]) -> list[Decoded]:
        clips = pd.DataFrame(rows, columns=["clip", "media", "kind"])
        return decode_clips(clips, tmp_path, lambda frames: None)

    return decode


def paged() -> bytes:
    content = io.BytesIO()
    pages = [Image.new("L", (8, 8), 9) for _ in range(3)]
    pages[0].save(content, "TIFF", save_all=True, append_images=pages[1:])
    return content.getvalue()


def test_whole_pictures_and_videos_have_no_problem(tmp_path, decode):
    for number in (1, 2, 10):
        touch(tmp_path / "pictures" / f"{number}.png", png(100, grey=number == 2))
    video(tmp_path / "clip.mp4", 7)
    whole = decode(("a", "pictures", "images"), ("b", "clip.mp4", "video"), ("c", "pictures/1.png", "images"))
    assert whole == [Decoded(3), Decoded(7), Decoded(1)]


def test_damaged_black_and_paged_pictures_are_named_by_their_numbers(tmp_path, decode):
    contents = {1: png(100), 2: png(100)[:60], 3: png(0), 4: b"no picture", 5: b"", 7: paged()}
    for number, content in contents.items():
        touch(tmp_path / "secret" / f"f{number}.png", content)
    (found,) = decode(("clip", "secret", "images"))
    assert (found.frames, found.damaged, found.black) == (3, 3, 1)
    assert found.problems == (
        "clip: picture cannot be decoded (frames 2, 4-5).",
        "clip: picture is black (frame 3).",
        "clip: file of several pictures, of which the first is read (frame 7).",
    )


@pytest.mark.parametrize(
    ("content", "told"),
    [(None, "cannot be read: No such file"), (b"", "the file is empty"), (b"no video", "cannot be decoded: ")],
)
def test_a_video_that_cannot_be_read_is_one_damaged_file(tmp_path, decode, content, told):
    if content is not None:
        touch(tmp_path / "secret.mp4", content)
    (found,) = decode(("clip", "secret.mp4", "video"))
    assert (found.frames, found.damaged) == (0, 1)
    assert told in found.problems[0]
    assert "secret" not in found.problems[0]


def test_frames_that_are_lost_are_damage_and_uneven_times_are_none(tmp_path, decode):
    for name in ("spoilt", "cut", "uneven"):
        write_video(tmp_path / f"{name}.mp4", halves())
    odd_videos.spoil_frame(tmp_path / "spoilt.mp4", 7)
    state_more_frames(tmp_path / "cut.mp4")
    odd_videos.show_at(tmp_path / "uneven.mp4", [0, 0.1, 0.15, *range(1, 10)])
    spoilt, cut, uneven = decode(*((name, f"{name}.mp4", "video") for name in ("spoilt", "cut", "uneven")))
    assert (spoilt.damaged, cut.damaged, uneven.damaged) == (1, 1, 0)
    assert spoilt.problems[0].startswith("spoilt: 1 of 12 frames cannot be decoded (frame")
    assert f"cut: {cut.frames} of 12 frames" in cut.problems[-1]
    assert "that is no damage" in uneven.problems[0]


def test_a_file_is_decoded_once_and_rows_of_images_never(tmp_path):
    video(tmp_path / "clip.mp4", 5)
    rows = [("a", "clip.mp4", "span"), ("b", "clip.mp4", "span"), ("c", "fer2013.csv", "image_rows")]
    advanced = []
    found = decode_clips(pd.DataFrame(rows, columns=["clip", "media", "kind"]), tmp_path, advanced.append)
    assert found == [Decoded(5)]
    assert advanced == [5]
    assert decode_clips(pd.DataFrame(rows[2:], columns=["clip", "media", "kind"]), tmp_path, advanced.append) == []
