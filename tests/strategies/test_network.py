"""A whole network on pictures: which frames it sees, and what it answers."""

import cv2
import numpy as np
import pandas as pd
import pytest

from transferpain.experiment import Experiment
from transferpain.faces.cache import FaceFacts, write_faces
from transferpain.faces.crop import encode_jpeg
from transferpain.protocols import Fold
from transferpain.sources.backbones import build_vgg16_gap
from transferpain.sources.preprocessing import Preprocessing
from transferpain.strategies.network import predict_images, train_network, training_dtype
from transferpain.strategies.pictures import still_pictures, video_pictures
from transferpain.strategies.settings import ImageSettings

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
        rows.append({"clip": f"clip{clip}", "faces": str(path), "problem": ""})
    rows.append({"clip": "clip2", "faces": "", "problem": "the video is empty"})
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


@pytest.mark.parametrize("requested", ["float32", "mixed_bfloat16"])
def test_a_named_dtype_is_taken_as_it_is(requested):
    assert training_dtype(requested) == requested


def test_grey_pictures_are_enlarged_and_get_three_channels():
    model = build_vgg16_gap(SIZE, 2, embedding=8)
    images = np.full((3, 16, 16), 128, np.uint8)
    same = np.full((3, SIZE, SIZE, 3), 128, np.uint8)
    preprocessing = Preprocessing(size=SIZE)
    np.testing.assert_allclose(
        predict_images(model, preprocessing, images), predict_images(model, preprocessing, same), atol=1e-6
    )


@pytest.mark.slow
def test_a_network_learns_stripes_of_unseen_subjects(tmp_path):
    random = np.random.default_rng(0)
    y = np.arange(48) % 2
    images = random.integers(0, 60, (48, SIZE, SIZE)).astype(np.uint8)
    for number, label in enumerate(y):
        for line in range(0, SIZE, 8):
            start, stop = ((0, line), (SIZE, line)) if label else ((line, 0), (line, SIZE))
            cv2.line(images[number], start, stop, 255, 2)
    clips = pd.DataFrame({"dataset": "drawn", "subject": range(48), "clip": range(48), "y": pd.array(y, dtype="Int64")})
    experiment = Experiment.model_validate(
        {
            "name": "stripes",
            "task": "ferplus-emotions",
            "protocol": {"kind": "folders"},
            "source": "untrained",
            "strategy": "full",
            "head": {"kind": "dense"},
            "training": {"epochs": 6, "batch": 8, "dtype": "float32", "optimizer": {"learning_rate": 1e-4}},
        }
    )
    trained = train_network(
        experiment,
        build_vgg16_gap(SIZE, 2, embedding=16),
        Preprocessing(size=SIZE),
        clips,
        still_pictures(images, np.arange(48), np.eye(2, dtype=np.float32)[y]),
        (Fold("test", np.arange(28), np.arange(28, 36), np.arange(36, 48)), 0),
        tmp_path,
    )
    answers = trained.predictions[trained.predictions["frame"] == -1]
    assert (answers["y_pred"] == answers["y_true"]).mean() > 0.9
