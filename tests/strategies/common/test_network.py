"""An image network: what it answers, and that it learns."""

import cv2
import keras
import numpy as np
import pandas as pd
import pytest

from transferpain.core.errors import UserError
from transferpain.data.protocols.fold import Fold
from transferpain.experiments.schema import Experiment
from transferpain.models.sources.preprocessing import Preprocessing
from transferpain.networks.backbones.vgg16 import build_vgg16_gap
from transferpain.strategies.common.network import (
    Shown,
    Tuning,
    predict_images,
    predict_samples,
    selection_images,
    train_network,
    training_dtype,
    training_images,
)
from transferpain.strategies.common.phases import whole_network
from transferpain.strategies.common.pictures import Pictures, still_pictures

SIZE = 32


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
            "strategy": "full_fine_tuning",
            "head": {"kind": "dense"},
            "training": {"epochs": 6, "batch": 8, "dtype": "float32", "optimizer": {"learning_rate": 1e-4}},
        }
    )
    trained = train_network(
        experiment,
        Tuning(whole_network("vgg16", experiment.training)),
        build_vgg16_gap(SIZE, 2, embedding=16),
        Shown(clips, still_pictures(images, np.arange(48), np.eye(2, dtype=np.float32)[y]), Preprocessing(size=SIZE)),
        (Fold("test", np.arange(28), np.arange(28, 36), np.arange(36, 48)), 0),
        tmp_path,
    )
    answers = trained.predictions[trained.predictions["frame"] == -1]
    assert answers.groupby("part")["clip"].agg(list).to_dict() == {
        "test": list(range(36, 48)),
        "selection": list(range(28, 36)),
    }
    answers = answers[answers["part"] == "test"]
    assert (answers["y_pred"] == answers["y_true"]).mean() > 0.9
    rows = {one.step: one.rows.tolist() for one in trained.fitted}
    learned = list(range(28))
    chosen = list(range(28, 36))
    assert rows == {
        "weights of the network": learned,
        "prior for clips without a face": learned,
        "choice of the epoch": chosen,
    }


def brightness_network() -> keras.Model:
    """A network that answers the second class the more surely, the brighter the picture is."""
    images = keras.Input((SIZE, SIZE, 3))
    x = keras.layers.GlobalAveragePooling2D()(images)
    logits = keras.layers.Dense(2, kernel_initializer=keras.initializers.Constant([[-1, 1]] * 3), use_bias=False)(x)
    return keras.Model(images, keras.layers.Activation("softmax")(logits))


def test_samples_are_answered_in_their_order_however_many_pictures_they_have():
    random = np.random.default_rng(0)
    prior = np.array([0.9, 0.1])
    shown = [random.integers(0, 256, (count, SIZE, SIZE), dtype=np.uint8) for count in (1, 0, 40, 1, 70, 0, 3)]

    def tested(position: int):
        frames = np.arange(len(shown[position]) + 1)  # the last frame of each shows no face
        return frames, frames < len(shown[position]), shown[position]

    pictures = Pictures(lambda positions: None, tested, np.zeros((7, 2), np.float32))
    preprocessing = Preprocessing(size=SIZE)
    order = np.array([4, 1, 0, 2, 6, 5, 3])
    answers = predict_samples(brightness_network(), preprocessing, pictures, order, prior)
    for position, answer in zip(order, answers, strict=True):
        if not len(shown[position]):
            assert answer.coverage == 0
            np.testing.assert_array_equal(answer.probabilities, prior)
            continue
        bright = shown[position].reshape(len(shown[position]), -1).mean(axis=1) / 255
        np.testing.assert_allclose(answer.frame_probabilities[:, 1], 1 / (1 + np.exp(-6 * bright)), rtol=1e-4)
        assert answer.coverage == pytest.approx(len(bright) / (len(bright) + 1))


SAMPLES = pd.DataFrame(
    {
        "clip": [f"{number:02d}" for number in range(20)],
        "file_clip": ["a"] * 12 + ["b"] * 8,
        "y": pd.array([0] * 6 + [1] * 4 + [2] * 2 + [0] * 8, dtype="Int64"),
    }
)
ROWS = {"drop_painless_sequences": True, "keep_painless": 0.5, "oversample_from": 2, "augment": "oversampled"}


def numbered(rows: dict) -> tuple[Experiment, Shown]:
    """Twenty pictures, each as bright as its number says, of the classes of `SAMPLES`."""
    values = {"name": "rows", "task": "unbc-seven", "protocol": {"kind": "loso"}, "source": "untrained"}
    values |= {"strategy": "last_layer", "head": {"kind": "dense"}, "rows": rows}
    images = np.arange(20, dtype=np.uint8)[:, None, None] * np.ones((1, SIZE, SIZE), np.uint8)
    targets = np.eye(3, dtype=np.float32)[SAMPLES["y"].to_numpy(int)]
    shown = Shown(SAMPLES, still_pictures(images, np.arange(20), targets), Preprocessing(size=SIZE))
    return Experiment.model_validate(values), shown


def test_training_rows_are_dropped_and_repeated_and_only_the_repeated_are_changed():
    experiment, shown_all = numbered(ROWS)
    images, learned = training_images(experiment, experiment.rows, shown_all, np.arange(20), (0, "fold0"))
    assert len(learned) == 9
    assert set(learned) <= set(range(12))
    assert images.targets.sum(axis=0).tolist() == [3, 4, 4]
    shown = images.load(np.arange(len(images.targets)))[:, 0, 0]
    assert sorted(shown[images.targets[:, 2] == 1]) == [10, 10, 11, 11]
    assert set(shown) <= set(range(12))  # the painless sequence b is gone
    np.testing.assert_array_equal(images.changed, images.targets[:, 2] == 1)


def test_selection_and_tested_rows_stay_as_they_are():
    experiment, shown = numbered({})
    images, chosen = selection_images(shown.pictures, np.arange(5, 20))
    assert chosen.tolist() == list(range(5, 20))
    assert images.targets.sum(axis=0).tolist() == [9, 4, 2]
    assert images.changed is None
    untouched, learned = training_images(experiment, experiment.rows, shown, np.arange(20), (0, "fold0"))
    assert learned.tolist() == list(range(20))
    assert len(untouched.targets) == 20
    assert untouched.changed is None


def test_rows_that_leave_nothing_are_named():
    experiment, shown = numbered(ROWS)
    with pytest.raises(UserError, match="no picture to train on"):
        training_images(experiment, experiment.rows, shown, np.arange(12, 20), (0, "fold0"))
