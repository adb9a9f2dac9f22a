import keras
import numpy as np
import pytest

from tests.apps.serve.image_bundles import PREPROCESSING, small_network
from transferpain.strategies.common.pictures import Pictures
from transferpain.strategies.hybrid.training import look_at, with_embedding

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
