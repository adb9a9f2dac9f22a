import io
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from transferpain.data.media.medium import UnreadableMedium
from transferpain.data.media.pictures import open_pictures

RED = np.full((24, 32, 3), (200, 30, 10), np.uint8)


def encoded(picture: np.ndarray, suffix: str) -> bytes:
    """Encode 1, 3 (RGB) or 4 (RGBA) channels."""
    if picture.ndim == 3:
        picture = cv2.cvtColor(picture, cv2.COLOR_RGB2BGR if picture.shape[2] == 3 else cv2.COLOR_RGBA2BGRA)
    return cv2.imencode(suffix, picture)[1].tobytes()


def cut(content: bytes, share: float = 0.6) -> bytes:
    return content[: int(len(content) * share)]


def noise(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 255, (64, 64, 3)).astype(np.uint8)


def write(folder: Path, pictures: dict[str, bytes]) -> Path:
    folder.mkdir()
    for name, content in pictures.items():
        (folder / name).write_bytes(content)
    return folder


def palette_png() -> bytes:
    file = io.BytesIO()
    Image.fromarray(RED).convert("P", palette=Image.Palette.ADAPTIVE).save(file, "PNG")
    return file.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "color"),
    [
        ("a.png", encoded(RED, ".png"), (200, 30, 10)),
        ("a.JPG", encoded(RED, ".jpg"), (200, 30, 10)),
        ("a.bmp", encoded(RED, ".bmp"), (200, 30, 10)),
        ("a.tiff", encoded(RED, ".tiff"), (200, 30, 10)),
        ("a.png", encoded(RED[..., 0], ".png"), (200, 200, 200)),
        ("a.png", encoded(RED.astype(np.uint16) * 257, ".png"), (200, 30, 10)),
        ("a.png", encoded(RED[..., 0].astype(np.uint16) * 257, ".png"), (200, 200, 200)),
        ("a.tif", encoded(RED.astype(np.uint16) * 257, ".tif"), (200, 30, 10)),
        ("a.png", encoded(np.dstack([RED, RED[..., 1]]), ".png"), (200, 30, 10)),
        ("a.png", palette_png(), (200, 30, 10)),
    ],
    ids=["png", "jpeg", "bmp", "tiff", "grey", "16 bits", "grey of 16 bits", "tiff of 16 bits", "alpha", "palette"],
)
def test_every_kind_of_picture_becomes_rgb(tmp_path, name, content, color):
    (frame,) = open_pictures(write(tmp_path / "clip", {name: content}))
    assert (frame.shape, frame.dtype) == ((24, 32, 3), np.uint8)
    assert frame.mean(axis=(0, 1)) == pytest.approx(color, abs=3)


def test_a_single_picture_is_a_clip(tmp_path):
    folder = write(tmp_path / "clip", {"a.png": encoded(RED, ".png"), "b.png": encoded(noise(), ".png")})
    (frame,) = open_pictures(folder / "a.png")
    assert np.array_equal(frame, RED)


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".bmp", ".tif"])
@pytest.mark.parametrize("share", [0.1, 0.6, 0.98])
def test_half_a_picture_is_none_and_the_others_keep_their_places(tmp_path, suffix, share, capfd):
    whole = [encoded(noise(seed), suffix) for seed in range(2)]
    contents = [cut(whole[0], share), b"", whole[0], b"no picture", cut(whole[1], share), whole[1]]
    folder = write(tmp_path / "clip", {f"{number}{suffix}": content for number, content in enumerate(contents)})
    frames = list(open_pictures(folder))
    assert [frame is not None for frame in frames] == [False, False, True, False, False, True]
    assert np.abs(frames[5].astype(int) - noise(1)).mean() < 60
    assert capfd.readouterr().err == ""


def test_linked_pictures_count_and_links_to_nowhere_do_not(tmp_path):
    folder = write(tmp_path / "clip", {"2.png": encoded(noise(), ".png")})
    elsewhere = write(tmp_path / "elsewhere", {"x.png": encoded(RED, ".png")})
    (folder / "1.png").symlink_to(elsewhere / "x.png")
    (folder / "3.png").symlink_to(elsewhere / "gone.png")
    frames = list(open_pictures(folder))
    assert len(frames) == 2
    assert np.array_equal(frames[0], RED)


def test_not_one_picture_is_an_error(tmp_path):
    with pytest.raises(UnreadableMedium, match="not one picture can be decoded"):
        open_pictures(write(tmp_path / "clip", {"a.png": b"", "b.png": b"no picture"}))
    with pytest.raises(UnreadableMedium, match="holds no picture"):
        open_pictures(write(tmp_path / "empty", {}))
