import io
import struct
import time
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tests.apps.serve.drawn import draw_person, encode
from transferpain.apps.serve.pictures import LONGEST_SIDE, START_OF_SCAN, decode_picture
from transferpain.apps.serve.refusals import Refusal

# Upper half red, lower half blue.
FLAG = np.zeros((40, 60, 3), np.uint8)
FLAG[:20, :, 0], FLAG[20:, :, 2] = 255, 255
RED, BLUE = (255, 0, 0), (0, 0, 255)


def saved(image: Image.Image, kind: str = "PNG", **options) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def empty_png(width: int, height: int) -> bytes:
    """Return a PNG of grey pixels that is as small as zlib makes it, without ever drawing it."""

    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    compressor = zlib.compressobj(9)
    row = bytes(1 + width // 8)
    rows = b"".join(compressor.compress(row) for _ in range(height)) + compressor.flush()
    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def refused(content: bytes) -> Refusal:
    with pytest.raises(Refusal) as caught:
        decode_picture(content)
    return caught.value


@pytest.mark.parametrize(("kind", "options"), [("PNG", {}), ("WEBP", {"lossless": True})])
def test_pixels_arrive_as_they_are(kind, options):
    assert (decode_picture(encode(FLAG, kind, **options)) == FLAG).all()


def test_a_jpeg_arrives_nearly_as_it_is():
    picture = decode_picture(encode(FLAG, quality=95))
    assert np.abs(picture.astype(int) - FLAG).mean() < 4


def test_a_picture_is_turned_as_exif_says():
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: to be shown a quarter turn clockwise
    picture = decode_picture(saved(Image.fromarray(FLAG), exif=exif))
    assert picture.shape == (60, 40, 3)
    assert tuple(picture[30, 35]) == RED
    assert tuple(picture[30, 5]) == BLUE


def test_other_kinds_of_pixels_become_rgb():
    flag = Image.fromarray(FLAG)
    grey = decode_picture(saved(flag.convert("L")))
    assert grey.shape == (40, 60, 3)
    assert (grey[..., 0] == grey[..., 2]).all()
    assert tuple(decode_picture(saved(flag.convert("P")))[5, 5]) == RED
    clear = flag.copy()
    clear.putalpha(0)
    assert (decode_picture(saved(clear)) == FLAG).all()
    printed = decode_picture(saved(flag.convert("CMYK"), "JPEG", quality=95))
    assert (np.abs(printed[5, 5].astype(int) - RED) < 12).all()
    deep = np.full((40, 60), 300, np.uint16)
    deep[20:] = 0xF0FF
    picture = decode_picture(saved(Image.fromarray(deep)))
    assert tuple(picture[5, 5]) == (1, 1, 1)
    assert tuple(picture[35, 5]) == (0xF0,) * 3


def test_a_large_picture_is_reduced():
    assert decode_picture(encode(np.zeros((1000, 3000, 3), np.uint8))).shape == (427, LONGEST_SIDE, 3)
    deep = Image.fromarray(np.full((40, 3000), 0x80FF, np.uint16))
    assert set(np.unique(decode_picture(saved(deep)))) == {0x80}


def test_a_bomb_is_refused_by_its_head():
    bomb = empty_png(30_000, 30_000)
    assert len(bomb) < 200_000
    assert (refused(bomb).status, refused(bomb).error) == (413, "too-many-pixels")
    assert refused(empty_png(6000, 6000)).received == "6000 x 6000"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_picture_that_is_cut_short_is_refused(kind):
    noise = np.random.default_rng(0).integers(0, 255, (200, 200, 3), dtype=np.uint8)
    content = encode(noise, kind)
    assert refused(content[: len(content) // 2]).error in ("damaged", "not-a-picture")
    assert refused(content[:20]).error == "not-a-picture"


def test_a_damaged_picture_is_refused():
    content = bytearray(encode(FLAG, "PNG"))
    content[60] ^= 0xFF
    assert refused(bytes(content)).status in (415, 422)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (encode(FLAG, "GIF"), "a GIF"),
        (encode(FLAG, "BMP"), "a BMP"),
        (encode(FLAG, "TIFF"), "a TIFF"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "text"),
        (b"\0\0\0\x18ftypheic" + bytes(50), "a HEIC"),
        (b"face face face", "something else of 14 bytes"),
    ],
)
def test_other_files_are_refused_and_named(content, said):
    assert refused(content).status == 415
    assert said in refused(content).received
    assert "JPEG" in refused(content).rule


@pytest.mark.parametrize("kind", ["WEBP", "PNG"])
def test_an_animation_is_refused(kind):
    second = Image.fromarray(FLAG[::-1].copy())
    content = saved(Image.fromarray(FLAG), kind, save_all=True, append_images=[second], duration=100)
    assert refused(content).error == "animated"


def test_a_phones_double_picture_counts_as_its_first():
    second = Image.fromarray(FLAG[::-1].copy())
    picture = decode_picture(saved(Image.fromarray(FLAG), "MPO", save_all=True, append_images=[second], quality=95))
    assert picture.shape == FLAG.shape
    assert (np.abs(picture[5, 5].astype(int) - RED) < 12).all()


def test_a_tiny_picture_is_refused():
    assert refused(encode(FLAG[:20])).error == "too-small"


@given(
    kind=st.sampled_from(["JPEG", "PNG", "WEBP"]),
    changes=st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), min_size=1, max_size=8),
    cut=st.integers(0, 200),
)
def test_damage_of_any_kind_gives_a_picture_or_a_refusal(kind, changes, cut):
    content = bytearray(encode(FLAG, kind))
    for place, value in changes:
        content[place % len(content)] = value
    try:
        picture = decode_picture(bytes(content[: len(content) - cut]))
    except Refusal:
        return
    assert picture.ndim == 3
    assert (picture.shape[2], picture.dtype) == (3, np.uint8)


def scans_of(count: int, picture: np.ndarray | None = None) -> bytes:
    """Return a JPEG that draws its picture, and then so many empty scans over it."""
    whole = encode(draw_person() if picture is None else picture, progressive=True)
    begin = whole.rindex(START_OF_SCAN)
    length = int.from_bytes(whole[begin + 2 : begin + 4], "big")
    return whole[:-2] + whole[begin : begin + 2 + length] * count + whole[-2:]


def test_a_picture_that_is_drawn_over_and_over_is_refused_at_once():
    assert decode_picture(scans_of(20)).shape == (240, 320, 3)
    begun = time.process_time()
    with pytest.raises(Refusal) as caught:
        decode_picture(scans_of(6000))
    assert (caught.value.status, caught.value.error) == (422, "too-many-scans")
    assert time.process_time() - begun < 1
