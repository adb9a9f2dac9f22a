"""Pictures: which frames a network is trained and tested on."""

import numpy as np
import pandas as pd
import pytest

from transferpain.inputs.faces.cache import FaceFacts, write_faces
from transferpain.inputs.faces.jpeg import encode_jpeg
from transferpain.strategies.common.pictures import frame_pictures, still_pictures, video_pictures
from transferpain.strategies.common.settings import ImageSettings

SIZE = 32


def grey(value: int) -> np.ndarray:
    return np.full((SIZE, SIZE, 3), value, np.uint8)


@pytest.fixture
def faces(tmp_path) -> pd.DataFrame:
    """Two clips of six frames, each frame as bright as its number says, the fourth without a face; one unusable."""
    rows = []
    for clip in range(2):
        frames = []
        for frame in range(6):
            found = frame != 3
            box = dict.fromkeys(("left", "top", "right", "bottom", "score"), 1.0 if found else np.nan)
            jpeg = encode_jpeg(grey(100 * clip + 10 * frame)) if found else None
            frames.append({"found": found, **box, "jpeg": jpeg})
        path = tmp_path / f"{clip}.parquet"
        write_faces(path, FaceFacts("key", 25.0, 6, 5, "drawn"), frames)
        rows.append({"clip": f"clip{clip}", "faces": str(path), "problem": "", "stretch": 6})
    rows.append({"clip": "clip2", "faces": "", "problem": "the video is empty", "stretch": 0})
    return pd.DataFrame(rows)


def brightness(images: np.ndarray) -> list[int]:
    return [int(value) for value in images.reshape(len(images), -1).mean(axis=1).round()]


def test_training_takes_every_nth_found_frame_from_the_first_on(faces):
    pictures = video_pictures(faces, ImageSettings(first_frame=1, every=2), np.eye(2, dtype=np.float32))
    load, clip = pictures.rows_of(np.array([0, 1, 2]))
    assert list(clip) == [0, 0, 1, 1]
    assert brightness(load(np.array([0, 1, 3]))) == [10, 50, 150]


def test_testing_takes_its_own_step_and_knows_the_gaps(faces):
    pictures = video_pictures(faces, ImageSettings(first_frame=2, every=4), np.eye(2, dtype=np.float32))
    frames, found, images = pictures.tested(0)
    assert list(frames) == [2, 3, 4, 5]
    assert list(found) == [True, False, True, True]
    assert brightness(images) == [20, 40, 50]
    assert len(pictures.tested(2)[0]) == 0


@pytest.mark.parametrize(("train", "trained"), [("cut", [0, 1, 2, 4, 5]), ("first", [0, 1, 2])])
def test_a_tested_clip_shows_its_first_stretch_alone(faces, train, trained):
    pictures = video_pictures(faces.assign(stretch=3), ImageSettings(), np.eye(2, dtype=np.float32), train)
    assert list(pictures.tested(0)[0]) == [0, 1, 2]
    load, _ = pictures.rows_of(np.array([0]))
    assert brightness(load(np.arange(len(trained)))) == [10 * frame for frame in trained]


def test_a_rest_that_is_shorter_than_a_stretch_is_not_trained_on(faces):
    pictures = video_pictures(faces.assign(stretch=4), ImageSettings(first_frame=1), np.eye(2, dtype=np.float32))
    assert brightness(pictures.rows_of(np.array([0]))[0](np.arange(3))) == [10, 20, 40]


def test_a_first_frame_beyond_the_clip_gives_no_picture(faces):
    pictures = video_pictures(faces, ImageSettings(first_frame=50), np.eye(2, dtype=np.float32))
    assert len(pictures.rows_of(np.array([0, 1]))[1]) == 0


def test_stills_are_picked_by_their_row():
    images = np.arange(4, dtype=np.uint8).reshape(4, 1, 1) * np.ones((1, 8, 8), np.uint8)
    pictures = still_pictures(images, np.array([3, 1]), np.eye(2, dtype=np.float32))
    load, clip = pictures.rows_of(np.array([1]))
    assert list(clip) == [1]
    assert load(np.array([0]))[0, 0, 0] == 1
    assert pictures.tested(0)[2][0, 0, 0] == 3


@pytest.fixture
def samples() -> pd.DataFrame:
    """Frames of the three clips, out of the order of the clips' table; the fourth of clip1 shows no face."""
    rows = [("clip1", 0), ("clip1", 3), ("clip1", 5), ("clip0", 2), ("clip2", 0)]
    return pd.DataFrame(rows, columns=["file_clip", "row"])


def test_labelled_frames_are_trained_on_one_by_one(faces, samples):
    load, sample = frame_pictures(faces, samples, np.zeros((5, 2), np.float32)).rows_of(np.array([0, 1, 2, 3, 4]))
    assert list(sample) == [0, 2, 3]
    assert brightness(load(np.array([2, 0, 1, 0]))) == [20, 100, 150, 100]


def test_every_labelled_frame_is_tested_with_or_without_a_face(faces, samples):
    pictures = frame_pictures(faces, samples, np.zeros((5, 2), np.float32))
    seen = [pictures.tested(position) for position in range(5)]
    assert [list(frames) for frames, _, _ in seen] == [[0], [3], [5], [2], [0]]
    assert [list(found) for _, found, _ in seen] == [[True], [False], [True], [True], [False]]
    assert [brightness(images) for _, _, images in seen if len(images)] == [[100], [150], [20]]
