"""Pictures: which frames a network is trained and tested on."""

import numpy as np
import pandas as pd
import pytest

from transferpain.inputs.faces.cache import FaceFacts, write_faces
from transferpain.inputs.faces.jpeg import encode_jpeg
from transferpain.strategies.common.pictures import (
    chosen_frames,
    chosen_in_time,
    frame_pictures,
    still_pictures,
    video_pictures,
)
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
    assert pictures.places_of(np.array([0, 1, 2])).tolist() == [1, 5, 1, 5]
    assert pictures.places_of(np.array([2])).tolist() == []


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


@pytest.mark.parametrize("step", [1, 2, 3, 5])
@pytest.mark.parametrize("part", ["cut", "first"])
def test_frames_at_even_distances_are_the_same_by_number_and_by_time(step, part):
    for rate, length in ((25.0, 2.0), (30.0, 1.0), (29.97, 1.5), (8.0, 0.25)):
        for num_frames in (1, 7, round(length * rate), 130):
            by_number = chosen_frames(num_frames, round(length * rate), 0, step, part)
            by_time = chosen_in_time(np.arange(num_frames) / rate, length, step / rate if step > 1 else 0, part)
            np.testing.assert_array_equal(by_time, by_number)


def test_stretches_of_uneven_clips_are_cut_by_time(faces, tmp_path):
    """Four frames in the first second, two in the next."""
    seconds = [0.0, 0.25, 0.5, 0.75, 1.0, 1.6, 2.0]
    box = dict.fromkeys(("left", "top", "right", "bottom", "score"), 1.0)
    frames = [
        {"found": True, **box, "jpeg": encode_jpeg(grey(10 * number)), "seconds": time}
        for number, time in enumerate(seconds)
    ]
    path = tmp_path / "uneven.parquet"
    write_faces(path, FaceFacts("key", 3.0, 7, 7, "drawn", variable=True), frames)
    row = {"clip": "a", "faces": str(path), "problem": "", "num_frames": 7, "fps": 3.0, "variable": True}

    def shown(stretch: int, length: float, settings: ImageSettings, train: str = "cut") -> tuple[list[int], list[int]]:
        table = pd.DataFrame([row | {"stretch": stretch, "stretch_seconds": length}])
        pictures = video_pictures(table, settings, np.eye(1, dtype=np.float32), train)
        load, clip = pictures.rows_of(np.array([0]))
        trained = brightness(load(np.arange(len(clip)))) if len(clip) else []
        return pictures.tested(0)[0].tolist(), [round(value / 10) for value in trained]

    # By number, the first stretch would be the only one.
    assert shown(4, 1.0, ImageSettings()) == ([0, 1, 2, 3], [0, 1, 2, 3, 4, 5])
    assert shown(4, 1.0, ImageSettings(), "first") == ([0, 1, 2, 3], [0, 1, 2, 3])
    # Every second frame is one in two thirds of a second: at 0, .67 and 1.33 s.
    assert shown(6, 2.0, ImageSettings(every=2, test_every=2)) == ([0, 3, 5], [0, 3, 5])
    assert shown(4, 1.0, ImageSettings(first_frame=4)) == ([4, 5], [4, 5])
    assert shown(4, 1.0, ImageSettings(first_frame=9)) == ([], [])


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
