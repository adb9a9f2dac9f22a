"""DropBlock: squares of maps are dropped while a network is trained (Ghiasi et al., NeurIPS 2018, algorithm 1)."""

import keras

from transferpain.networks.backbones.parts import dropout_behind


class DropBlock(keras.layers.Layer):
    """Drop squares, of each channel by itself, and enlarge what is kept by as much as was dropped.

    keras-cv's `DropBlock2D` cannot be compiled under Keras 3.

    Args:
        rate: the share that is dropped.
        side: of the squares, at most that of the maps `(batch, height, width, channels)`.
        seed: of what is dropped.
    """

    def __init__(self, rate: float, side: int, seed: int = 0, **settings):
        super().__init__(**settings)
        self.rate, self.side, self.seed = rate, side, seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, x, training=False):
        if not training:
            return x
        ops, side = keras.ops, self.side
        height, width, channels = x.shape[1:]
        # One place for each square that lies inside the maps.
        rows, columns = height - side + 1, width - side + 1
        chance = self.rate * height * width / side**2 / (rows * columns)
        shape = (ops.shape(x)[0], rows, columns, channels)
        corners = ops.cast(keras.random.uniform(shape, seed=self.seed_generator) < chance, "float32")
        around = ((0, 0), (side - 1, side - 1), (side - 1, side - 1), (0, 0))
        kept = 1 - ops.max_pool(ops.pad(corners, around), side, strides=1, padding="valid")
        share = ops.maximum(ops.mean(kept), keras.config.epsilon())
        return x * ops.cast(kept / share, x.dtype)

    def get_config(self) -> dict:
        return {**super().get_config(), "rate": self.rate, "side": self.side, "seed": self.seed}


def with_drop_block(model: keras.Model, layers: tuple[str, ...], rate: float, block: int) -> keras.Model:
    """Return a copy of a network for training, in which squares of maps are dropped behind some layers.

    A square is at most as large as the maps.

    Args:
        layers: their names.
        rate: the share that is dropped.
        block: side of the squares.
    """

    def drop(rate: float, name: str, dtype) -> keras.layers.Layer:
        side = min(model.get_layer(name.removesuffix("_drop")).output.shape[1:3])
        return DropBlock(rate, min(block, side), name=name, dtype=dtype)

    return dropout_behind(model, dict.fromkeys(layers, rate), drop)
