import keras
import numpy as np
import pytest

from transferpain.inputs.features.extractors.source import compile_embedder
from transferpain.inputs.features.steady_batch import steady_batch
from transferpain.networks.backbones.registry import BACKBONES

SHAPE = (32, 32, 3)


def blocks_of(rows: int):
    """Return an extractor whose left-over rows, behind the last whole block, end in another last bit."""

    def embed(images: np.ndarray) -> np.ndarray:
        features = images.reshape(len(images), -1)[:, :5].astype(np.float32) + 1
        features[len(images) // rows * rows :] *= 1 + np.finfo(np.float32).eps
        return features

    return embed


@pytest.mark.parametrize(("rows", "batch", "taken"), [(4, 32, 32), (6, 32, 36), (24, 32, 48), (12, 5, 5), (6, 1, 1)])
def test_the_batch_has_whole_blocks(rows, batch, taken):
    assert steady_batch(blocks_of(rows), SHAPE, batch) == taken


def test_where_no_batch_is_steady_pictures_go_one_by_one():
    assert steady_batch(lambda images: np.arange(len(images), dtype=np.float32)[:, None], SHAPE, 32) == 1


@pytest.mark.slow
@pytest.mark.parametrize("asked", [2, 7, 8, 20, 32, 40])
@pytest.mark.parametrize("name", ["vgg16", "resnet18"])
def test_a_picture_has_the_same_features_at_every_place_among_others(name, asked):
    network = BACKBONES[name].build(48, 5)
    embed = compile_embedder(keras.Model(network.input, network.get_layer("embedding").output))
    pictures = np.random.default_rng(1).integers(0, 256, (200, 48, 48, 3), np.uint8)
    batch = steady_batch(embed, (48, 48, 3), asked)
    # The picture in the last place of the first batch goes one place forward from each batch to the next.
    batches = [embed(np.roll(pictures, -start, axis=0)[:batch]) for start in range(batch)]
    places = np.stack([features[batch - 1 - start] for start, features in enumerate(batches)])
    assert (places == places[0]).all()
