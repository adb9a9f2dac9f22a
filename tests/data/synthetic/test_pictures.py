import cv2
import numpy as np
import pytest

from transferpain.data.synthetic.pictures import write_folder, write_pictures


@pytest.fixture
def frames():
    return np.random.default_rng(0).integers(0, 255, (3, 24, 32, 3), dtype=np.uint8)


def test_pictures_come_back(tmp_path, frames):
    names = ["a001.png", "a002.png", "a003.png"]
    write_pictures(tmp_path / "deep" / "a", names, iter(frames))
    assert sorted(path.name for path in (tmp_path / "deep" / "a").iterdir()) == names
    back = [cv2.imread(str(tmp_path / "deep" / "a" / name))[..., ::-1] for name in names]
    np.testing.assert_array_equal(back, frames)


def test_the_ending_says_how_they_are_encoded(tmp_path, frames):
    write_pictures(tmp_path / "a", ["1.jpg", "2.png"], frames[:2])
    assert (tmp_path / "a" / "1.jpg").read_bytes().startswith(b"\xff\xd8")
    assert (tmp_path / "a" / "2.png").read_bytes().startswith(b"\x89PNG")


def test_a_folder_that_is_there_is_left_alone(tmp_path, frames):
    write_pictures(tmp_path / "a", ["1.png"], frames[:1])
    write_pictures(tmp_path / "a", ["other.png"], frames[:1])
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["1.png"]


def test_an_interrupted_folder_leaves_nothing(tmp_path, frames):
    def broken():
        yield frames[0]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_pictures(tmp_path / "a", ["1.png", "2.png"], broken())
    assert not list(tmp_path.iterdir())


def test_too_few_frames_are_no_clip(tmp_path, frames):
    with pytest.raises(ValueError, match="shorter"):
        write_pictures(tmp_path / "a", ["1.png", "2.png"], frames[:1])
    assert not list(tmp_path.iterdir())


def test_an_empty_folder_can_be_written(tmp_path):
    write_folder(tmp_path / "a" / "RGB", lambda path: None)
    assert list(tmp_path.rglob("*")) == [tmp_path / "a", tmp_path / "a" / "RGB"]
    assert (tmp_path / "a" / "RGB").stat().st_mode & 0o777 == 0o755
