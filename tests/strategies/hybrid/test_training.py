from functools import partial

import keras
import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from tests.apps.serve.image_bundles import PREPROCESSING, small_network
from tests.command_line import EXPERIMENTS
from transferpain.data.protocols.fold import Fold
from transferpain.experiments.schema import load_experiment
from transferpain.networks.backbones.surgery import with_classes
from transferpain.strategies.common.network import Shown
from transferpain.strategies.common.pictures import Pictures
from transferpain.strategies.hybrid.training import cross_fit, look_at, tune, with_embedding

pytestmark = pytest.mark.slow


def some_pictures(images: np.ndarray) -> Pictures:
    """Return single frames of which each third shows no face."""

    def tested(position: int):
        found = position % 3 != 2
        return np.array([position]), np.array([found]), images[[position]] if found else images[:0]

    return Pictures(lambda positions: None, tested, np.zeros((len(images), 2), np.float32))


def test_embedding_and_answer_come_from_one_look():
    images = np.random.default_rng(0).integers(0, 256, (7, 32, 32, 3), dtype=np.uint8)
    network = small_network()
    asked = np.array([6, 2, 0, 5, 4])
    embedding, p_pain = look_at(with_embedding(network, "gap"), PREPROCESSING, some_pictures(images), asked)
    shown = np.array([True, False, True, False, True])
    assert (np.isfinite(embedding).all(axis=1) == shown).all()
    assert (np.isfinite(p_pain) == shown).all()
    scaled = images[asked[shown]] / np.float32(255)
    np.testing.assert_allclose(p_pain[shown], network.predict(scaled, verbose=0)[:, 1], atol=1e-5)
    trunk = keras.Model(network.input, network.get_layer("gap").output)
    np.testing.assert_allclose(embedding[shown], trunk.predict(scaled, verbose=0), atol=1e-4)


def test_in_bfloat16_the_probabilities_still_sum_to_one():
    both = with_embedding(small_network(), "gap", "bfloat16")
    images = np.random.default_rng(0).random((5, 32, 32, 3), dtype=np.float32)
    outputs = both.predict(images, verbose=0)
    assert outputs.dtype == np.float32
    np.testing.assert_allclose(outputs[:, -2:].sum(axis=1), 1, atol=1e-6)


def noise(people: int = 6, each: int = 12) -> tuple[pd.DataFrame, Pictures]:
    """Return the frames of people, and pictures that know nothing of the label but by heart."""
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (people * each, 32, 32, 3), dtype=np.uint8)
    labels = np.tile(np.arange(each) % 2, people)
    samples = pd.DataFrame(
        {
            "dataset": "unbc",
            "subject": np.repeat([f"s{number}" for number in range(people)], each),
            "clip": [f"{number}" for number in range(len(images))],
            "y": pd.array(labels, dtype="Int64"),
        }
    )
    one = np.ones(1, bool)
    return samples, Pictures(
        lambda positions: (lambda batch: images[positions[batch]], positions),
        lambda position: (np.zeros(1, np.int64), one, images[[position]]),
        np.eye(2, dtype=np.float32)[labels],
    )


def learner_by_heart() -> keras.Model:
    """Return a network with a weight for each pixel, so that it can tell any picture that it has seen from others."""
    images = keras.Input((32, 32, 3), name="images")
    initializer = keras.initializers.HeNormal(seed=1)
    x = keras.layers.Flatten(name="pixels")(images)
    x = keras.layers.Dense(32, activation="relu", kernel_initializer=initializer, name="embedding")(x)
    return keras.Model(images, keras.layers.Dense(2, activation="softmax", name="probabilities")(x))


def test_who_a_network_learned_from_it_knows_by_heart_and_cross_fitted_it_knows_nobody(tmp_path):
    samples, pictures = noise()
    changes = {
        "source": "untrained",
        "feature_layer": "embedding",
        "faces": {"detector": "mediapipe", "size": 32},
        "training": {
            "optimizer": {"learning_rate": 0.001},
            "epochs": 40,
            "patience": None,
            "batch": 12,
            "augment": {"flip": 0.0, "rotation": 0},
        },
    }
    experiment = load_experiment(EXPERIMENTS / "unbc-hybrid.yaml", changes)
    start = partial(with_classes, learner_by_heart(), 2, 32, 0)
    shown = Shown(samples, pictures, PREPROCESSING)
    rows = np.arange(len(samples))
    fold = Fold("fold0", rows[:48], rows[48:60], rows[60:])
    network = tune(experiment, start(), shown, (fold, 0), tmp_path / "own").model
    _, by_heart = look_at(with_embedding(network, "embedding"), PREPROCESSING, pictures, fold.train)
    embedding, crossed, fitted = cross_fit(experiment, start, shown, (fold, 0), tmp_path)
    labels = samples["y"].iloc[fold.train].to_numpy(dtype=int)
    assert roc_auc_score(labels, by_heart) > 0.9
    assert 0.25 < roc_auc_score(labels, crossed) < 0.75
    learned = [set(samples["subject"].iloc[one.rows]) for one in fitted if one.use == "fit"]
    assert len(learned) == 2
    assert not learned[0] & learned[1]
    # What is finished of an interrupted call is read, and is the same.
    again, answers, _ = cross_fit(experiment, start, shown, (fold, 0), tmp_path)
    np.testing.assert_array_equal(again, embedding)
    np.testing.assert_array_equal(answers, crossed)
