import io
import os
import struct
import zlib

import numpy as np
import pytest
from PIL import EpsImagePlugin, Image

from transferpain.data.media.animations import open_animation, picture_count
from transferpain.data.media.medium import UnreadableMedium

COLORS = [(200, 30, 10), (10, 200, 30), (30, 10, 200), (90, 90, 90)]
PICTURES = [Image.fromarray(np.full((24, 32, 3), color, np.uint8)) for color in COLORS]


def write(path, **options):
    PICTURES[0].save(path, save_all=True, append_images=PICTURES[1:], **options)
    return path


@pytest.mark.parametrize(
    ("name", "tolerance"), [("a.gif", 3), ("a.webp", 12), ("a.png", 0), ("a.tif", 0), ("a.TIFF", 0)]
)
def test_each_picture_of_a_file_is_a_frame(tmp_path, name, tolerance):
    path = write(tmp_path / name, **({"duration": 40} if not name.lower().startswith("a.tif") else {}))
    assert picture_count(path) == 4
    fps, frames = open_animation(path)
    frames = list(frames)
    assert [frame.number for frame in frames] == [0, 1, 2, 3]
    for frame, color in zip(frames, COLORS, strict=True):
        assert frame.image.shape == (24, 32, 3)
        assert np.abs(frame.image.mean(axis=(0, 1)) - color).max() <= tolerance
    seconds = [frame.seconds for frame in frames]
    if "tif" in name.lower():
        assert np.isnan([fps, *seconds]).all()
    else:
        assert (fps, seconds) == (25.0, pytest.approx([0, 0.04, 0.08, 0.12]))


def test_pictures_may_be_shown_for_different_times(tmp_path):
    fps, frames = open_animation(write(tmp_path / "a.webp", duration=[40, 100, 200, 60]))
    assert [frame.seconds for frame in frames] == pytest.approx([0, 0.04, 0.14, 0.34])
    assert fps == pytest.approx(10.0)


@pytest.mark.parametrize("name", ["a.webp", "a.png"])
def test_an_animation_that_was_taken_sideways_is_upright(tmp_path, name):
    exif = Image.Exif()
    exif[0x0112] = 6
    pictures = [
        Image.fromarray(np.repeat([200, dark], 12)[:, None, None].repeat(32, 1).repeat(3, 2).astype(np.uint8))
        for dark in (0, 9)
    ]
    pictures[0].save(tmp_path / name, save_all=True, append_images=pictures[1:], exif=exif)
    for frame in open_animation(tmp_path / name)[1]:
        assert frame.image.shape == (32, 24, 3)
        assert frame.image[:, -8:].mean() > 150 > frame.image[:, :8].mean()


def test_a_span_is_a_part_of_them(tmp_path):
    _, frames = open_animation(write(tmp_path / "a.tif"), (1, 2))
    assert [frame.number for frame in frames] == [1, 2]


def test_an_animation_that_is_cut_short_has_pictures_that_cannot_be_decoded(tmp_path):
    file = io.BytesIO()
    noise = [Image.fromarray(np.random.default_rng(n).integers(0, 255, (64, 64, 3), np.uint8)) for n in range(4)]
    noise[0].save(file, "GIF", save_all=True, append_images=noise[1:], duration=40)
    (tmp_path / "a.gif").write_bytes(file.getvalue()[: len(file.getvalue()) * 5 // 8])
    _, frames = open_animation(tmp_path / "a.gif")
    shown = [frame.image is not None for frame in frames]
    assert shown[:2] == [True, True]
    assert not all(shown) or len(shown) < 4


@pytest.mark.parametrize("name", ["a.gif", "a.tif", "a.webp"])
def test_what_is_none_is_refused(tmp_path, name):
    (tmp_path / name).write_bytes(b"no picture")
    assert picture_count(tmp_path / name) == 1
    with pytest.raises(UnreadableMedium, match="not one picture"):
        open_animation(tmp_path / name)
    os.mkfifo(tmp_path / f"pipe{name}")
    assert picture_count(tmp_path / f"pipe{name}") == 1
    with pytest.raises(UnreadableMedium, match="pipe"):
        open_animation(tmp_path / f"pipe{name}")


def test_a_few_bytes_that_state_a_huge_picture_are_refused_at_once(tmp_path):
    path = write(tmp_path / "a.gif", duration=40)
    content = path.read_bytes()
    path.write_bytes(content[:6] + bytes([0x10, 0x5D, 0x00, 0x10]) + content[10:])
    with pytest.raises(UnreadableMedium, match="23824x4096 pixels"):
        open_animation(path)


def test_a_few_bytes_that_state_millions_of_pictures_hold_no_more_than_they_can(tmp_path):
    path = write(tmp_path / "a.png", duration=40)
    content = path.read_bytes()
    place = content.index(b"acTL") + 4
    stated = struct.pack(">II", 2**31 - 1, 0)
    whole = content[:place] + stated + struct.pack(">I", zlib.crc32(b"acTL" + stated)) + content[place + 12 :]
    path.write_bytes(whole)
    _, frames = open_animation(path)
    shown = [frame.image is not None for frame in frames]
    assert shown[:4] == [True] * 4
    assert len(shown) == picture_count(path) <= len(whole) / 10


def test_no_other_program_is_started_for_a_file_that_is_called_a_picture(tmp_path, monkeypatch):
    started = []
    monkeypatch.setattr(EpsImagePlugin, "Ghostscript", lambda *_, **__: started.append("gs"))
    (tmp_path / "a.gif").write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 64 64\n%%EndComments\n")
    with pytest.raises(UnreadableMedium, match="not one picture"):
        open_animation(tmp_path / "a.gif")
    assert started == []
